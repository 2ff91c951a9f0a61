import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorPage, reasons } from './error-page.ts';

test('every page says its status and nothing else', () => {
  for (const [status, reason] of Object.entries(reasons)) {
    const page = errorPage(Number(status), null);
    assert.ok(page.includes(`<h1>${status} ${reason}</h1>`));
  }
});

test('browsers that replace short error pages get long ones', () => {
  assert.ok(errorPage(404, 'Mozilla/5.0 Chrome/120').length > 512);
  assert.ok(errorPage(404, 'curl').length < 200);
  assert.ok(errorPage(301, 'Chrome/120').length < 200);
});
