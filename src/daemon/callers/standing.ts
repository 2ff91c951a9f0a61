// Answers permissions.ts's questions on this machine: who is calling, and whose rights a program has.

import { HostdError } from '../../errors.ts';
import type { Host, Program } from '../../model/host.ts';
import { native, type Peer } from '../../native/index.ts';
import { groupOf, groupsOf, userOf } from '../runs/launch.ts';
import { callerOf, refusal, type Standing, standingOf } from './permissions.ts';

/** Refuses a call as a whole, before its target is known. @throws HostdError 'permission' */
export function assertMay(caller: Peer, act: string): void {
  const why = refusal(callerOf(caller.uid, ownUid()), act);
  if (why !== null) throw new HostdError('permission', why, { hint: 'sudo hostctl ...' });
}

/** Why this caller may not do this to this program; null: it may. */
export function refusalFor(
  caller: Peer,
  act: string,
  program: Program,
  host: Host,
  signal: string | null = null,
): string | null {
  const target = { name: program.name, standing: standingIn(program, host) };
  return refusal(callerOf(caller.uid, ownUid()), act, target, signal);
}

/** The standing of a program's user. */
export function standingIn(program: Program, host: Host): Standing {
  const proxyUid = native.user(host.settings.proxy.user)?.uid ?? null;
  const about = { isProxy: program.kind === 'proxy', proxyUid, ownUid: ownUid() };
  try {
    const user = userOf(program);
    const gids = groupsOf(user, groupOf(program, user));
    const groups = gids.map(gid => (gid === 0 ? 'root' : (native.group(gid)?.name ?? String(gid))));
    return standingOf({ ...about, uid: user.uid, groups });
  } catch {
    return standingOf({ ...about, uid: null, groups: [] });
  }
}

function ownUid(): number {
  return process.geteuid?.() ?? 0;
}
