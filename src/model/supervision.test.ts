import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appProgram, makeApp } from './app.ts';
import { changes } from './changes.ts';
import {
  completed,
  fields,
  isLive,
  liveKeys,
  ownKeys,
  supervisionRows,
  usualSupervision,
} from './supervision.ts';

const program = appProgram(makeApp({ name: 'a', root: '/r', source: { file: '/f', key: ['app', 'a'] } }));

test('a program that an earlier hostd wrote down has not changed because there are new keys', () => {
  const { nice, oomScoreAdj, requires, ...earlier } = program;
  assert.deepEqual(changes([completed(earlier as typeof program)], [program]), []);
});

test('each field makes a difference of its own, under its key', () => {
  for (const field of fields) {
    const other = { ...program, [field]: 'something else' };
    assert.deepEqual(changes([program], [other]), [
      { name: 'a', change: 'changed', keys: [supervisionRows[field].key] },
    ]);
  }
});

test('what is run needs a new start, how it is looked after does not', () => {
  assert.deepEqual(
    fields.filter(field => !liveKeys.has(supervisionRows[field].key)),
    ['umask', 'limits', 'noNewPrivileges', 'nice', 'oomScoreAdj'],
  );
  assert.ok(liveKeys.has('stderr_logfile_maxage') && !liveKeys.has('stderr_logfile'));
  assert.equal(isLive(['stopwaitsecs', 'stderr_logfile_maxage']), true);
  assert.equal(isLive(['stderr_logfile_maxage', 'stderr_logfile']), false, 'one that is not live is enough');
});

test("Supervisor's keys are those of its manual", () => {
  assert.deepEqual([...ownKeys].sort(), [
    'catch_up',
    'cpu_max',
    'cpu_weight',
    'group',
    'io_weight',
    'limits',
    'max_age',
    'memory_high',
    'memory_max',
    'memory_restart',
    'nice',
    'no_new_privileges',
    'oom_score_adj',
    'requires',
    'restart_at',
    'schedule',
    'stderr_logfile_maxage',
    'stdout_logfile_maxage',
    'tasks_max',
    'time_limit',
    'timezone',
  ]);
  assert.equal(usualSupervision.stopwaitsecs, 10);
});
