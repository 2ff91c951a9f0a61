// One daemon with its programs, from start to end, and the questions to it. Knows no peer: see peer.ts.

import { run } from '../../scripts/run.ts';
import type { Command, Ground, Peer, Session, Subject } from './peer.ts';
import { ended, type Stamp, Stamps, secondsSince } from './stamps.ts';

export interface Started {
  readonly session: Session;
  readonly stamps: Stamps;
  /** One for each program. */
  readonly first: readonly Stamp[];
  /** Seconds from the start of the daemon to the last program's first instruction. */
  readonly wall: number;
}

/** Milliseconds: longer than Supervisor's startsecs and a second of its main loop, and than the second that runit waits. */
export const settling = 2200;

/** Longest wait for anything that a peer does, in milliseconds. */
const patience = 60_000;

/** Starts a daemon with programs p0, p1, ... that run `subject MODE`, and waits until each has started once. */
export async function begin(
  peer: Peer,
  { dir, mark, subject }: Ground,
  [mode, ...rest]: readonly ['wait' | 'slow' | 'log', ...string[]],
  count: number,
): Promise<Started> {
  const stamps = new Stamps(`${dir}/stamps`);
  const log = peer.logsToDirectory ? `${dir}/logs` : `${dir}/logs/p.log`;
  const subjects: Subject[] = Array.from({ length: count }, (_, number) => ({
    name: `p${number}`,
    argv: [subject, mode, stamps.file, `p${number}`, ...rest],
    log: mode === 'log' ? log : null,
  }));
  const start = process.hrtime.bigint();
  const session = await peer.start({ dir, mark, subject }, subjects);
  const first = await stamps.reach(count);
  if (first.length !== count || new Set(first.map(({ name }) => name)).size !== count)
    throw new Error(`${first.length} starts of ${count} programs`);
  return { session, stamps, first, wall: Math.max(...first.map(({ at }) => secondsSince(start, at))) };
}

/** Runs a command. Returns its milliseconds. @throws Error when it fails. */
export async function timed({ argv, env }: Command): Promise<{ stdout: string; ms: number }> {
  const start = process.hrtime.bigint();
  const { code, stdout, stderr } = await run(argv, { env, timeout: patience });
  if (code !== 0) throw new Error(`${argv.join(' ').slice(0, 200)} ended with ${code}: ${stderr || stdout}`);
  return { stdout, ms: secondsSince(start) * 1000 };
}

/** Asks for the state of a program that runs. Returns the milliseconds until the right answer. */
export async function askStatus(session: Session, { name, pid }: Stamp): Promise<number> {
  const { stdout, ms } = await timed(session.status(name));
  if (!session.saysRunning(stdout, pid))
    throw new Error(`the status of "${name}" does not say that pid ${pid} runs:\n${stdout}`);
  return ms;
}

/** Runs a command that ends these processes. Returns the seconds until it has returned and they are gone. */
export async function timeStop(command: Command, pids: readonly number[]): Promise<number> {
  const start = process.hrtime.bigint();
  await Promise.all([timed(command), ended(pids, patience)]);
  return secondsSince(start);
}

/** Ends the daemon. Returns the seconds until it and its programs are gone. */
export async function finish(session: Session, pids: readonly number[]): Promise<number> {
  const all = [...pids, ...session.processes()];
  const start = process.hrtime.bigint();
  session.shutdown();
  await ended(all, patience);
  return secondsSince(start);
}
