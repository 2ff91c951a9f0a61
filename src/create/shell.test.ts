import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readOrder } from './order.ts';
import { shellScript } from './shell.ts';
import { stepsOf } from './steps.ts';

const tomlFile = '/etc/hostd/apps.d/hello.toml';

test('a dry run prints the article’s own commands, in the article’s order', () => {
  const order = readOrder({ name: 'hello', host: 'hello.test' }, null, {});
  const lines = shellScript(order, tomlFile).split('\n');
  // https://michal.karzynski.pl: "Create system accounts for the webapps". The article does not set the shell.
  const wanted = [
    'sudo groupadd --system webapps',
    'sudo useradd --system --gid webapps --home /webapps/hello_django --shell /usr/sbin/nologin hello',
    'sudo -u hello python3 -m venv /webapps/hello_django',
    'sudo -u hello /webapps/hello_django/bin/pip install Django gunicorn',
    'sudo -u hello /webapps/hello_django/bin/django-admin startproject hello /webapps/hello_django/hello',
    'sudo -u hello /webapps/hello_django/bin/python /webapps/hello_django/hello/manage.py migrate --noinput',
    'sudo hostctl update',
  ];
  const places = wanted.map(line => lines.indexOf(line));
  assert.ok(!places.includes(-1), wanted[places.indexOf(-1)]);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test('each kind of order is a script that a shell can read', () => {
  for (const asked of [
    { name: 'hello' },
    { name: 'hello', database: 'postgresql', requirements: "it's here.txt" },
    { name: 'my-site', from: './a b', database: 'sqlite' },
    { name: 'hello', from: 'git@example.org:a/b.git', host: 'a.test,b.test', database: 'postgresql' },
  ]) {
    const { stderr, status } = spawnSync('/bin/sh', ['-n'], {
      input: shellScript(readOrder(asked, null, {}), tomlFile),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  }
});

test('steps that an order does not need are not taken', () => {
  const own = stepsOf(readOrder({ name: 'hello', from: '.' }, null, {}));
  assert.ok(own.includes('code') && !own.includes('project') && !own.includes('role'));
  const full = stepsOf(readOrder({ name: 'hello', database: 'postgresql' }, null, {}));
  assert.ok(
    full.indexOf('driver') < full.indexOf('database') && full.indexOf('database') < full.indexOf('migrate'),
  );
});
