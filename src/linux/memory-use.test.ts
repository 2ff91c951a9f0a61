import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { anonymousOf, memoryUse, proportionOf, swappedOf } from './memory-use.ts';

test('of memory.stat the anonymous memory counts, and no file cache', () => {
  assert.equal(anonymousOf('file 9999\nanon 4096\nanon_thp 0\n'), 4096);
  assert.equal(anonymousOf('cache 1\n'), null);
});

test('of smaps_rollup the anonymous part counts where the kernel says it', () => {
  const text =
    'Rss:  100 kB\nPss:                  80 kB\nPss_Anon:             30 kB\nPss_File:             50 kB\n';
  assert.equal(proportionOf(text), 30 * 1024);
  assert.equal(proportionOf('Rss:  100 kB\nPss:   80 kB\n'), 80 * 1024);
  assert.equal(proportionOf(''), null);
});

test('of smaps_rollup what is in swap counts where the kernel says it', () => {
  assert.equal(swappedOf('Pss: 80 kB\nSwap:  70 kB\nSwapPss:               50 kB\n'), 50 * 1024);
  assert.equal(swappedOf('Pss: 80 kB\n'), 0);
});

test('a cgroup that counts memory is believed', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-memory-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'memory.stat'), 'anon 12345\nfile 1\n');
  assert.equal(await memoryUse(directory, process.pid), 12_345);
  writeFileSync(join(directory, 'memory.swap.current'), '4096\n');
  assert.equal(await memoryUse(directory, process.pid), 12_345 + 4096, 'what is in swap is still taken');
});

test('without one, what a process takes shows within a few megabytes', async () => {
  const before = (await memoryUse(null, process.pid)) ?? 0;
  const taken = Buffer.alloc(64 * 1024 ** 2, 1);
  const after = (await memoryUse(null, process.pid)) ?? 0;
  const grown = (after - before) / 1024 ** 2;
  assert.ok(grown > 48 && grown < 128, `${grown} MiB for ${taken.length}`);
});

test('of a process that is gone nothing is said', async () => {
  assert.equal(await memoryUse('/no/such/cgroup', 2 ** 22 + 1), null);
});
