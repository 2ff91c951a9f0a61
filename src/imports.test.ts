// Keeps the drawing of the source true: who may import whom, read from the import lines of every file.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';

const root = import.meta.dirname;

/** What each folder may import besides itself, errors.ts and process-name.ts. An entry is a folder or one file of it. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  model: [],
  words: [],
  lifecycle: ['model'],
  protocol: ['model'],
  native: [],
  linux: ['native'],
  config: ['model', 'words', 'native'],
  formats: ['model', 'words', 'config/toml', 'supervisord/config/ini'],
  supervisord: ['model', 'words', 'native'],
  daemon: [
    'lifecycle',
    'protocol',
    'exposition',
    'model',
    'native',
    'linux',
    'config',
    'supervisord',
    'words/shlex',
    'words/escape',
    'words/timestamp',
    'words/python',
    'words/python-repr',
    'words/timetable',
  ],
  exposition: ['protocol', 'model'],
  metrics: ['exposition', 'protocol'],
  proxy: ['protocol', 'model', 'native/bare-sockets', 'native/memory', 'words/shlex'],
  xmlrpc: ['words/python'],
  rpc: ['xmlrpc', 'protocol', 'model', 'native', 'words/process-names', 'words/html', 'words/python'],
  web: [
    'protocol',
    'model',
    'native',
    'linux/socket-owner',
    'words/html',
    'words/password',
    'proxy/http/client-address',
  ],
  embed: ['proxy', 'protocol', 'model'],
  probe: ['protocol', 'model'],
  notify: ['protocol', 'model'],
  check: ['model', 'config', 'native', 'linux', 'words'],
  visit: ['protocol'],
  doctor: ['check', 'config', 'protocol', 'model', 'native', 'linux', 'words'],
  create: ['model', 'config', 'native', 'linux'],
  dev: ['lifecycle', 'linux', 'embed', 'proxy', 'protocol', 'model', 'words', 'config', 'native'],
  cli: [
    'xmlrpc',
    'supervisord',
    'formats',
    'words',
    'protocol',
    'model',
    'config',
    'check',
    'doctor',
    'create',
    'dev',
    'native',
  ],
};

/** What each room (a folder's folder) may import of its own folder besides itself. Files beside the rooms wire them together. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'config/toml': [],
  'supervisord/config': [],
  'formats/gunicorn': ['format', 'draft', 'layout', 'backend'],
  'formats/nginx': ['format', 'draft', 'layout', 'backend'],
  'formats/supervisor': ['format', 'draft', 'layout'],
  'formats/systemd': ['format', 'layout'],
  'formats/containers': ['format', 'layout'],
  'formats/compose': ['format', 'layout', 'containers'],
  'formats/kubernetes': ['format', 'layout', 'containers'],
  'formats/image': ['format', 'layout', 'containers'],
  'formats/import': ['draft', 'format', 'gunicorn', 'supervisor'],
  'daemon/own': ['fleet/loop', 'fleet/unit'],
  'daemon/sockets': ['own/digest'],
  'daemon/runs': ['own/own-files', 'sockets'],
  'daemon/events': ['own', 'runs/run', 'fleet/loop', 'fleet/unit'],
  'daemon/output': ['own', 'runs', 'events', 'fleet/unit', 'logs/place', 'logs/kept-log'],
  'daemon/logs': [
    'own',
    'runs',
    'events/bus',
    'fleet/elsewhere',
    'fleet/unit',
    'fleet/supervisor',
    'proxies/proxies',
    'proxies/site-owner',
    'control/control',
  ],
  'daemon/proxies': [
    'own',
    'runs',
    'events/bus',
    'sockets',
    'own-code',
    'fleet/half-close',
    'fleet/down-reasons',
  ],
  'daemon/fleet': [
    'own',
    'runs',
    'events/bus',
    'output/outputs',
    'sockets',
    'proxies',
    'own-code',
    'own-process',
    'emit-files',
    'logs/logs',
    'logs/tail-offset',
  ],
  'daemon/rpc': [
    'own',
    'events/bus',
    'own-process',
    'own-server',
    'runs',
    'sockets',
    'fleet',
    'logs',
    'callers',
    'ending',
    'control/control',
  ],
  'daemon/web': ['own', 'events/bus', 'own-process', 'own-server', 'sockets', 'callers', 'control/control'],
  'daemon/supervisord': ['own', 'runs', 'sockets', 'fleet', 'logs', 'rpc', 'passing', 'events'],
  'daemon/callers': ['fleet', 'runs'],
  'daemon/schedules': ['own', 'events/bus', 'runs/records', 'fleet/loop', 'fleet/unit'],
  'daemon/terminal': ['own', 'runs', 'fleet', 'callers'],
  'daemon/journal': ['own', 'events', 'fleet/loop', 'fleet/asker', 'fleet/supervisor', 'control/control'],
  'daemon/metrics': ['own', 'events/bus', 'own-process', 'own-server', 'proxies/lines', 'samples', 'sockets'],
  'daemon/samples': [
    'fleet',
    'journal/journal',
    'logs/disks',
    'proxies/certificates',
    'runs',
    'schedules/schedules',
    'control/control',
  ],
  'daemon/notify': ['own', 'own-process', 'runs', 'journal', 'proxies/lines', 'control/control'],
  'daemon/control': [
    'notify',
    'own',
    'events/bus',
    'journal',
    'runs',
    'fleet',
    'logs',
    'callers',
    'ending',
    'samples',
    'schedules/schedules',
    'proxies/certificates',
    'proxies/worker-history',
  ],
  'rpc/http': [],
  'rpc/methods': ['session'],
  'rpc/pages': ['methods', 'session'],
  'web/access': [],
  'web/http': ['access/source', 'access/from'],
  'web/pages': ['history', 'examinations'],
  'proxy/http': ['limits'],
  'proxy/log': ['clock', 'request/exchange'],
  'proxy/pages': ['log', 'files'],
  'proxy/files': ['clock', 'guard', 'http', 'pages', 'request'],
  'proxy/app': [
    'budget',
    'clock',
    'guard',
    'limits',
    'deadlines',
    'http',
    'files',
    'client/message',
    'request/exchange',
  ],
  'proxy/client': [
    'budget',
    'clock',
    'guard',
    'limits',
    'deadlines',
    'worker',
    'http',
    'log',
    'pages',
    'app',
    'request',
  ],
  'proxy/request': ['clock', 'guard', 'worker', 'traffic', 'http', 'log', 'pages', 'files', 'app', 'client'],
  'doctor/judge': ['facts', 'finding'],
  'doctor/look': ['facts'],
  'dev/plan': [],
  'dev/apps': ['plan'],
  'dev/screen': ['apps'],
  'dev/sites': ['apps'],
  'cli/supervisorctl': [],
  'cli/program': [],
  'cli/top': ['program', 'client'],
  'cli/client': ['program'],
  'cli/files': ['program', 'client', 'commands/status'],
  'cli/commands': ['program', 'client', 'files', 'top'],
};

/** Built-in modules that a folder must do without, and why. `only` names the files that may have them. */
const barred: readonly { folder: string; modules: RegExp; only?: RegExp; why: string }[] = [
  { folder: 'model', modules: /./, why: 'the model is pure and imports nothing' },
  { folder: 'lifecycle', modules: /./, why: 'decisions are pure' },
  { folder: 'words', modules: /^node:(fs|net|http|child_process)/, why: 'words are pure' },
  {
    folder: 'proxy/http',
    modules: /^node:(net|tls|fs|http)/,
    only: /client-address/,
    why: 'what HTTP says is decided without sockets and files',
  },
  { folder: 'formats', modules: /^node:(fs|net|http|child_process)/, why: 'their callers touch the disk' },
  { folder: 'proxy', modules: /^node:child_process$/, why: 'a proxy worker starts nothing' },
  { folder: 'exposition', modules: /^node:/, why: 'texts and values are pure' },
  { folder: 'metrics', modules: /^node:child_process$/, why: 'hostd-metrics starts nothing' },
  { folder: 'xmlrpc', modules: /^node:/, why: 'texts and values are pure' },
  { folder: 'rpc', modules: /^node:child_process$/, why: 'hostd-rpc starts nothing' },
  { folder: 'doctor/judge', modules: /^node:/, why: 'judgements are pure' },
  { folder: 'web', modules: /^node:child_process$/, why: 'hostd-web starts nothing' },
  {
    folder: 'daemon',
    modules: /^node:crypto$/,
    why: 'it takes a megabyte of root, which the addon does without',
  },
  {
    folder: 'daemon',
    modules: /^(node:https?|node:http2|undici|http-proxy|saxes)$/,
    only: /^daemon\/control\//,
    why: 'root parses no byte from the network; its only HTTP server is the control socket',
  },
];

