import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindByNames } from './kind.ts';

test('a program of a hostd that knew no kinds is known by its names and its command', () => {
  const kind = (name: string, group: string, app: string | null, ...command: string[]) =>
    kindByNames({ name, group, app, command });
  assert.equal(kind('hello', 'hello', 'hello', '/webapps/hello/bin/gunicorn', 'hello.wsgi'), 'gunicorn');
  assert.equal(kind('hello', 'hello', 'hello', '/webapps/hello/bin/daphne'), 'app');
  assert.equal(kind('hello:celery', 'hello', 'hello', '/webapps/hello/bin/celery'), 'command');
  assert.equal(kind('cat', 'cat', null, 'cat'), 'command');
  assert.equal(kind('hostd-proxy:1', 'hostd-proxy', null, 'hostd-proxy'), 'proxy');
});
