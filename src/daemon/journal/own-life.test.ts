import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { killsIn, watchMemory } from './memory-kills.ts';
import { beginLife, judge } from './own-life.ts';

const since = '2026-11-28T03:00:00.000Z';
const own = { pid: 8, bootId: 'b', since };

test('who ended without a word is missed; an upgrade in place, a clean end and a first start are not', () => {
  assert.deepEqual(judge(null, own), { death: null, isUpgraded: false });
  assert.deepEqual(judge(own, own), { death: null, isUpgraded: true });
  assert.match(judge({ ...own, pid: 7 }, own).death ?? '', /SIGKILL.*pid 7/);
  assert.match(judge({ ...own, bootId: 'a' }, own).death ?? '', /machine went down/);
});

test('the note is there while it lives; a broken one is none', t => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-life-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'life.json');
  assert.equal(beginLife(path).death, null);
  const again = beginLife(path);
  assert.equal(again.isUpgraded, true);
  again.end();
  assert.equal(beginLife(path).isUpgraded, false);
  writeFileSync(path, '{"pid":');
  assert.equal(beginLife(path).death, null);
});

test('the kernel’s count says whether it has killed for memory since the last look', () => {
  let text = 'nr_free_pages 5\noom_kill 2\npgfault 3\n';
  const ask = watchMemory(() => text);
  assert.equal(ask(), null);
  text = text.replace('oom_kill 2', 'oom_kill 3');
  assert.match(ask() ?? '', /want of memory/);
  assert.equal(ask(), null);
  text = '';
  assert.equal(ask(), null);
  assert.equal(killsIn('oom_kill_disable 1\n'), null);
});