interface Import {
  readonly file: string;
  readonly target: string;
  /** `import type`: it is gone at run time. */
  readonly typeOnly: boolean;
}

/** The file's imports: `from '...'`, `import '...'`, `import('...')`; relative ones as paths from src. */
function importsOf(file: string, text: string): Import[] {
  const pattern =
    /(?:^|[\s;}])(?:((?:im|ex)port\s+type\b)[^'"]*?from|from|import)\s*\(?\s*(['"])([^'"\n]+)\2/g;
  return [...text.matchAll(pattern)].map(match => {
    const target = match[3] ?? '';
    const local = target.startsWith('.') ? posix.join(posix.dirname(file), target) : target;
    return { file, target: local, typeOnly: match[1] !== undefined };
  });
}

/** The room of a file, or its folder where it stands beside the rooms. */
function roomOf(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 2).join('/');
}

/** Whether a file is one of these entries, each a folder or a file without its ending. */
const isOneOf = (file: string, entries: readonly string[]) =>
  entries.some(entry => file.startsWith(`${entry}/`) || file === `${entry}.ts`);

/** Why this import is not allowed, or null. */
function objection({ file, target, typeOnly }: Import): string | null {
  const room = roomOf(file);
  const folder = room.split('/', 1)[0] ?? '';
  if (!target.endsWith('.ts')) {
    if (typeOnly && folder !== 'model') return null;
    const bar = barred.find(
      bar => file.startsWith(`${bar.folder}/`) && bar.modules.test(target) && !bar.only?.test(file),
    );
    return bar ? `${file} imports "${target}": ${bar.why}` : null;
  }
  if (!target.includes('/') || roomOf(target) === room) return null;
  if (!target.startsWith(`${folder}/`))
    return isOneOf(target, arrows[folder] ?? [])
      ? null
      : `${file} imports "${target}": ${folder} may import ${arrows[folder]?.join(', ') || 'nothing'}`;
  const inside = rooms[room];
  if (room === folder || isOneOf(target, inside?.map(entry => `${folder}/${entry}`) ?? [])) return null;
  return `${file} imports "${target}": of ${folder}, ${room} may import ${inside?.join(', ') || 'nothing'}`;
}

