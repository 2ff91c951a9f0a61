import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryFiles } from './fixture.test.ts';

const password = '$scrypt$ln=15,r=8,p=1$YWJjZGVmZ2hpamtsbW5vcA$q1w2e3r4q1w2e3r4q1w2e3r4q1w2e3r4q1w2e3r4q1w';
const login = `user = "admin"\npassword = "${password}"`;

const read = (text: string, more = '') => {
  const { host, said } = tryFiles({ 'hostd.toml': `${more}[web]\n${text}` });
  return { web: host.settings.web, said };
};

test('[web] has an address with a login, or a unix socket without one', () => {
  assert.deepEqual(read(`listen = "127.0.0.1:9001"\n${login}\nmay = "read"\nserver_names = ["Ops.Test"]`), {
    web: {
      address: { host: '127.0.0.1', port: 9001 },
      login: { user: 'admin', password },
      may: 'read',
      serverNames: ['ops.test'],
      trustedProxies: [],
    },
    said: [],
  });
  assert.deepEqual(read('listen = "/run/hostd-web.sock"'), {
    web: {
      address: { path: '/run/hostd-web.sock', rights: null },
      login: null,
      may: 'operate',
      serverNames: [],
      trustedProxies: [],
    },
    said: [],
  });
  assert.equal(read('').web, null);
  const behind = read(`listen = "127.0.0.1:9001"\n${login}\ntrusted_proxies = ["10.0.0.0/8", "::1"]`);
  assert.deepEqual(behind.web?.trustedProxies, ['10.0.0.0/8', '::1/128']);
});

test('what would let anybody in is refused, and no password is shown', () => {
  const wrong: readonly (readonly [text: string, said: RegExp])[] = [
    ['listen = "127.0.0.1:9001"', /cannot use listen without user and password/],
    ['listen = "127.0.0.1:9001"\nuser = "u"', /cannot use listen without user and password/],
    ['listen = "127.0.0.1:9001"\nuser = "u"\npassword = "geheim"', /try: hostctl web password/],
    [`listen = "/run/w.sock"\n${login}`, /cannot use user on a unix socket: the kernel says who comes/],
    [`listen = "/run/w.sock"\npassword = "${password}"`, /cannot use password on a unix socket/],
    ['listen = "/run/w.sock"\ntrusted_proxies = ["::1"]', /cannot use trusted_proxies on a unix socket/],
    [`listen = "127.0.0.1:9001"\n${login}\nmay = "write"`, /it must be "read" or "operate"/],
  ];
  for (const [text, expected] of wrong) {
    const all = read(text).said.join('\n');
    assert.match(all, expected);
    assert.ok(!/geheim|q1w2e3/.test(all), all);
  }
});

test('an address that something else of hostd has is an error, and one that others reach a warning', () => {
  const supervisor = '[supervisor]\nlisten = "127.0.0.1:9001"\nuser = "u"\npassword = "p"\n';
  assert.match(
    read(`listen = "127.0.0.1:9001"\n${login}`, supervisor).said.join('\n'),
    /\[web\]: cannot listen there: \[supervisor\] does/,
  );
  assert.match(
    read(`listen = "0.0.0.0:80"\n${login}`).said.join('\n'),
    /cannot listen there: \[proxy\] does/,
  );
  assert.match(read(`listen = "10.0.0.1:9001"\n${login}`).said.join('\n'), /in clear to 10\.0\.0\.1/);
});
