import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings } from './assemble.ts';
import type { Settings } from './host.ts';
import { settingsChanges } from './settings-changes.ts';

const before = defaultSettings('/etc/hostd/hostd.toml');
const web = {
  address: { host: '127.0.0.1', port: 9001 },
  login: { user: 'admin', password: 'a' },
  may: 'operate',
  serverNames: [],
  trustedProxies: [],
} as const;

function differing(after: Partial<Settings>, from: Partial<Settings> = {}) {
  return settingsChanges({ ...before, ...from }, { ...before, ...from, ...after }).map(
    ({ table, takes, keys }) => `${table} ${takes}: ${keys.join(' ')}`,
  );
}

test('the same settings are no change, and each key is told under its own name with what brings it into force', () => {
  assert.deepEqual(settingsChanges(before, structuredClone(before)), []);
  assert.deepEqual(differing({ stateDir: '/s', runtimeDir: '/r', logDir: '/l', logFile: '/f' }), [
    'hostd restart: runtime_dir state_dir',
    'hostd update: log_dir',
    'hostd upgrade: logfile',
  ]);
  assert.deepEqual(differing({ control: { socket: '/s', group: 'ops' } }), ['control upgrade: socket group']);
  assert.deepEqual(differing({ proxy: { ...before.proxy, tlsListen: [], defaultSite: 'hello' } }), [
    'proxy update: tls_listen default_site',
  ]);
  assert.deepEqual(differing({ web: { ...web, login: { user: 'admin', password: 'b' } } }, { web }), [
    'web update: password',
  ]);
  assert.deepEqual(differing({ web: null }, { web }), ['web update: listen user password']);
});

test('sockets for clients of Supervisor differ by themselves', () => {
  const socket = { name: 'unix_http_server', address: { path: '/s', rights: null }, login: null };
  const tcp = { name: 'inet_http_server', address: { host: '::1', port: 9001 }, login: null };
  assert.deepEqual(differing({ supervisor: [socket, tcp] }, { supervisor: [socket] }), [
    'supervisor update: listen',
  ]);
});
