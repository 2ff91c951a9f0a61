import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeReport, ProblemReport, Progress, SettingsReport } from '../../protocol/control.ts';
import { fakeDaemon, hostctl, json, progress } from '../client/fake-daemon.test.ts';

const changes: readonly ChangeReport[] = [
  { name: 'blog', change: 'available', keys: [] },
  { name: 'hello', change: 'changed', keys: ['workers', 'environment'] },
  { name: 'old', change: 'disappeared', keys: [] },
];
const settings: readonly SettingsReport[] = [
  { table: 'hostd', takes: 'restart', keys: ['state_dir'] },
  { table: 'web', takes: 'update', keys: ['listen', 'password'] },
];
const lines =
  '[hostd]: changed (state_dir), and in force when hostd is stopped and started\n[web]: changed (listen, password)\n' +
  'blog: available\nhello: changed (workers, environment)\nold: disappeared\n';
const problem: ProblemReport = {
  severity: 'error',
  text: '/etc/hostd/apps.d/shop.toml:4:1: app "shop": user "shop" does not exist\n  try: hostctl create shop',
};
const warning: ProblemReport = { severity: 'warning', text: 'hostd.toml:1:1: warning: odd' };
const end: Progress = { kind: 'end' };

test('reread prints what differs, and only counts warnings', async t => {
  const daemon = await fakeDaemon(t, json({ changes, settings, problems: [warning] }));
  assert.deepEqual(await hostctl(['reread', '--socket', daemon.socket]), {
    code: 0,
    stdout: lines,
    stderr: 'hostctl: the configuration has 1 warning\n  try: hostctl check\n',
  });
  assert.deepEqual(daemon.asked, [{ method: 'POST', url: '/v1/reread', body: null }]);
});

test('reread says when nothing differs', async t => {
  const { socket } = await fakeDaemon(t, json({ changes: [], settings: [], problems: [] }));
  assert.deepEqual(await hostctl(['reread', '--socket', socket]), {
    code: 0,
    stdout: 'no changes\n',
    stderr: '',
  });
});

test('an error in the configuration is shown whole, and reread exits 1', async t => {
  const { socket } = await fakeDaemon(t, json({ changes, settings, problems: [problem] }));
  assert.deepEqual(await hostctl(['reread', '--socket', socket]), {
    code: 1,
    stdout: lines,
    stderr: `${problem.text}\n`,
  });
});

test('update prints what it did, after what is wrong', async t => {
  const daemon = await fakeDaemon(
    t,
    progress(
      { kind: 'reread', changes, settings, problems: [problem] },
      { kind: 'done', name: 'old', outcome: 'ok', message: 'old: removed' },
      { kind: 'done', name: 'blog', outcome: 'ok', message: 'blog: added' },
      end,
    ),
  );
  assert.deepEqual(await hostctl(['update', '--socket', daemon.socket]), {
    code: 1,
    stdout: 'old: removed\nblog: added\n',
    stderr: `${problem.text}\n`,
  });
  assert.deepEqual(daemon.asked, [{ method: 'POST', url: '/v1/update', body: { dryRun: false } }]);
});

test('update --dry-run only shows the differences', async t => {
  const daemon = await fakeDaemon(t, progress({ kind: 'reread', changes, settings, problems: [] }, end));
  assert.deepEqual(await hostctl(['update', '--dry-run', '--socket', daemon.socket]), {
    code: 0,
    stdout: lines,
    stderr: '',
  });
  assert.deepEqual(daemon.asked[0]?.body, { dryRun: true });
});

test('update says what became of settings alone, and a hostd that tells nothing of them has none', async t => {
  const message = '[web]: updated (listen)';
  const reply = { kind: 'reread', changes: [], settings: settings.slice(1), problems: [] } as const;
  const { socket } = await fakeDaemon(
    t,
    progress(reply, { kind: 'done', name: '[web]', outcome: 'ok', message }, end),
  );
  const { stdout } = await hostctl(['update', '--socket', socket]);
  assert.equal(stdout, `${message}\n`);
  const older = await fakeDaemon(t, json({ changes: [], problems: [] }));
  assert.equal((await hostctl(['reread', '--socket', older.socket])).stdout, 'no changes\n');
});

test('update with nothing to do says so', async t => {
  const { socket } = await fakeDaemon(
    t,
    progress({ kind: 'reread', changes: [], settings: [], problems: [] }, end),
  );
  assert.deepEqual(await hostctl(['update', '--socket', socket]), {
    code: 0,
    stdout: 'no changes\n',
    stderr: '',
  });
});
