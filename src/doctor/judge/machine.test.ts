import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../../model/app.ts';
import { defaultSettings } from '../../model/assemble.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import type { JournalEvent } from '../../protocol/journal.ts';
import type { Visited } from '../../protocol/visit.ts';
import type { Daemon, Front } from '../facts.ts';
import { judgeFront } from './front.ts';
import { judgeDaemon, judgeFronts, judgeMachineMemory, judgeProxy } from './machine.ts';
import { judgeMemory, judgeSecrets } from './resources.ts';

const daemon: Daemon = {
  state: 'up',
  message: '',
  hint: null,
  version: '0.1.0',
  programs: [],
  changes: [],
  settings: [],
  events: async () => [],
  log: async () => null,
  holdsSocket: async () => null,
};
const { proxy } = defaultSettings('/f');
const app = makeApp({
  name: 'hello',
  root: '/r',
  source: { file: '/f', key: ['app', 'hello'] },
  serverNames: ['hello.test'],
});
const mib = 1024 ** 2;

test('hostd: down, closed to this user, of another version, behind its files', () => {
  assert.deepEqual(judgeDaemon(daemon, '0.1.0'), { findings: [], unseen: [] });
  assert.equal(
    judgeDaemon({ ...daemon, state: 'down', message: 'cannot reach it', hint: 'start it' }, '1').findings[0]
      ?.severity,
    'error',
  );
  assert.deepEqual(judgeDaemon({ ...daemon, state: 'closed' }, '1').findings, []);
  assert.match(
    judgeDaemon({ ...daemon, version: '0.0.9' }, '0.1.0').findings[0]?.hint ?? '',
    /^hostctl upgrade$/,
  );
  assert.deepEqual(judgeDaemon({ ...daemon, version: null }, '0.1.0').findings, []);
  const changes = [{ name: 'x', change: 'available' as const, keys: [] }];
  assert.match(judgeDaemon({ ...daemon, changes }, '0.1.0').findings[0]?.message ?? '', /x available/);
  const settings = [
    { table: 'web', takes: 'update' as const, keys: ['listen'] },
    { table: 'control', takes: 'upgrade' as const, keys: ['group'] },
  ];
  const behind = judgeDaemon({ ...daemon, settings }, '0.1.0').findings;
  assert.deepEqual(
    behind.map(({ message, hint }) => [message, hint]),
    [
      ['the files say something else than what is in force: [web] changed (listen)', 'hostctl update'],
      ['[control] has changes that a running hostd cannot put into force (group)', 'hostctl upgrade'],
    ],
  );
});

test('a proxy worker that is down is told with the error in its log', () => {
  const worker = {
    name: 'hostd-proxy',
    group: 'hostd-proxy',
    state: 'FATAL',
    description: 'exited too quickly',
    spawnerr: '',
  } as ProgramStatus;
  const [found] = judgeProxy(
    proxy,
    { ...daemon, programs: [worker] },
    { text: 'Error: x', at: null },
  ).findings;
  assert.match(found?.message ?? '', /^hostd-proxy is FATAL: exited too quickly; last in its log: Error: x$/);
  assert.deepEqual(
    judgeProxy(proxy, { ...daemon, programs: [{ ...worker, state: 'RUNNING' }] }, null).findings,
    [],
  );
  assert.equal(judgeProxy(proxy, daemon, null).findings[0]?.hint, 'hostctl update');
  assert.deepEqual(judgeProxy({ ...proxy, enabled: false }, daemon, null).findings, []);
});

const nginx: Front = { port: 80, holder: { pid: 7, name: 'nginx' }, workers: [] };
const ok: Visited = {
  id: 'front',
  status: 200,
  why: '',
  hops: [],
  isLoop: false,
  ms: 1,
  server: 'nginx',
  title: 'Hello',
  tls: null,
};
const front = (change: Partial<Visited>, sockets: string[] = [], isBehind = false) =>
  judgeFront({ front: nginx, visited: { ...ok, ...change }, own: ok, sockets, isBehind }, app).findings.map(
    ({ message, hint }) => `${message}; ${hint}`,
  );

test('nobody in front, and a web server in front that does its work', () => {
  assert.deepEqual(judgeFronts({ ...proxy, enabled: false }, [nginx], true).findings, []);
  assert.match(
    judgeFronts({ ...proxy, enabled: false }, [], true).findings[0]?.hint ?? '',
    /^systemctl start nginx/,
  );
  assert.deepEqual(judgeFronts(proxy, [], true).findings, []);
  assert.deepEqual(front({}), []);
});

test('nginx with another socket, without the site, or with its welcome page', () => {
  assert.match(
    front({ status: 502 }, ['/r/run/other.sock'])[0] ?? '',
    /^nginx \(pid 7\) answers 502 .*passes to "\/r\/run\/other\.sock", and the app's socket is "\/r\/run\/gunicorn\.sock"; hostctl emit nginx hello/,
  );
  assert.match(front({ status: 404, title: '404 Not Found' })[0] ?? '', /does not know "hello\.test"/);
  assert.match(front({ title: 'Welcome to nginx!' })[0] ?? '', /does not know "hello\.test"/);
});

test('nginx that speaks https, and an app that is not told of it', () => {
  assert.match(
    front({ status: 301, isLoop: true }, [], true)[0] ?? '',
    /redirected for ever.*trusted_proxies = \["127\.0\.0\.1"/,
  );
  assert.match(front({ status: 301, isLoop: true })[0] ?? '', /proxy_set_header X-Forwarded-Proto/);
});

test('memory: of the machine, near memory_max, and processes that were killed for it', () => {
  assert.deepEqual(judgeMachineMemory({ left: 50, all: 100 }).findings, []);
  assert.equal(judgeMachineMemory({ left: 5, all: 100 }).findings[0]?.severity, 'warning');
  assert.equal(judgeMachineMemory({ left: 1, all: 100 }).findings[0]?.severity, 'error');
  const program = { name: 'hello', memoryMax: 100 * mib, memoryHigh: 0 };
  const judge = (used: number | null, kills: number | null, events: JournalEvent[] = []) =>
    judgeMemory(program, { used, kills }, events, 1e12).findings.map(
      ({ severity, message }) => `${severity}: ${message}`,
    );
  assert.deepEqual(judge(50 * mib, 0), []);
  assert.deepEqual(judge(95 * mib, 0), ['warning: it uses 95 MiB of the 100 MiB of memory_max']);
  assert.deepEqual(judge(null, 2), ['error: the kernel has killed 2 of its processes for want of memory']);
  const oom = { kind: 'oom', name: 'hello', time: new Date(1e12 - 300_000).toISOString() } as JournalEvent;
  assert.deepEqual(judge(null, null, [oom]), [
    'error: the kernel killed hello for want of memory, 5 min ago',
  ]);
});

test('files that everybody can read', () => {
  const { findings } = judgeSecrets(
    [
      { path: '/r/.env', what: 'environment', mode: 0o644 },
      { path: '/r/my db', what: 'database', mode: 0o664 },
    ],
    app,
  );
  assert.deepEqual(
    findings.map(({ severity, message, hint }) => `${severity}: ${message}; ${hint}`),
    [
      'error: "/r/.env" has secrets, and everybody on this machine can read it (mode 0644); chmod o-rwx /r/.env, and is it hello\'s?',
      "warning: \"/r/my db\" is the database, and everybody on this machine can read it (mode 0664); chmod o-rwx '/r/my db', and is it hello's?",
    ],
  );
});
