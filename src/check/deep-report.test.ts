import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../model/app.ts';
import { explain, type Found } from './deep-report.ts';

const app = makeApp({ name: 'shop', root: '/webapps/shop', source: { file: '/f', key: ['app', 'shop'] } });
const found = (what: string, words: string, more: Found['more'] = {}): Found => ({
  key: 'settings',
  what,
  words,
  at: null,
  module: null,
  more,
});

// What psycopg 3, PostgreSQL 15 and mysqlclient say.
const at = 'OperationalError: connection failed: connection to server at "127.0.0.1", port 5432 failed:';
for (const [words, remedy] of [
  [`${at} Connection refused`, /^systemctl start postgresql/],
  [`${at.replace('127.0.0.1', '10.0.0.5')} Connection refused`, /^start the database at 10.0.0.5, or HOST/],
  [
    'OperationalError: connection is bad: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory',
    /^systemctl start postgresql/,
  ],
  [`${at} FATAL:  password authentication failed for user "shop"`, /^USER and PASSWORD of DATABASES/],
  [`${at} FATAL:  database "shopp" does not exist`, /^NAME of DATABASES in shop.settings$/],
  [
    `${at} FATAL:  remaining connection slots are reserved for non-replication superuser connections`,
    /^fewer workers, .*max_connections; .*pg_stat_activity/,
  ],
  [`${at} FATAL:  sorry, too many clients already`, /^fewer workers/],
  [
    "OperationalError: failed to resolve host 'db.nowhere.test': [Errno -2] Name or service not known",
    /^HOST of DATABASES in shop.settings$/,
  ],
  ['OperationalError: connection timeout expired', /^HOST and PORT .* does the database hang/],
  [
    `OperationalError: (2002, "Can't connect to local MySQL server through socket '/run/mysqld/mysqld.sock' (2)")`,
    /^systemctl start mariadb/,
  ],
] as const)
  test(`a database that says "${words.slice(-60)}" has a remedy of its own`, () => {
    const { message, hint } = explain(found('database', words), app);
    assert.equal(message, `app "shop": cannot connect to its database: ${words}`);
    assert.match(hint ?? '', remedy);
  });

test('one migration is one', () => {
  const say = (number: number) => explain(found('unapplied', '', { number }), app).message;
  assert.match(say(1), /1 migration is not applied$/);
  assert.match(say(18), /18 migrations are not applied$/);
});
