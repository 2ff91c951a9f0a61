import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../model/app.ts';
import { allowedHosts, readOrder } from './order.ts';

const source = { file: '/etc/hostd/apps.d/hello.toml', key: ['app', 'hello'] };

test('a name alone gives the article’s places', () => {
  const order = readOrder({ name: 'hello' }, null, {});
  assert.equal(order.root, '/webapps/hello_django');
  assert.equal(order.user, 'hello');
  assert.equal(order.group, 'webapps');
  assert.equal(order.project, '/webapps/hello_django/hello');
  assert.equal(order.settings, 'hello.settings');
  assert.deepEqual(order.code, { kind: 'django', module: 'hello' });
  assert.equal(order.database?.kind, 'sqlite');
  assert.deepEqual(allowedHosts(order), ['hello.localhost']);
});

test('a name that is no Python name still gives a project', () => {
  const order = readOrder({ name: 'my-site' }, null, {});
  assert.equal(order.project, '/webapps/my-site_django/my_site');
  assert.equal(order.wsgi, 'my_site.wsgi');
  assert.equal(order.database?.name, 'my_site');
  assert.equal(order.database?.role, 'my-site');
});

test('a table that is there says where everything is', () => {
  const app = makeApp({
    name: 'hello',
    root: '/srv/hello',
    user: 'ann',
    serverNames: ['hello.test'],
    source,
  });
  const order = readOrder({ name: 'hello' }, app, {});
  assert.equal(order.root, '/srv/hello');
  assert.equal(order.user, 'ann');
  assert.ok(order.userIsChosen);
  assert.deepEqual(allowedHosts(order), ['hello.test', 'hello.localhost']);
});

test('words that contradict the table are refused, those that agree are not', () => {
  const app = makeApp({ name: 'hello', root: '/srv/hello', serverNames: ['hello.test'], source });
  assert.throws(() => readOrder({ name: 'hello', root: '/srv/other' }, app, {}), {
    message: 'cannot use --root /srv/other: the configuration says "/srv/hello"',
  });
  assert.throws(
    () => readOrder({ name: 'hello', host: 'a.test' }, app, {}),
    /the configuration says "hello.test"/,
  );
  assert.equal(
    readOrder({ name: 'hello', root: '/srv/hello/', host: 'hello.test' }, app, {}).root,
    '/srv/hello',
  );
});

test('code of one’s own has no database unless one is asked for', () => {
  assert.equal(readOrder({ name: 'hello', from: '.' }, null, {}).database, null);
  const order = readOrder({ name: 'hello', from: '.', database: 'postgresql' }, null, {
    PGHOST: '/tmp/pg',
    PGPORT: '6000',
  });
  assert.deepEqual(order.database, {
    kind: 'postgresql',
    socketDirectory: '/tmp/pg',
    port: '6000',
    role: 'hello',
    name: 'hello',
  });
});

test('what cannot go together is refused', () => {
  const refused =
    (asked: object, env = {}) =>
    () =>
      readOrder({ name: 'hello', ...asked }, null, env);
  assert.throws(refused({ django: true, from: '.' }), /cannot both make a new project/);
  assert.throws(refused({ database: 'mysql' }), /cannot use the database "mysql"/);
  assert.throws(
    refused({ database: 'postgresql' }, { PGHOST: 'db.example.org' }),
    /peer authentication needs a unix socket/,
  );
  assert.throws(refused({ database: 'postgresql', user: 'postgres' }), /that role is PostgreSQL's own/);
  assert.throws(refused({ user: 'root' }), /an app must not be root/);
});
