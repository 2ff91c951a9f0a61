// Logs for Supervisor's clients: root reads them with their owners' rights, in bounded portions, clears them in place, and follows them.

import { closeSync, fstatSync, ftruncateSync, readSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type Owner, openForAppending, openForReading } from '../../linux/paths.ts';
import type { Program } from '../../model/host.ts';
import { type Asks, longestRead } from '../../protocol/rpc.ts';
import type { Followers } from '../logs/followers.ts';
import type { KeptLog } from '../logs/kept-log.ts';
import { tail } from '../logs/tail.ts';
import { userOf } from '../runs/launch.ts';
import { type FollowSink, Refusal } from './channel.ts';

/** A log, and its owner. */
export interface OwnedLog {
  readonly path: string;
  readonly owner: Owner;
}

/** A log that is thrown away. It is always empty, and is no file to be read with an owner's rights. */
const nowhere = '/dev/null';

const truncated = Buffer.from('==> File truncated <==\n');

/** null: the program has no such log. @throws HostdError where its user is gone */
export function logOf(program: Program, channel: 'stdout' | 'stderr'): OwnedLog | null {
  const path = program[channel]?.path ?? null;
  if (path === null) return null;
  const { uid, gid } = userOf(program);
  return { path, owner: { uid, gid } };
}

/** @throws Refusal NO_FILE, FAILED */
export function readLog(log: OwnedLog | null, offset: number, length: number): Asks['readLog']['reply'] {
  if (log?.path === nowhere) return { bytes: '', size: 0 };
  const fd = open(log);
  try {
    const { size } = fstatSync(fd);
    const start = offset < 0 ? Math.max(0, size + offset) : offset;
    const most = Math.max(0, Math.min(length, size - start, longestRead));
    const buffer = Buffer.alloc(most);
    const read = most === 0 ? 0 : readSync(fd, buffer, 0, most, start);
    return { bytes: buffer.toString('base64', 0, read), size };
  } finally {
    closeSync(fd);
  }
}

/**
 * Empties the log. Its writers append, so they go on at its beginning. A missing log counts as empty. If hostd itself writes it (one of
 * `kept`), it is there again.
 */
export async function clearLog(log: OwnedLog | null, kept: readonly KeptLog[] = []): Promise<void> {
  if (log === null || log.path === nowhere) return;
  if (!isThere(log)) {
    // A log that a program writes itself cannot be opened anew: it is missing until the program's next start.
    const failed = () => null;
    for (const one of kept) if (one.source.path === log.path) await one.reopen().catch(failed);
  }
  truncate(log);
}

function isThere({ path, owner }: OwnedLog): boolean {
  try {
    closeSync(openForReading(path, owner));
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ENOENT';
  }
}

/** @throws Refusal */
function truncate(log: OwnedLog): void {
  let fd: number;
  try {
    closeSync(openForReading(log.path, log.owner));
    fd = openForAppending(log.path, log.owner);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw new Refusal('FAILED');
  }
  try {
    ftruncateSync(fd, 0);
  } finally {
    closeSync(fd);
  }
}

/** @throws Refusal NO_FILE */
export function followLog(
  log: OwnedLog | null,
  bytes: number,
  sink: FollowSink,
  followers: Followers,
): { readonly reply: Asks['follow']['reply']; close(): void } {
  let fd: number;
  try {
    fd = open(log);
  } catch (error) {
    // There is nothing to follow in a pipe or a terminal, but a client may wait there.
    if (log === null || !isDevice(log.path) || isMissing(error)) throw error;
    return { reply: { mtime: Math.floor(Date.now() / 1000) }, close() {} };
  }
  const mtime = Math.floor(fstatSync(fd).mtimeMs / 1000);
  closeSync(fd);
  const { path, owner } = log as OwnedLog;
  const shown = tail(path, owner, { from: { bytes }, follow: true, truncated }, sink, followers);
  return { reply: { mtime }, close: shown.close };
}

/** Where an output is that goes on to hostd's own, or nowhere: /dev/stdout, /dev/fd/1, /dev/null. */
function isDevice(path: string): boolean {
  return /^\/(?:dev|proc)\//.test(path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Refusal && error.fault === 'NO_FILE';
}

function open(log: OwnedLog | null): number {
  if (log === null) throw new Refusal('NO_FILE');
  try {
    return openForReading(log.path, log.owner);
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? new Refusal('NO_FILE', log.path) : new Refusal('FAILED');
  }
}
