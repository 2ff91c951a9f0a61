// hostd supervisord --hand-over: the processes of a supervisord become programs of a hostd start, without a stop. First everything is
// checked. If one process could not go on, nothing is done. Then the supervisord ends and leaves its processes (SIGUSR1), and its records
// move to hostd in one step. After a kill before that step, the same command does it again. After a kill behind it, hostd adopts them.

import {
  closeSync,
  existsSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { load } from '../../config/load.ts';
import { HostdError, messageOf } from '../../errors.ts';
import { baseEnvironment } from '../../model/app.ts';
import type { Host } from '../../model/host.ts';
import { formatProblem } from '../../model/problem.ts';
import { native } from '../../native/index.ts';
import type { Realized } from '../../supervisord/config/options.ts';
import { closePlace, openInPlace, openPlace } from '../logs/place.ts';
import { takeLock } from '../own/lock.ts';
import { flockHolders } from '../own/lock-holder.ts';
import { ownPaths, putRight } from '../own/own-files.ts';
import { groupOf, userOf } from '../runs/launch.ts';
import { openRecords } from '../runs/records.ts';
import { type GoesOn, type HandOver, planHandOver } from './hand-over-plan.ts';
import { liveRecords } from './live-records.ts';
import { markTaken } from './taken.ts';

export interface HandOverRequest {
  readonly real: Realized;
  readonly place: string;
  /** hostd.toml. */
  readonly config: string;
  readonly isDry: boolean;
}

/** Milliseconds for a supervisord to end. It stops nothing. */
const patience = 10_000;
const lookAgain = 50;

/** Returns the exit code: 0, or 1 when a process cannot go on, and nothing has changed. @throws HostdError */
export async function handOver({ real, place, config, isDry }: HandOverRequest): Promise<number> {
  const { host, problems } = load(config);
  const errors = problems.filter(({ severity }) => severity === 'error');
  for (const problem of errors) say(formatProblem(problem));
  if (errors.length > 0)
    throw new HostdError('config', `cannot hand over to what "${config}" describes: it has errors`, {
      hint: `hostd check -c ${config}`,
    });
  const first = plan(real, place, host);
  tell(first, isDry);
  if (first.stay.length > 0) return 1;
  if (isDry || first.goOn.length === 0) return 0;
  const { settings } = host;
  putRight(settings);
  takeHostds(settings.stateDir);
  await endSupervisord(place);
  // Some may have ended meanwhile, or were started anew.
  const last = plan(real, place, host);
  if (last.stay.length > 0) {
    tell(last, false);
    throw new HostdError(
      'failed',
      'cannot hand over: the processes have changed meanwhile, and run without a supervisord now',
      { hint: `hostd supervisord -c ${real.file}, or systemctl start supervisor: it takes them back` },
    );
  }
  move(last.goOn, place, host);
  for (const { record, former } of last.goOn)
    process.stdout.write(`${former}: goes on as ${record.name} (pid ${record.process.pid})\n`);
  say(
    'hostd has to start now, and supervisord no more\n  try: systemctl disable --now supervisor; systemctl enable --now hostd',
  );
  return 0;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function tell({ goOn, stay }: HandOver, isDry: boolean): void {
  if (isDry)
    for (const { record, former } of goOn)
      process.stdout.write(`${former}: would go on as ${record.name} (pid ${record.process.pid})\n`);
  for (const { name, why, hint } of stay) say(`cannot hand over "${name}": ${why}\n  try: ${hint}`);
  if (stay.length > 0) say('nothing was handed over');
  else if (goOn.length === 0)
    say('nothing runs that a hostd supervisord has started with this configuration, as this user');
}

function plan(real: Realized, place: string, host: Host): HandOver {
  const own = process.geteuid?.() ?? 0;
  const auto = `---${real.identifier}-`;
  return planHandOver(liveRecords(place), host.programs, {
    uidOf: user => native.user(/^\d+$/.test(user) ? Number(user) : user)?.uid ?? null,
    uid: real.uid ?? own,
    hostdsUid: own,
    directory: real.directory,
    usualEnvironment: baseEnvironment,
    isAuto: path => dirname(path) === real.childlogdir && path.includes(auto),
  });
}

/** @throws HostdError while a hostd runs, which would start its own programs beside those that are handed over. */
function takeHostds(stateDir: string): void {
  try {
    takeLock(stateDir, say);
  } catch (error) {
    if (!(error instanceof HostdError) || error.code !== 'conflict') throw error;
    throw new HostdError(
      'conflict',
      `cannot hand over to a hostd that runs: it takes programs over when it starts (${messageOf(error).replace(/^cannot start: /, '')})`,
      {
        hint: 'hand over before hostd is started, or while it is stopped: systemctl stop hostd ends its programs',
      },
    );
  }
}

/** Takes the place's lock, so that no supervisord begins meanwhile. @throws HostdError */
async function endSupervisord(place: string): Promise<void> {
  const { lock } = ownPaths({ stateDir: place, runtimeDir: place });
  const fd = openSync(lock, 'a+', 0o600);
  const began = performance.now();
  let asked = 0;
  while (native.lock(fd) === 0) {
    const [holder] = flockHolders(fd);
    if (holder !== undefined && holder.pid !== asked) {
      asked = holder.pid;
      process.kill(asked, 'SIGUSR1');
    }
    if (performance.now() - began > patience) {
      closeSync(fd);
      throw new HostdError(
        'failed',
        `cannot hand over: the supervisord (pid ${asked}) does not end when it is asked to leave its processes (SIGUSR1)`,
        {
          hint: `an older hostd knows no such request. Its processes go on when it is killed: kill -KILL ${asked}, then this again at once`,
        },
      );
    }
    await new Promise(resolve => setTimeout(resolve, lookAgain));
  }
}

/** The order of steps loses and doubles nothing, wherever it is interrupted. */
function move(goOn: readonly GoesOn[], place: string, { settings }: Host): void {
  const records = openRecords(settings.stateDir);
  markTaken(place, { stateDir: settings.stateDir, processes: goOn.map(({ record }) => record.process) });
  for (const one of goOn) {
    for (const { from, to } of one.renames) giveName(from, to);
    giveLogs(one);
    moveStreams(one, ownPaths({ stateDir: place, runtimeDir: place }).pipes, ownPaths(settings).pipes);
  }
  records.receive(goOn.map(({ record }) => record));
  const former = openRecords(place);
  for (const { record, former: name } of goOn) former.remove(name, record.run);
}

/** An AUTO log becomes the log of the table, and the process goes on writing to it. */
function giveName(from: string, to: string): void {
  try {
    if (!existsSync(from)) return;
    if (existsSync(to)) throw new Error('it is there already');
    const { uid, mode } = lstatSync(dirname(from));
    const isOurs = uid === process.geteuid?.() && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
    if (!isOurs) throw new Error(`others may write to "${dirname(from)}"`);
    renameSync(from, to);
  } catch (error) {
    say(
      `cannot rename "${from}" to "${to}": ${messageOf(error)}. Until its next start, the program writes to the former`,
    );
  }
}

/** Gives the logs that root has written for a program to its user: hostd opens a program's log with its user's rights. */
function giveLogs({ record: { program } }: GoesOn): void {
  const user = userOf(program);
  if (user.uid === 0) return;
  const owner = { uid: user.uid, gid: groupOf(program, user) };
  for (const log of [program.stdout, program.stderr]) {
    if (log === null || log.path === null || !existsSync(log.path)) continue;
    try {
      const at = openPlace(log.path, owner);
      try {
        const fd = openInPlace(at, at.name, 'read');
        if (fstatSync(fd).uid === 0) fchownSync(fd, owner.uid, owner.gid);
        closeSync(fd);
      } finally {
        closePlace(at);
      }
    } catch (error) {
      say(`cannot give "${log.path}" to ${user.name}: ${messageOf(error)}`);
    }
  }
}

/** Moves the FIFOs for output. hostd finds a FIFO by the process itself, where it cannot be renamed. */
function moveStreams({ record, former }: GoesOn, from: string, to: string): void {
  const prefix = `${former}.${record.run}.`;
  for (const name of readdirSync(from)) {
    if (!name.startsWith(prefix)) continue;
    try {
      renameSync(join(from, name), join(to, `${record.name}.${record.run}.${name.slice(prefix.length)}`));
    } catch {
      rmSync(join(from, name), { force: true });
    }
  }
}
