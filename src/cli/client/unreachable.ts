// Says why nobody answers on the control socket, and what to try.

import { readFile, stat } from 'node:fs/promises';
import { errnoOf, HostdError, messageOf } from '../../errors.ts';

const howToStart = 'hostd start, or: systemctl start hostd';

/** The error to show for a failed connection to `socket`. */
export async function explain(error: unknown, socket: string): Promise<HostdError> {
  const errno = errnoOf(error);
  if (errno === 'EACCES' || errno === 'EPERM')
    return failure('permission', socket, 'permission denied', await howToBeAllowed(socket), error);
  switch (errno) {
    case 'ENOENT':
      return failure('no-daemon', socket, 'no such file', howToStart, error);
    case 'ECONNREFUSED':
      // The socket's file outlives a hostd that has ended in any way.
      return failure('no-daemon', socket, 'hostd is not running', howToStart, error);
    case 'ECONNRESET':
    case 'EPIPE':
      return new HostdError('failed', 'cannot say how it ended: hostd closed the connection', {
        hint: 'hostctl status, or: journalctl -u hostd',
        cause: error,
      });
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return failure(
        'no-daemon',
        socket,
        'the path is longer than 107 bytes',
        'a shorter --socket PATH',
        error,
      );
    default:
      return failure('no-daemon', socket, messageOf(error), 'systemctl status hostd', error);
  }
}

function failure(
  code: 'no-daemon' | 'permission',
  socket: string,
  why: string,
  hint: string,
  cause: unknown,
): HostdError {
  return new HostdError(code, `cannot reach hostd at ${socket}: ${why}`, { hint, cause });
}

/** Members of the socket's group may operate. If the group is root's, only root may. */
async function howToBeAllowed(socket: string): Promise<string> {
  const sudo = 'sudo hostctl ...';
  try {
    const { gid } = await stat(socket);
    const group = gid === 0 ? null : groupName(await readFile('/etc/group', 'utf8'), gid);
    return group === null ? sudo : `${sudo}, or: join group ${group} (usermod -aG ${group} USER)`;
  } catch {
    return sudo; // this user may not enter the directory
  }
}

/** The name of a group in the text of /etc/group (group(5)), or null. */
export function groupName(text: string, gid: number): string | null {
  const line = text.split('\n').find(entry => entry.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? null;
}
