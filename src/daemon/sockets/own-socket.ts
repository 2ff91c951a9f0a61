// The unix sockets that hostd itself, or one of its own processes, answers on: the control socket, and that for Supervisor's clients.

import { chmodSync, closeSync, existsSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { HostdError } from '../../errors.ts';
import type { Settings } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { quoteWord } from '../../words/shlex.ts';
import type { Rights } from './name-state.ts';

const backlog = 128;

/**
 * Listens on a unix socket of this owner and mode. Replaces a socket that an earlier process has left. Returns its fd.
 * @throws HostdError 'conflict' when something else has the name, or (`isShared`: the lock does not rule it out) a process answers there
 */
export function listenOwn(path: string, { uid, gid, mode }: Rights, isShared: boolean): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  if (existsSync(path)) {
    if (!lstatSync(path).isSocket())
      throw new HostdError('conflict', `cannot listen on "${path}": there is something else of that name`);
    if (isShared && native.answers(path) === 1)
      throw new HostdError('conflict', `cannot listen on "${path}": another process already does`, {
        hint: `ss -xlp src ${quoteWord(path)} shows who; stop it first`,
      });
    unlinkSync(path);
  }
  const fd = native.listenUnix(path, uid, gid, mode, backlog);
  try {
    // hostd's own umask is narrower.
    chmodSync(path, mode);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The rights of the control socket's file: open to the operators' group, where there is one. */
export function controlRights({ group: name }: Settings['control']): Rights {
  const group = name === null ? null : native.group(name);
  return {
    uid: process.geteuid?.() ?? 0,
    gid: group?.gid ?? process.getegid?.() ?? 0,
    mode: group === null ? 0o600 : 0o660,
  };
}
