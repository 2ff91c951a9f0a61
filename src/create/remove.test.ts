import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEmptyGroup, purgeList } from './remove.ts';

test('a group is empty when it is nobody’s first group and has no members', () => {
  const passwd = 'root:x:0:0::/root:/bin/sh\nhello:x:994:993::/webapps/hello:/usr/sbin/nologin\n';
  assert.ok(isEmptyGroup(992, passwd, 'webapps:x:992:\n'));
  assert.ok(!isEmptyGroup(993, passwd, 'webapps:x:993:\n'));
  assert.ok(!isEmptyGroup(992, passwd, 'webapps:x:992:ann,ben\n'));
  assert.ok(isEmptyGroup(992, passwd, ''));
});

test('before a purge, exactly what goes is listed', () => {
  const database = { name: 'shop', role: 'shop_user', socketDirectory: '/run/postgresql', port: '5432' };
  const entry = {
    version: 1,
    name: 'shop',
    root: '/webapps/shop',
    user: 'shop_user',
    group: 'webapps',
    parents: [],
    made: ['database'],
    database,
  } as const;
  const removal = { name: 'shop', tomlFile: null, entry, root: true, user: false, leaves: [] };
  assert.deepEqual(purgeList(removal), [
    '/webapps/shop, with everything in it',
    'the PostgreSQL database "shop"',
  ]);
});
