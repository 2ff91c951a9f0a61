import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryFiles } from './fixture.test.ts';

const read = (text: string) => {
  const { host, said } = tryFiles({ 'hostd.toml': `[supervisor]\n${text}` });
  return { listeners: host.settings.supervisor, said };
};

test('[supervisor] has a socket, an address, or both', () => {
  const login = { user: 'u', password: '{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d' };
  const both = read(
    `socket = "/run/s.sock"\nlisten = "127.0.0.1:9001"\nuser = "u"\npassword = "${login.password}"`,
  );
  assert.deepEqual(both, {
    listeners: [
      { name: 'unix_http_server', address: { path: '/run/s.sock', rights: null }, login },
      { name: 'inet_http_server', address: { host: '127.0.0.1', port: 9001 }, login },
    ],
    said: [],
  });
  assert.deepEqual(read('socket = "/run/s.sock"').listeners[0]?.login, null);
});

test('an address without a password, half a login and a strange digest are refused, and no password is shown', () => {
  const wrong: readonly (readonly [text: string, said: RegExp])[] = [
    ['listen = "127.0.0.1:9001"', /cannot use listen without user and password/],
    ['socket = "/s"\nuser = "u"', /cannot use one of user and password alone/],
    ['socket = "/s"\npassword = "geheim"', /cannot use one of user and password alone/],
    ['socket = "/s"\nuser = "u"\npassword = "{SHA}geheim"', /after \{SHA\} come 40 hexadecimal digits/],
    ['socket = "/s"\nuser = "u:v"\npassword = "geheim"', /a colon ends a name/],
    ['socket = "/s"\nuser = "u"\npassword = 4711', /cannot use password: it must be a text/],
    ['port = 9001', /there is no key "port"\n {2}try: listen/],
  ];
  for (const [text, said] of wrong) {
    const all = read(text).said.join('\n');
    assert.match(all, said);
    assert.ok(!/geheim|4711/.test(all), all);
  }
});
