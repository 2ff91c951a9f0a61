// What this process may do, as [supervisord] says: whose it is, and its limits. `program` is the name that it was called by.

import { readFileSync } from 'node:fs';
import { native } from '../../native/index.ts';
import { type Realized, usage } from '../../supervisord/config/options.ts';
import type { Stage } from './daemonize.ts';
import { LimitError, limitsFor, mayRaise, softLimit } from './limits.ts';

/** Makes this process another user's, as user= in [supervisord] says. @throws Exit */
export function setUser(real: Realized, program: string, criticals: string[], infos: string[]): void {
  const own = process.getuid?.() ?? 0;
  if (real.uid === null) {
    if (own === 0)
      criticals.push(
        'Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message.',
      );
    return;
  }
  if (real.uid !== own) {
    if (own !== 0) throw usage("Can't drop privilege as nonroot user", program);
    const account = native.user(real.uid);
    if (account === null) throw usage(`Can't find uid ${real.uid}`, program);
    process.setgroups?.([...new Set([account.gid, ...account.groups])]);
    process.setgid?.(account.gid);
    process.setuid?.(account.uid);
  }
  infos.push(`Set uid to user ${real.uid} succeeded`);
}

/** Finds the limits that processes are given, for minfds and minprocs: triples for setrlimit(2). What is raised is said in `infos`. @throws Exit */
export function takeLimits(
  real: Realized,
  program: string,
  stage: Stage,
  infos: string[],
): readonly number[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const given = process.env['HOSTD_NOFILE'];
  const openFiles =
    given === undefined
      ? softLimit(limits, 'Max open files')
      : given === 'unlimited'
        ? Number.POSITIVE_INFINITY
        : Number(given);
  try {
    const { minfds, minprocs } = real;
    const processes = softLimit(limits, 'Max processes');
    const { triples, raised } = limitsFor(
      { minfds, minprocs, openFiles, processes },
      limits,
      mayRaise(readFileSync('/proc/self/status', 'utf8'), readFileSync('/proc/sys/fs/nr_open', 'utf8')),
    );
    if (stage.kind === 'first') infos.push(...raised);
    return triples;
  } catch (error) {
    throw error instanceof LimitError ? usage(error.message, program) : error;
  }
}
