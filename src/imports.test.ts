// Holds the drawing of the source true: who may import whom, read from the import lines of every file.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';

const root = new URL('.', import.meta.url).pathname;

/** What each folder may import besides itself and errors.ts. An entry is a folder or one file of it. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  model: [],
  lifecycle: ['model'],
  formats: ['model'],
  protocol: ['model'],
  native: [],
  config: ['model', 'formats/toml', 'native'],
  daemon: ['lifecycle', 'protocol', 'model', 'native', 'config', 'formats/toml', 'formats/shlex'],
  proxy: ['protocol', 'model', 'native/bare-sockets'],
  probe: ['protocol', 'model'],
  create: ['model', 'formats', 'config', 'native'],
  dev: ['proxy', 'protocol', 'model', 'config', 'formats/toml', 'native'],
  cli: ['formats', 'protocol', 'model', 'config', 'create', 'dev'],
};

/** Built-in modules that a folder must do without, and why. `only` names the files that may have them. */
const barred: readonly { folder: string; modules: RegExp; only?: RegExp; why: string }[] = [
  { folder: 'model', modules: /./, why: 'the model is pure and imports nothing' },
  { folder: 'lifecycle', modules: /./, why: 'decisions are pure' },
  { folder: 'formats', modules: /^node:(fs|net|http|child_process)/, why: 'their callers touch the disk' },
  { folder: 'proxy', modules: /^node:child_process$/, why: 'a proxy worker starts nothing' },
  {
    folder: 'daemon',
    modules: /^(node:https?|node:http2|undici|http-proxy)$/,
    only: /^daemon\/control/,
    why: 'root parses no byte from the network; its only HTTP server is the control socket',
  },
];

interface Import {
  readonly file: string;
  readonly target: string;
  /** `import type`: nothing of it is there at run time. */
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

/** Why this import may not be, or null. */
function objection({ file, target, typeOnly }: Import): string | null {
  const from = file.split('/', 1)[0] ?? '';
  const folder = target.split('/', 1)[0] ?? '';
  if (!target.endsWith('.ts')) {
    if (typeOnly && from !== 'model') return null;
    const bar = barred.find(bar => bar.folder === from && bar.modules.test(target) && !bar.only?.test(file));
    return bar ? `${file} imports "${target}": ${bar.why}` : null;
  }
  if (folder === from || target === 'errors.ts') return null;
  const allowed = arrows[from]?.some(entry => target.startsWith(`${entry}/`) || target === `${entry}.ts`);
  return allowed
    ? null
    : `${file} imports "${target}": ${from} may import ${arrows[from]?.join(', ') || 'nothing'}`;
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  file => file.endsWith('.ts') && !file.endsWith('.test.ts'),
);

test('every import in src is an arrow of the drawing', () => {
  const imports = files.flatMap(file => importsOf(file, readFileSync(root + file, 'utf8')));
  assert.ok(imports.length > 0);
  assert.deepEqual(imports.map(objection).filter(Boolean), []);
});

test('every folder of src is in the drawing', () => {
  const folders = new Set(files.filter(file => file.includes('/')).map(file => file.split('/', 1)[0]));
  assert.deepEqual(
    [...folders].filter(folder => !Object.hasOwn(arrows, folder ?? '')),
    [],
  );
});

test('an arrow that is not in the drawing is found in each way of writing an import', () => {
  const text = `import { a } from '../daemon/loop.ts';\nexport * from "../cli/print.ts";\nconst b = await import('../proxy/main.ts');
import 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Loop } from '../daemon/loop.ts';`;
  const found = importsOf('proxy/router.ts', text).map(objection);
  assert.deepEqual(found, [
    'proxy/router.ts imports "daemon/loop.ts": proxy may import protocol, model, native/bare-sockets',
    'proxy/router.ts imports "cli/print.ts": proxy may import protocol, model, native/bare-sockets',
    null,
    'proxy/router.ts imports "node:child_process": a proxy worker starts nothing',
    null,
    'proxy/router.ts imports "daemon/loop.ts": proxy may import protocol, model, native/bare-sockets',
  ]);
});
