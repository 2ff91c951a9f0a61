import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFile, Program } from '../../model/host.ts';
import { usualLog, usualSupervision } from '../../model/supervision.ts';
import type { Record } from '../runs/records.ts';
import { planHandOver } from './hand-over-plan.ts';

const log = (path: string | null): LogFile => ({ ...usualLog, path });
const through = { events: true, captureBytes: 0, syslog: false, stripAnsi: false, echo: false };

function program(name: string, keys: Partial<Program> = {}): Program {
  const group = name.split(':')[0] ?? name;
  return {
    name,
    group,
    groupPriority: 999,
    app: null,
    kind: 'command',
    listener: null,
    schedule: null,
    source: { file: 'a.toml', key: ['program', group] },
    instance: null,
    command: ['sleep', '1'],
    directory: null,
    environment: { LANG: 'C.UTF-8' },
    user: null,
    unixGroup: null,
    socket: null,
    health: null,
    ...usualSupervision,
    stdout: log('/log/out'),
    stderr: null,
    ...keys,
  };
}

/** As Supervisor's own configuration makes it. */
function former(name: string, keys: Partial<Program> = {}): Record {
  const process = name.slice(name.lastIndexOf(':') + 1);
  const supervisord = { process, command: '', umask: null, stopsignal: 15, serverUrl: null, fastCgi: null };
  return {
    version: 1,
    name,
    run: 3,
    process: { pid: 4711, starttime: 1, bootId: 'boot' },
    cgroup: null,
    startedAt: 0,
    marker: `HOSTD_RUN=${name}`,
    program: program(name, { environment: {}, noNewPrivileges: false, supervisord, ...keys }),
  };
}

const plan = (records: readonly Record[], tables: readonly Program[], directory: string | null = null) =>
  planHandOver(records, tables, {
    uidOf: user => (user === 'www' ? 33 : null),
    uid: 0,
    hostdsUid: 0,
    directory,
    usualEnvironment: { LANG: 'C.UTF-8' },
    isAuto: path => path.startsWith('/auto/'),
  });

test('a process goes on as the program whose table says the same, and is written down as that', () => {
  const table = program('a', { user: 'www', environment: { LANG: 'C.UTF-8', A: '1' }, autostart: false });
  const run = former('a', { user: '33', environment: { A: '1' } });
  const { goOn, stay } = plan([run], [table]);
  assert.deepEqual(stay, []);
  assert.deepEqual(goOn, [{ record: { ...run, program: table }, former: 'a', renames: [] }]);
});

test('it has another name only where nothing else can be meant', () => {
  const run = former('pair:w');
  assert.equal(plan([run], [program('hello:w')]).goOn[0]?.record.name, 'hello:w');
  assert.equal(plan([run], [program('hello:w'), program('w')]).stay[0]?.why, 'no table is for it');
  assert.equal(plan([run], [program('w'), program('pair:w')]).goOn[0]?.record.name, 'pair:w');
});

test('an AUTO log becomes the one of the table, and [supervisord] directory and /dev/null mean what they mean there', () => {
  const run = former('a', { stdout: log('/auto/a-stdout---supervisor-x.log'), stderr: log('/dev/null') });
  const table = program('a', { directory: '/srv', stderr: log(null) });
  const { goOn } = plan([run], [table], '/srv/');
  assert.deepEqual(goOn[0]?.renames, [{ from: '/auto/a-stdout---supervisor-x.log', to: '/log/out' }]);
});

test('what would be another program stays, with the reason', () => {
  const why = (record: Record, table: Program) => plan([record], [table]).stay[0]?.why;
  const says = (keys: string) => `[program.a] of a.toml says another ${keys}`;
  assert.equal(why(former('a'), program('a', { command: ['sleep', '2'] })), says('command'));
  assert.equal(why(former('a', { environment: { A: '1' } }), program('a')), says('environment'));
  assert.equal(why(former('a'), program('a', { user: 'www' })), says('user'));
  assert.equal(why(former('a'), program('a', { user: 'nobody-there' })), says('user'));
  assert.equal(why(former('a', { stdout: log('/log/other') }), program('a')), says('stdout_logfile'));
  assert.equal(
    why(former('a', { stdout: { ...log('/log/out'), through } }), program('a')),
    says('stdout_events_enabled, stdout_logfile'),
  );
  assert.equal(why(former('a'), program('a', { socket: { path: '/a.sock', backlog: 1 } })), says('socket'));
  const ear = { kind: 'listener', listener: { events: ['TICK_5'], bufferSize: 10 } } as const;
  assert.equal(why(former('a', ear), program('a')), says('events'));
});
