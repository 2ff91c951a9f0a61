import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readOrder } from './order.ts';
import { factsIn, forProductionAmong, missingFrom, ownSettings } from './own-settings.ts';

const good = {
  debug: false,
  secret: true,
  hosts: true,
  database: true,
  staticRoot: true,
  mediaRoot: true,
  logging: true,
  shown: 'sqlite3 "/a"',
  others: ['a.settings.prod'],
};

test('what the app’s side prints is facts, or nothing', () => {
  assert.deepEqual(factsIn(`something printed at import\n${JSON.stringify(good)}\n`), good);
  assert.deepEqual(factsIn(JSON.stringify({ ...good, others: ['a"b', 7, 'a.b'] }))?.others, ['a.b']);
  for (const text of ['', 'null', '7', '["a"']) assert.equal(factsIn(text), null);
  fc.assert(fc.property(fc.json(), text => void factsIn(text)));
});

test('the module for production is taken where its name says so, else those that may be it are named', () => {
  assert.deepEqual(forProductionAmong(['m.settings.base', 'm.settings.production']), {
    module: 'm.settings.production',
  });
  assert.deepEqual(forProductionAmong(['m.settings_prod', 'm.test_settings']), { module: 'm.settings_prod' });
  assert.deepEqual(forProductionAmong(['m.settings.base', 'm.settings.local', 'm.settings.test']), []);
  assert.deepEqual(forProductionAmong(['m.settings.base', 'm.settings.cloud']), ['m.settings.cloud']);
  assert.deepEqual(forProductionAmong(['m.prod', 'm.live']), ['m.prod', 'm.live']);
});

test('only what the project does not take from its environment is set', () => {
  assert.deepEqual(missingFrom(good), []);
  const order = readOrder({ name: 'hello', from: '.', database: 'postgresql' }, null, {});
  const text = ownSettings(order, 'm.settings', { ...good, debug: true, database: false });
  assert.match(text, /^from m\.settings import \*$/m);
  assert.match(text, /^DEBUG = os\.environ\.get\("DEBUG"\) == "1"$/m);
  assert.match(text, /"ENGINE": "django\.db\.backends\.postgresql",\n {8}"NAME": "hello"/);
  assert.doesNotMatch(text, /SECRET_KEY|ALLOWED_HOSTS|STATIC_ROOT|LOGGING/);
});
