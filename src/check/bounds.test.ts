import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appProgram, makeApp } from '../model/app.ts';
import { assemble, defaultSettings } from '../model/assemble.ts';
import { noBounds } from '../model/bounds.ts';
import type { Program } from '../model/host.ts';
import { checkBounds } from './bounds.ts';

const app = makeApp({ name: 'a', root: '/r', source: { file: '/f', key: ['app', 'a'] } });
const host = (given: Partial<Program>) =>
  assemble({
    settings: defaultSettings('/f'),
    apps: [app],
    programs: [{ ...appProgram(app), ...given }],
    groups: [],
  });

test('bounds that nothing holds are one warning, with the mend', () => {
  const bound = host({ cpuMax: 50, appBounds: { ...noBounds, memoryMax: 1 } });
  const [found, ...others] = checkBounds(bound, new Set());
  assert.deepEqual(others, []);
  assert.equal(found?.severity, 'warning');
  assert.equal(
    found?.message,
    'memory_max, cpu_max cannot be in force: cgroup v2 has no memory, cpu controller on this machine',
  );
  assert.equal(found?.hint, 'boot the kernel with systemd.unified_cgroup_hierarchy=1');
  assert.deepEqual(found?.at, { file: '/f', key: ['app', 'a', 'memory_max'] });
});

test('a kernel that counts no memory is told so; one that has all controllers, or has nothing to hold, nothing', () => {
  assert.equal(
    checkBounds(host({ memoryMax: 1 }), new Set(['cpu', 'pids']))[0]?.hint,
    'boot the kernel with cgroup_enable=memory',
  );
  assert.deepEqual(checkBounds(host({ memoryMax: 1 }), new Set(['memory'])), []);
  assert.deepEqual(checkBounds(host({}), new Set()), []);
});
