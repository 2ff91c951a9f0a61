// Bounds where the kernel has no controllers for them: said, changed without a restart, and tasks_max by what there is instead.
// Where it has them, scripts/test-vm.sh looks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { withoutCgroup2 } from './harness/without-cgroup2.ts';
import { writeApp } from './harness/write-app.ts';

test('bounds that cannot hold are said with the mend, and an update of them restarts nothing', {
  skip: (!isRoot && 'needs root') || needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).b : self();
  const app = await tinyApp(place, {
    name: 'bound',
    account,
    keys: { memory_max: '200M', tasks_max: 50, cpu_weight: 200 },
  });
  const hostd = await startHostd(place, { apps: [app], under: withoutCgroup2() });
  const { pid } = await hostd.state('bound', 'RUNNING');
  const said = (text: RegExp) =>
    until('status to say it', async () => text.test((await hostd.state('bound', 'RUNNING')).description));
  await said(
    /memory_max, cpu_weight, tasks_max are not in force \(tasks_max holds for all processes of the user, by RLIMIT_NPROC\): there is no cgroup v2/,
  );
  assert.match(hostd.output(), /bound: memory_max, cpu_weight, tasks_max are not in force/);
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max processes +50 +50 /m);

  writeApp(place, { ...app, table: { ...app.table, memory_max: '300M', cpu_weight: 100 } });
  const update = await hostd.hostctl('update');
  assert.equal(update.stdout, 'bound: updated, not restarted (memory_max, cpu_weight)\n', update.stderr);
  assert.equal((await hostd.state('bound', 'RUNNING')).pid, pid);

  writeApp(place, { ...app, table: { ...app.table, cpu_max: 150 } });
  const wrong = await hostd.hostctl('check');
  assert.match(
    wrong.stdout,
    /bound\.toml:\d+:\d+: .*cannot use cpu_max = 150: .*\n {2}try: cpu_max = "150%"/,
  );
});
