// The two that are compared: Debian's supervisord and hostd supervisord, each with the same supervisord.conf in a directory of its own.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from '../../integration/harness/processes.ts';
import { until } from '../../integration/harness/until.ts';
import { run } from '../../scripts/run.ts';
import { type Stamp, Stamps, secondsSince } from '../supervision/stamps.ts';

// The tree to measure: another build can be compared with this one.
const home = process.env['HOSTD_HOME'] ?? join(import.meta.dirname, '../..');

export type SideName = 'hostd' | 'Supervisor';

/** What the rows need: where to put things, and the compiled programs. */
export interface Ground {
  readonly dir: string;
  /** supervision/subject.c and listener.c. */
  readonly subject: string;
  readonly listener: string;
  /** For the environment of everything that is started, so that it can be found and ended. */
  readonly mark: Readonly<Record<string, string>>;
}

/** A program of the configuration; its output goes nowhere unless its keys say so. */
export interface Subject {
  readonly name: string;
  readonly mode: 'wait' | 'log' | 'say';
  readonly args?: readonly string[];
  /** Supervisor's keys besides `command`. */
  readonly keys?: Readonly<Record<string, string>>;
}

export interface Fleet {
  readonly programs: readonly Subject[];
  /** Events of an event listener; none: there is no listener. */
  readonly events?: string;
}

/** "supervisorctl": Debian's, unmodified. "own": hostctl by that name. */
export type Client = 'supervisorctl' | 'own';

export interface Side {
  readonly name: SideName;
  readonly dir: string;
  readonly socket: string;
  readonly stamps: Stamps;
  /** The listener's notes. */
  readonly notes: string;
  /** Of each program. */
  readonly first: readonly Stamp[];
  /** Seconds from the start of the daemon to the last program's first instruction. */
  readonly wall: number;
  /** The daemon's own processes, without the programs. */
  processes(): readonly number[];
  /** Runs supervisorctl; what it has printed, and its milliseconds. */
  ctl(client: Client, ...args: string[]): Promise<{ stdout: string; code: number; ms: number }>;
}

const daemons: Readonly<Record<SideName, readonly [string, ...string[]]>> = {
  hostd: [`${home}/bin/hostd`, 'supervisord'],
  Supervisor: ['supervisord'],
};

/** Both, one after the other, each once all of its programs have started. */
export async function startBoth(ground: Ground, fleet: Fleet): Promise<readonly [Side, Side]> {
  return [await startSide('hostd', ground, fleet), await startSide('Supervisor', ground, fleet)];
}

export async function startSide(name: SideName, ground: Ground, fleet: Fleet): Promise<Side> {
  const dir = `${ground.dir}/${name}`;
  mkdirSync(`${dir}/log`, { recursive: true });
  const stamps = new Stamps(`${dir}/stamps`);
  const config = `${dir}/s.conf`;
  const socket = `${dir}/s.sock`;
  const notes = `${dir}/notes`;
  writeFileSync(config, configuration(dir, fleet, ground, { stamps: stamps.file, notes }));
  symlinkSync(`${home}/bin/hostctl`, `${dir}/supervisorctl`);
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', HOSTD_RUNTIME_DIR: `${dir}/run`, ...ground.mark };
  const [file, ...args] = daemons[name];
  const begun = process.hrtime.bigint();
  const child = spawn(file, [...args, '-n', '-c', config], { cwd: dir, env, stdio: 'ignore' });
  child.on('exit', code => {
    if (code)
      process.stderr.write(
        `${name} ended with ${code}:\n${readFileSync(`${dir}/s.log`, 'utf8').slice(-2000)}`,
      );
  });
  const first = await stamps.reach(fleet.programs.length, 60_000);
  // Not connected to: hostd-rpc is started by the first client.
  await until(`${name} to listen`, () => existsSync(socket));
  const { pid = 0 } = child;
  return {
    name,
    dir,
    socket,
    stamps,
    notes,
    first,
    wall: Math.max(...first.map(({ at }) => secondsSince(begun, at))),
    processes: () => [pid, ...ownBelow(pid, ground)],
    async ctl(client, ...words) {
      const command = client === 'own' ? `${dir}/supervisorctl` : 'supervisorctl';
      const start = process.hrtime.bigint();
      const { stdout, code } = await run([command, '-c', config, ...words], { env, timeout: 120_000 });
      return { stdout, code, ms: secondsSince(start) * 1000 };
    },
  };
}

/** What a daemon has started for itself, such as hostd-rpc. */
function ownBelow(pid: number, { subject, listener }: Ground): number[] {
  return childrenOf(pid)
    .filter(({ command }) => !command.startsWith(subject) && !command.startsWith(listener))
    .flatMap(child => [child.pid, ...ownBelow(child.pid, { subject, listener } as Ground)]);
}

function configuration(
  dir: string,
  { programs, events }: Fleet,
  { subject, listener }: Ground,
  { stamps, notes }: { readonly stamps: string; readonly notes: string },
): string {
  return [
    `[supervisord]\nlogfile=${dir}/s.log\npidfile=${dir}/s.pid\nchildlogdir=${dir}/log\nminfds=2048`,
    process.getuid?.() === 0 ? 'user=root' : '',
    `[unix_http_server]\nfile=${dir}/s.sock`,
    '[rpcinterface:supervisor]',
    'supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface',
    `[supervisorctl]\nserverurl=unix://${dir}/s.sock`,
    ...programs.map(({ name, mode, args = [], keys = {} }) =>
      [
        `[program:${name}]`,
        `command=${[subject, mode, stamps, name, ...args].join(' ')}`,
        ...Object.entries({
          autorestart: 'true',
          redirect_stderr: 'true',
          stdout_logfile: 'NONE',
          ...keys,
        }).map(([key, value]) => `${key}=${value}`),
      ].join('\n'),
    ),
    events === undefined ? '' : `[eventlistener:ear]\ncommand=${listener} ${notes}\nevents=${events}`,
    '',
  ].join('\n');
}

/** Programs p0, p1, ... that wait. */
export function waiting(count: number): Fleet {
  return { programs: Array.from({ length: count }, (_, index) => ({ name: `p${index}`, mode: 'wait' })) };
}
