import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../../model/app.ts';
import { assemble, defaultSettings } from '../../model/assemble.ts';
import { isMeant, nobody, toldNobody } from './elsewhere.ts';

test('it is meant by its name, by its group and by all', () => {
  assert.deepEqual(
    ['shop', 'shop:*', 'all', 'shop:celery', 'shopping'].map(name => isMeant(name, 'shop')),
    [true, true, true, false, false],
  );
});

test('who asks for a program of an app that is elsewhere is told that, and what there is of it here', () => {
  const source = { file: '/f', key: ['app', 'shop'] };
  const upstreams = [{ host: '10.0.0.5', port: 8000 }];
  const apps = [makeApp({ name: 'shop', root: '/shop', source, upstreams })];
  const host = assemble({ settings: defaultSettings('/f'), apps, programs: [], groups: [] });
  const { code, message, hint } = nobody(host, 'shop:*');
  assert.deepEqual(
    [code, message, hint],
    [
      'failed',
      'shop:*: nothing of it runs here: it has upstreams',
      'hostctl status shop; hostctl logs shop --errors',
    ],
  );
  assert.deepEqual(toldNobody(host, 'x'), {
    kind: 'done',
    name: 'x',
    outcome: 'unknown',
    message: 'x: no such program',
  });
  const told = toldNobody(host, 'shop');
  assert.ok(
    told.kind === 'done' &&
      told.outcome === 'failed' &&
      told.message.endsWith(`\n  try: ${nobody(host, 'shop').hint}`),
  );
});
