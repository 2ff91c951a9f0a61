// Whether hostd's own programs, which run as [proxy] user, have what they need. The Node that runs hostd executes them, and root may
// execute files that other users may not, such as those that were installed with umask 027.

import { existsSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { native, type User } from '../native/index.ts';
import { quoteWord } from '../words/shlex.ts';

/** By the file's mode alone (chmod(1)). Access control lists are not looked at. */
export function mayExecute(
  file: Pick<Stats, 'uid' | 'gid' | 'mode'>,
  user: Pick<User, 'uid' | 'groups'>,
): boolean {
  if (user.uid === 0) return (file.mode & 0o111) !== 0;
  if (file.uid === user.uid) return (file.mode & 0o100) !== 0;
  return (file.mode & (user.groups.includes(file.gid) ? 0o010 : 0o001)) !== 0;
}

/** What it means when the kernel does not let `user` execute the Node at `path`, and a remedy. */
export function refusedNode(user: string, path: string): { readonly message: string; readonly hint: string } {
  return { message: `"${user}" may not execute "${path}"`, hint: `chmod go+rx ${quoteWord(path)}` };
}

/** What keeps the proxy and the health probes from running, or makes them slow. */
export function ownProgramProblems(host: Host): Problem[] {
  return [...closedNode(host, process.execPath), ...(host.settings.proxy.enabled ? missingAddon(host) : [])];
}

/** The addon of the proxy, which works without it too. Root's process never loads it. */
function missingAddon({ settings }: Host): Problem[] {
  // The paths are the same from src/config and from dist/config.
  const file = join(import.meta.dirname, `../../build/linux-${process.arch}/bare-sockets.node`);
  if (existsSync(file)) return [];
  const message = `the proxy is slower than it could be: there is no "${file}"`;
  const hint = `sh ${quoteWord(join(import.meta.dirname, '../../src/native/build.sh'))}`;
  return [{ severity: 'warning', message, hint, at: { file: settings.file, key: ['proxy'] } }];
}

/** A Node that [proxy] user may not execute. Only root's hostd can have this problem. */
function closedNode({ settings, programs }: Host, node: string): Problem[] {
  const { enabled, user: name } = settings.proxy;
  if (process.geteuid?.() !== 0 || !(enabled || programs.some(({ health }) => health !== null))) return [];
  const user = native.user(name);
  // A user that does not exist is another problem.
  const file = statSync(node, { throwIfNoEntry: false });
  if (user === null || file === undefined || mayExecute(file, user)) return [];
  const what = enabled ? 'cannot run the proxy' : 'cannot ask for health';
  const { message, hint } = refusedNode(name, node);
  const at = { file: settings.file, key: ['proxy', 'user'] };
  return [{ severity: 'error', message: `${what}: ${message}`, hint, at }];
}