/** Each set of files that import each other in a circle, in alphabetical order (Tarjan's strongly connected components). */
function circlesAmong(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target]);
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[] = [];
  const visit = (file: string): number => {
    index.set(file, index.size);
    lowest.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!targets.has(target)) continue;
      const reached = index.has(target)
        ? stack.includes(target)
          ? (index.get(target) ?? 0)
          : Number.POSITIVE_INFINITY
        : visit(target);
      lowest.set(file, Math.min(lowest.get(file) ?? 0, reached));
    }
    if (lowest.get(file) === index.get(file)) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1) found.push(circle.sort().join(' '));
    }
    return lowest.get(file) ?? 0;
  };
  for (const file of targets.keys()) if (!index.has(file)) visit(file);
  return found.sort();
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  file => file.endsWith('.ts') && !file.endsWith('.test.ts'),
);

const imports = files.flatMap(file => importsOf(file, readFileSync(join(root, file), 'utf8')));

test('every import in src is an arrow of the drawing', () => {
  assert.ok(imports.length > 0);
  assert.deepEqual(imports.map(objection).filter(Boolean), []);
});

test('every folder and every room of src is in the drawing', () => {
  const places = new Set(files.filter(file => file.includes('/')).map(roomOf));
  const known = [...Object.keys(arrows), ...Object.keys(rooms), 'cli/commands', 'dev/sites/pages'];
  assert.deepEqual(
    [...places].filter(place => !known.includes(place)),
    [],
  );
});

test('no files import each other in a circle', () => {
  assert.deepEqual(circlesAmong(imports), []);
});

test('a circle is found, also a long one', () => {
  const drawn = ['a b', 'b c', 'c a', 'c d', 'd e', 'e d', 'f a'].map(arrow => {
    const [file = '', target = ''] = arrow.split(' ');
    return { file, target, typeOnly: false };
  });
  assert.deepEqual(circlesAmong(drawn), ['a b c', 'd e']);
});

test('an arrow that is not in the drawing is found in each way of writing an import', () => {
  const text = `import { a } from '../../daemon/fleet/loop.ts';\nexport * from "../../cli/program/print.ts";\nconst b = await import('../app/forward.ts');
import 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Loop } from '../../daemon/fleet/loop.ts';`;
  const found = importsOf('proxy/request/router.ts', text).map(objection);
  assert.deepEqual(found, [
    'proxy/request/router.ts imports "daemon/fleet/loop.ts": proxy may import protocol, model, native/bare-sockets, native/memory, words/shlex',
    'proxy/request/router.ts imports "cli/program/print.ts": proxy may import protocol, model, native/bare-sockets, native/memory, words/shlex',
    null,
    'proxy/request/router.ts imports "node:child_process": a proxy worker starts nothing',
    null,
    'proxy/request/router.ts imports "daemon/fleet/loop.ts": proxy may import protocol, model, native/bare-sockets, native/memory, words/shlex',
  ]);
});
