// Whether requests can reach an app's socket: it is there, somebody listens, and whoever speaks HTTP may connect. Pure.

import { quoteWord } from '../../words/shlex.ts';
import type { SocketFacts } from '../facts.ts';
import { type Finding, found, type Looked, made, unseen } from '../finding.ts';

/** `isUp`: hostd is up and has the app in force, so that there should be a listener. */
export function judgeSocket(path: string, name: string, facts: SocketFacts, isUp: boolean): Looked {
  const { file, listens, held, callers } = facts;
  if (file === 'closed') return unseen(`this user may not look at "${path}"`, 'socket');
  const restart = `hostctl restart ${name}`;
  const bad = (message: string, hint: string) =>
    found(made('socket', 'error', message, hint, { explains: true }));
  if (file === null)
    return isUp
      ? bad(`there is no socket "${path}": no request reaches the app`, restart)
      : bad(
          `there is no socket "${path}", since hostd, which makes it, does not run`,
          'systemctl start hostd',
        );
  if (!file.isSocket)
    return bad(
      `"${path}" is no socket: something else has its name`,
      `ls -l ${quoteWord(path)}; mv it away, then: ${restart}`,
    );
  if (!listens && held !== true)
    return bad(`nobody listens on "${path}"`, isUp ? restart : 'systemctl start hostd');
  const closed = callers.flatMap((caller): Finding[] => {
    if (caller.closed !== null) {
      const message = `"${caller.user}" may not enter "${caller.closed}", so no request reaches the socket "${path}"`;
      const hint = `setfacl -m u:${caller.user}:x ${quoteWord(caller.closed)}, or: chmod o+x ${quoteWord(caller.closed)}`;
      return [made('socket', 'error', message, hint, { explains: true })];
    }
    if (mayConnect(file, caller)) return [];
    const mode = file.mode.toString(8).padStart(4, '0');
    const message = `"${caller.user}" may not connect to "${path}" (mode ${mode}, uid ${file.uid}, gid ${file.gid})`;
    return [
      made(
        'socket',
        'error',
        message,
        `[proxy] user = "${caller.user}", then: hostctl update && ${restart}`,
        { explains: true },
      ),
    ];
  });
  return found(...closed);
}

/** By the mode alone: connect(2) needs the right to write (unix(7)). */
export function mayConnect(
  { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number },
  caller: { readonly uid: number; readonly groups: readonly number[] },
): boolean {
  if (caller.uid === 0) return true;
  if (caller.uid === uid) return (mode & 0o200) !== 0;
  return (mode & (caller.groups.includes(gid) ? 0o020 : 0o002)) !== 0;
}
