import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Bearer, guard, guarded, noteWorkIn, workFor } from './guard.ts';

const source = join(import.meta.dirname, '..');

/** The ways by which events enter. */
const entry =
  /(?<![\w#.])(?:[\w#.?]+\.(?:on|once)\(|process\.nextTick\(|setTimeout\(|setInterval\(|setImmediate\(|queueMicrotask\(|(?:read|write)\((?:this\.#)?fd, )/g;

/** Entries that need no guard, since they belong to no exchange or can't throw: the text right behind the entry, and why. */
const free: readonly string[] = [
  // Counts, timers and closed sockets: one call each, which throws nothing.
  "'error', () => socket.destroy()",
  "'tlsClientError', (_error, socket) => socket.destroy()",
  "'close', () => shaking.delete(name)",
  "'close', () => this.#endShaking(socket)",
  "'close', () => clearTimeout(timer)",
  '() => socket.destroy(), this.#worker.limits.lingerMs',
  '() => super.destroy(error), lastWordsMs',
  // Each owner is guarded by itself, so the other owners get their turn.
  '() => this.#look(), ',
  // Guarded where they are made.
  'next);\n',
  "'data', this.#onData)",
  "'end', this.#onEnd)",
  "'data', this.#keep)",
  // A method of that name.
  'milliseconds: number): void',
];

/** Files whose events belong to the whole worker. */
const ofTheWorker = /proxy\/(?:main|facts|guard|rest|log\/access-log)\.ts$|embed\/front\.ts$/;
/** Connections are counted here; what counts throws nothing. */
const counting = /'close', \(\) => \{\s*this\.#(?:open--|all\.delete)/;

/** What is asked of upstreams, and told of them, belongs to no exchange. */
const ofUpstreams = /proxy\/(?:backends|app\/upstream-health)\.ts$/;

test('every callback of a socket, timer or file in the proxy is guarded', () => {
  const bare: string[] = [];
  for (const file of globSync('{proxy,embed}/**/*.ts', { cwd: source })) {
    if (file.endsWith('.test.ts') || ofTheWorker.test(file) || ofUpstreams.test(file)) continue;
    const text = readFileSync(join(source, file), 'utf8');
    for (const { 0: found, index } of text.matchAll(entry)) {
      const rest = text.slice(index + found.length).trimStart();
      const statement = text.slice(index, index + found.length + rest.indexOf(';') + 1);
      if (/^server\./.test(found)) continue; // an embedder's own
      const isGuarded = /guard(?:ed)?\(/.test(statement);
      if (isGuarded || free.some(start => rest.startsWith(start)) || counting.test(statement)) continue;
      bare.push(`${file}: ${statement.split('\n').slice(0, 2).join(' ')}`);
    }
  }
  assert.deepEqual(bare, []);
});

function bearer(siteNumber: number): Bearer & { readonly errors: unknown[] } {
  const errors: unknown[] = [];
  return { siteNumber, errors, broke: error => void errors.push(error) };
}

test('what a callback throws is charged to its bearer', () => {
  const one = bearer(1);
  const failing = guarded(one, (text: string) => {
    throw new Error(text);
  });
  failing('a');
  guard(one, () => failing('b'));
  assert.deepEqual(one.errors.map(String), ['Error: a', 'Error: b']);
});

test('the note names the site that is worked for, and none in between', () => {
  const memory = new ArrayBuffer(4096);
  const note = new Uint32Array(memory, 0, 1);
  noteWorkIn(memory);
  const seen: number[] = [];
  guard(bearer(7), () => seen.push(note[0] ?? -1));
  guard(bearer(0), () => {
    workFor(bearer(3)); // the request is read, and its site is known
    seen.push(note[0] ?? -1);
    throw new Error('whatever');
  });
  assert.deepEqual([seen, note[0]], [[7, 3], 0]);
});
