import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecret, variablesOf } from './variables.ts';

test('what looks like a secret is one, by its name or by a password in its value', () => {
  for (const name of [
    'SECRET_KEY',
    'DJANGO_SECRET_KEY',
    'DB_PASSWORD',
    'PGPASSWORD',
    'EMAIL_HOST_PASSWORD',
    'API_KEY',
    'STRIPE_KEY',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_ACCESS_KEY_ID',
    'SENTRY_DSN',
    'GITHUB_TOKEN',
    'secret',
    'DB_PASS',
    'MYSQL_PWD',
  ])
    assert.ok(isSecret(name, 'x'), name);
  assert.ok(isSecret('DATABASE_URL', 'postgres://hello:hunter2@db/hello'));
  assert.ok(isSecret('CELERY_BROKER', 'redis://:hunter2@db/0'));
  assert.ok(isSecret('CERT', '-----BEGIN EC PRIVATE KEY-----\nMHc'));
});

test('what does not is text', () => {
  for (const name of ['DEBUG', 'PATH', 'PASSENGER', 'KEYBOARD', 'MONKEY', 'COMPASS_X', 'LANG'])
    assert.ok(!isSecret(name, 'x'), name);
  assert.ok(!isSecret('DATABASE_URL', 'postgres://db/hello'));
  assert.ok(!isSecret('CACHE', 'redis://db:6379/0'));
});

test('the value of a secret is nowhere', () => {
  const found = variablesOf({ B_TOKEN: 'hunter2', A: '1', Z_KEY: 'hunter2' });
  assert.deepEqual(found, { plain: { A: '1' }, secrets: ['B_TOKEN', 'Z_KEY'] });
});
