// What a member of the operators' group may do, against what root may: one table, asked before anything is done. Pure. What is not
// in the table, root alone may.

/** root: uid 0, or the user that hostd itself runs as. operator: anybody else whom the control socket lets in. */
export type Caller = 'root' | 'operator';

/** What it means to act as a program's user. Only `ordinary` gives nobody more than the app has. */
export type Standing =
  | 'ordinary'
  /** A proxy worker: it holds the sites' TLS keys, and every listener. */
  | 'proxy'
  /** Root, or hostd's own user. */
  | 'root'
  /** The user of the proxy's workers: whoever is that user can read their memory. */
  | 'proxy user'
  /** In a group by which one becomes root. */
  | 'root group'
  /** Its user is gone, so there is no saying. */
  | 'unknown';

/** What decides a program's standing. */
export interface Belonging {
  readonly isProxy: boolean;
  /** null: there is no such user. */
  readonly uid: number | null;
  /** Names of all its groups; the name "root" stands for gid 0. */
  readonly groups: readonly string[];
  readonly proxyUid: number | null;
  /** hostd's own. */
  readonly ownUid: number;
}

/** `programs`: only of an ordinary program. `signals`: of any other program only those that end it or have it read its files anew. */
type Rule = 'yes' | 'programs' | 'signals';

/** What operators may, by the call on the control socket ("POST /stop") or what is asked of a terminal. */
export const operatorsMay: Readonly<Record<string, Rule>> = {
  'GET /status': 'yes',
  'GET /sites': 'yes',
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
  'POST /signal': 'signals',
  exec: 'programs',
  shell: 'programs',
  django: 'programs',
  attach: 'programs',
};

/** SIGUSR1, for one, opens a debugger to every local user in a program of Node's; SIGSTOP halts every site. */
const harmless: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']);

/** Groups whose members can become root, on the distributions that hostd is made for. */
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

/** Why it may not be, in a sentence; null: it may. `target`: the program that it is done to, where that matters. */
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
