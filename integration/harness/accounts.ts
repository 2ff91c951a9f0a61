// The users of tests: root makes two system users, once per machine. Any other user is the only one.

import { userInfo } from 'node:os';
import { type Account, must, run } from '../../scripts/run.ts';
import { native } from '../../src/native/index.ts';

export type { Account };

export const isRoot = process.getuid?.() === 0;

/** For node:test's `skip`: the reason where the test can't run. */
export const needsRoot: string | false = isRoot ? false : 'needs root';

const group = 'hostd-test';

/** This process's own user. */
export function self(): Account {
  const { username, uid, gid } = userInfo();
  return { name: username, uid, gid };
}

/** hostd-test-a and hostd-test-b, in the group hostd-test; both are this user where that is not root. */
export async function testAccounts(): Promise<{ readonly a: Account; readonly b: Account }> {
  if (!isRoot) return { a: self(), b: self() };
  if (native.group(group) === null) await make(['groupadd', '--system', group], () => native.group(group));
  return { a: await account('hostd-test-a'), b: await account('hostd-test-b') };
}

/** The user of the proxy's workers. */
export function proxyAccount(): Account {
  if (!isRoot) return self();
  const user = native.user('www-data') ?? native.user('nobody');
  if (user === null) throw new Error('cannot find the user "www-data" or "nobody"');
  return { name: user.name, uid: user.uid, gid: user.gid };
}

/** The name of an account's primary group. */
export function groupOf(account: Account): string {
  return native.group(account.gid)?.name ?? String(account.gid);
}

async function account(name: string): Promise<Account> {
  const options = [
    '--system',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
  ];
  if (native.user(name) === null)
    await make(['useradd', ...options, '--gid', group, name], () => native.user(name));
  const user = native.user(name);
  if (user === null) throw new Error(`cannot find the user "${name}" after useradd`);
  return { name, uid: user.uid, gid: user.gid };
}

/** Another test run may make the same user at the same moment. */
async function make(argv: [string, ...string[]], exists: () => unknown): Promise<void> {
  const ran = await run(argv, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
  if (ran.code !== 0 && !exists()) await must(`run ${argv[0]}`, argv);
}
