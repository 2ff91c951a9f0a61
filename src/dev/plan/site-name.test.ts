import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSiteName, projectName, siteName } from './site-name.ts';

test('a folder gives its name to the app, as far as a host name can carry it', () => {
  assert.equal(projectName('/home/me/Hello_World'), 'hello-world');
  assert.equal(projectName('/home/me/shop/backend'), 'shop');
  assert.equal(projectName('/home/me/Café'), 'cafe');
  assert.equal(siteName('日本'), 'app');
});

test('every name is a DNS label', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      assert.match(siteName(text), /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      assert.ok(isSiteName(siteName(text)));
    }),
  );
});
