// What a member of the operators' group may do, and what only root may: one table, asked before anything is done. Pure. Anything that
// is not in the table is for root alone.

import type { WebRights } from '../../model/host.ts';

/** root: uid 0, or the user that hostd itself runs as. operator: any other user that the control socket lets in. */
export type Caller = 'root' | 'operator';

/** What a caller gains by acting as a program's user. Only with `ordinary` it is no more than the app has. */
export type Standing =
  | 'ordinary'
  /** A proxy worker: it has the sites' TLS keys, and every listener. */
  | 'proxy'
  /** Root, or hostd's own user. */
  | 'root'
  /** The user of the proxy's workers, who can read their memory. */
  | 'proxy user'
  /** A user in a group whose members can become root. */
  | 'root group'
  /** Its user does not exist any more, so the standing is not known. */
  | 'unknown';

/** What decides a program's standing. */
export interface Belonging {
  readonly isProxy: boolean;
  /** null: there is no such user. */
  readonly uid: number | null;
  /** Names of all its groups. "root" stands for gid 0. */
  readonly groups: readonly string[];
  readonly proxyUid: number | null;
  /** The user that hostd runs as. */
  readonly ownUid: number;
}

/** `programs`: for ordinary programs only. `signals`: for other programs only signals that end them or make them read their files anew. */
type Rule = 'yes' | 'programs' | 'signals';

/** What operators may do, by the call on the control socket ("POST /stop") or by what is asked of a terminal. */
export const operatorsMay: Readonly<Record<string, Rule>> = {
  'GET /status': 'yes',
  'GET /sites': 'yes',
  'GET /sample': 'yes',
  'GET /metrics': 'yes',
  'GET /processes': 'yes',
  'GET /about': 'yes',
  'GET /events': 'yes',
  'GET /pid': 'yes',
  'GET /logs': 'yes',
  'GET /maintenance': 'yes',
  'POST /start': 'yes',
  'POST /stop': 'yes',
  'POST /restart': 'yes',
  'POST /reload': 'yes',
  'POST /scale': 'yes',
  'POST /maintenance': 'yes',
  'POST /logs/rotate': 'yes',
  'POST /logs/reopen': 'yes',
  'POST /reread': 'yes',
  'POST /update': 'yes',
  'POST /shutdown': 'yes',
  'POST /upgrade': 'yes',
  'POST /notify/test': 'yes',
  // It runs an app's code as the app does, and tells what logs and exec tell.
  'POST /doctor': 'yes',
  'POST /signal': 'signals',
  exec: 'programs',
  shell: 'programs',
  django: 'programs',
  attach: 'programs',
};

/** What the page in the browser may ask for, with `[web] may`: "operate" has both. Nothing in it is more than an operator may. */
export const webMay: Readonly<Record<string, WebRights>> = {
  'GET /status': 'read',
  'GET /sites': 'read',
  'GET /sample': 'read',
  'GET /about': 'read',
  'GET /events': 'read',
  'GET /logs': 'read',
  'GET /maintenance': 'read',
  'POST /start': 'operate',
  'POST /stop': 'operate',
  'POST /restart': 'operate',
  'POST /reload': 'operate',
  'POST /scale': 'operate',
  'POST /maintenance': 'operate',
  'POST /logs/rotate': 'operate',
  'POST /doctor': 'operate',
};

/** Other signals can do harm: SIGUSR1 opens a debugger to every local user in a Node program, SIGSTOP halts every site. */
const harmless: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']);

/** Groups whose members can become root on the distributions that hostd supports. */
const rootGroups: ReadonlySet<string> = new Set([
  'root',
  'disk',
  'docker',
  'incus-admin',
  'kmem',
  'libvirt',
  'lxd',
  'shadow',
  'sudo',
  'wheel',
]);

/** Why the page in the browser may not do this; null: it may. */
export function webRefusal(rights: WebRights, act: string): string | null {
  const needed = Object.hasOwn(webMay, act) ? webMay[act] : undefined;
  if (needed === undefined) return `cannot do "${act}": that is not for the page in the browser`;
  return needed === 'operate' && rights === 'read' ? 'cannot do that: [web] may = "read"' : null;
}

export function callerOf(uid: number, ownUid: number): Caller {
  return uid === 0 || uid === ownUid ? 'root' : 'operator';
}

export function standingOf({ isProxy, uid, groups, proxyUid, ownUid }: Belonging): Standing {
  if (isProxy) return 'proxy';
  if (uid === null) return 'unknown';
  if (uid === 0 || uid === ownUid) return 'root';
  if (uid === proxyUid) return 'proxy user';
  return groups.some(group => rootGroups.has(group)) ? 'root group' : 'ordinary';
}

export interface Target {
  readonly name: string;
  readonly standing: Standing;
}

/** Why the act is refused, in a sentence; null: it is allowed. `target`: the program that the act is for, where that matters. */
export function refusal(
  caller: Caller,
  act: string,
  target: Target | null = null,
  signal: string | null = null,
): string | null {
  if (caller === 'root') return null;
  const rule = Object.hasOwn(operatorsMay, act) ? operatorsMay[act] : undefined;
  if (rule === undefined) return `cannot do "${act}": root alone may`;
  if (rule === 'yes') return null;
  if (target === null || target.standing === 'ordinary') return null;
  if (rule === 'signals' && signal !== null && harmless.has(signal)) return null;
  const what = rule === 'signals' ? `send ${signal} to` : act === 'attach' ? 'attach to' : 'run a command in';
  return `cannot ${what} "${target.name}": ${because[target.standing]}, and you are not root`;
}

const because: Readonly<Record<Exclude<Standing, 'ordinary'>, string>> = {
  proxy: "it has the sites' TLS keys",
  root: 'it runs as root',
  'proxy user': "it runs as the proxy's user, who can read the sites' TLS keys",
  'root group': 'it runs in a group that can become root',
  unknown: 'its user does not exist',
};
