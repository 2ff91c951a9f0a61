import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appProgram, makeApp } from './app.ts';
import { assemble, defaultSettings } from './assemble.ts';
import { check } from './check.ts';
import type { App, Host } from './host.ts';
import type { Machine } from './machine.ts';

function app(name: string, given: Partial<App> = {}): App {
  return makeApp({
    name,
    root: `/webapps/${name}`,
    source: { file: `${name}.toml`, key: ['app', name] },
    ...given,
  });
}

function host(...apps: App[]): Host {
  const programs = apps.map(one => appProgram(one));
  return assemble({ settings: defaultSettings('hostd.toml'), apps, programs, groups: [] });
}

const machine: Machine = {
  hasIpv6: () => true,
  user: name => (name === 'nobody' ? null : { uid: 7, gid: 7 }),
  group: () => ({ gid: 7 }),
  kind: () => 'directory',
  isExecutable: () => true,
};

const shared = { serverNames: ['x.test'] };

test('two apps without a host name in common have no problem', () => {
  assert.deepEqual(check(host(app('a', { serverNames: ['a.test'] }), app('b')), machine), []);
});

test('a request that gunicorn would wait for longer than the proxy is warned of', () => {
  const [warning, ...others] = check(host(app('a', { timeout: 120 })), null);
  assert.deepEqual(others, []);
  assert.equal(warning?.severity, 'warning');
  assert.match(warning?.message ?? '', /timeout = 120 is never reached: visitors get 504 after 60 seconds/);
  assert.equal(warning?.hint, 'proxy_read_timeout = "125s"');
  for (const given of [{ timeout: 60 }, { timeout: 0 }, { timeout: 120, proxyReadTimeout: 125 }])
    assert.deepEqual(check(host(app('a', given)), null), []);
});

test('keys of sleep that do nothing are warned of', () => {
  const worker = (one: App) => ({
    ...appProgram(one),
    name: 'a:w',
    kind: 'command' as const,
    source: { file: 'a.toml', key: ['app', 'a', 'program', 'w'] },
    sleepsWithApp: true,
  });
  const found = (one: App, autostart = true) =>
    check(
      assemble({
        settings: defaultSettings('hostd.toml'),
        apps: [one],
        programs: [{ ...appProgram(one), autostart }, worker(one)],
        groups: [],
      }),
      null,
    ).map(({ severity, message }) => `${severity}: ${message}`);
  assert.deepEqual(found(app('a', { idleTimeout: 60 })), []);
  assert.deepEqual(found(app('a', { onDemand: true })), []);
  assert.deepEqual(found(app('a')), [
    'warning: app "a", program "w": sleeps_with_app does nothing, since the app never sleeps',
  ]);
  assert.match(
    found(app('a', { onDemand: true }), false).join(),
    /on_demand = true does nothing with autostart = false/,
  );
});

test('the first of two newcomers has the host name', () => {
  assert.deepEqual(check(host(app('a', shared), app('b', shared)), machine), [
    {
      severity: 'error',
      message: 'app "b": host name "x.test" is already used by "a" (a.toml)',
      hint: 'leave it to "a", or take it away there',
      at: { file: 'b.toml', key: ['app', 'b', 'server_names', 0] },
      subject: 'b',
    },
  ]);
});

test('what ran with the host name keeps it, also when it is left as it was', () => {
  const subjects = (options: Parameters<typeof check>[2], ...apps: App[]) =>
    check(host(...apps), machine, options).map(({ subject }) => subject);
  const a = app('a', shared);
  const b = app('b', shared);
  assert.deepEqual(subjects({ incumbents: host(b) }, a, b), ['a']);
  assert.deepEqual(subjects({ incumbents: host(b), held: [b] }, a), ['a']);
  assert.deepEqual(subjects({ incumbents: host(b) }, a), []);
});

test('an app without a user claims nothing', () => {
  const problems = check(host(app('a', { ...shared, user: 'nobody' }), app('b', shared)), machine);
  assert.deepEqual(
    problems.map(({ subject, message }) => [subject, message]),
    [['a', 'app "a": user "nobody" does not exist']],
  );
});

test('names below NAME.localhost belong to the app of that name, in any case', () => {
  const problems = check(host(app('Shop'), app('shop')), machine);
  assert.deepEqual(
    problems.map(({ message }) => message),
    [
      'app "shop": host name "shop.localhost" is already used by "Shop" (Shop.toml), and every app has NAME.localhost',
    ],
  );
});

test('those apps that have no error share no host name and no socket', () => {
  const one = fc.record({
    serverNames: fc.uniqueArray(fc.constantFrom('a.test', 'b.test', 'c.localhost'), { maxLength: 2 }),
    socket: fc.constantFrom('/run/1', '/run/2', '/run/3'),
  });
  const some = fc.array(one, { maxLength: 5 });
  const make = (list: readonly Partial<App>[]) =>
    host(...list.map((given, index) => app('abcde'.charAt(index), given)));
  fc.assert(
    fc.property(some, some, (now, before) => {
      const problems = check(make(now), machine, { incumbents: make(before) });
      const wrong = new Set(
        problems.flatMap(({ severity, subject }) => (severity === 'error' ? [subject] : [])),
      );
      const good = make(now).apps.filter(({ name }) => !wrong.has(name));
      const names = good.flatMap(({ name, serverNames }) => [
        ...new Set([...serverNames, `${name}.localhost`]),
      ]);
      assert.equal(new Set(names).size, names.length);
      assert.equal(new Set(good.map(({ socket }) => socket)).size, good.length);
    }),
  );
});

test('a log that is no file is told, with the way to follow it', () => {
  const shop = app('shop');
  const stdout = { ...appProgram(shop).stdout, path: '/dev/pts/0' };
  const assembled = assemble({
    settings: defaultSettings('hostd.toml'),
    apps: [shop],
    programs: [appProgram(shop, { stdout })],
    groups: [],
  });
  const told = check(assembled, machine).map(({ message, hint }) => `${message} ${hint}`);
  assert.ok(
    told.some(line => /cannot keep a log in "\/dev\/pts\/0".*hostctl logs -f shop/.test(line)),
    told.join('\n'),
  );
});
