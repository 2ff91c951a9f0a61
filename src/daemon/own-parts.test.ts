import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { digestOf, type OwnName, partsOf } from './own-parts.ts';

const source = dirname(import.meta.dirname);

/** An installation with one file of each sort, and a Node beside it. */
function installation(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'hostd-parts-'));
  t.after(() => rmSync(root, { recursive: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const files = {
    'a file of the proxy': 'src/proxy/main.ts',
    'a file in a folder of the proxy': 'src/proxy/http/ranges/one.ts',
    'the protocol': 'src/protocol/worker.ts',
    'the model': 'src/model/host.ts',
    "the addon's wrapper": 'src/native/bare-sockets.ts',
    'the errors': 'src/errors.ts',
    'the addon': `build/linux-${process.arch}/bare-sockets.node`,
    'the parser': 'node_modules/undici/lib/llhttp/llhttp_simd-wasm.js',
    "the parser's version": 'node_modules/undici/package.json',
    Node: 'node',
  };
  for (const path of Object.values(files)) put(path, 'x');
  put('src/daemon/main.ts', 'x');
  put('src/native/index.ts', 'x');
  const digest = (versions = process.versions) =>
    digestOf('proxy', join(root, 'src'), join(root, 'node'), versions);
  return { root, files, put, digest };
}

test('a change of anything that a worker loads is another digest', t => {
  const { root, files, put, digest } = installation(t);
  const seen = new Set([digest()]);
  assert.equal(digest(), [...seen][0], 'the same files have the same digest');
  for (const [what, path] of Object.entries(files)) {
    appendFileSync(join(root, path), 'y');
    const now = digest();
    assert.ok(!seen.has(now), `${what} has changed`);
    seen.add(now);
  }
  put('src/proxy/http/new.ts', '');
  assert.ok(!seen.has(digest()), 'a file is new');
  seen.add(digest());
  renameSync(join(root, 'src/proxy/http'), join(root, 'src/proxy/https'));
  assert.ok(!seen.has(digest()), 'a folder has another name');
  assert.notEqual(digest(), digest({ ...process.versions, openssl: '99.0.0' }), 'another OpenSSL');
  assert.notEqual(digest(), digest({ ...process.versions, node: '99.0.0' }), 'another Node');
});

test("a change of the daemon's own code leaves the workers alone", t => {
  const { put, digest } = installation(t);
  const before = digest();
  put('src/daemon/main.ts', 'y');
  put('src/native/index.ts', 'y');
  assert.equal(digest(), before);
});

test('a package is found where Node finds it: beside hostd too, where npm puts it when hostd is a dependency', t => {
  const { root } = installation(t);
  const hostd = join(root, 'node_modules/hostd');
  cpSync(join(root, 'src'), join(hostd, 'src'), { recursive: true });
  const parts = partsOf('proxy', join(hostd, 'src'));
  assert.ok(parts.some(({ from }) => from === join(root, 'node_modules/undici/lib/llhttp')));
});

/** Every file and package that a program loads, by following the imports and requires from its main. */
function loadedBy(name: OwnName): string[] {
  const found = new Set<string>();
  const follow = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    const text = readFileSync(file, 'utf8');
    const imports =
      /(?:^|[\s;}])(?:(?:im|ex)port\s(?!type\b)[^'"]*?from|import|require\)?)\s*\(?\s*(['"])([^'"\n]+)\1/g;
    for (const [, , target = ''] of text.matchAll(imports)) {
      if (target.startsWith('node:')) continue;
      if (target.startsWith('.')) follow(join(dirname(file), target));
      else found.add(createRequire(file).resolve(target));
    }
  };
  follow(join(source, name, 'main.ts'));
  return [...found];
}

for (const name of ['proxy', 'probe', 'notify', 'rpc', 'web', 'metrics'] as const)
  test(`the list has all that the ${name} loads`, () => {
    const parts = partsOf(name, source);
    const loaded = loadedBy(name);
    const packages = parts.filter(({ to }) => to.startsWith('node_modules/'));
    assert.equal(
      loaded.some(file => file.includes('node_modules/')),
      packages.length > 0,
    );
    const missing = loaded.filter(
      file => !parts.some(({ from }) => file === from || file.startsWith(`${from}/`)),
    );
    assert.deepEqual(missing, []);
  });
