// Everything that a check finds on this machine besides what makes an app unusable (model/check.ts): what can be seen without
// running anybody's code, and what running it shows. Each part looks at one thing, and knows nothing of the others.

import { isElsewhere } from '../model/elsewhere.ts';
import type { App, Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { native, type User } from '../native/index.ts';
import { checkBounds } from './bounds.ts';
import { checkCertificate } from './certificates.ts';
import { checkCode } from './code.ts';
import { checkDeep } from './deep.ts';
import { checkDisks } from './disks.ts';
import { checkLogs, checkServed } from './files.ts';
import { checkPorts } from './ports.ts';
import { checkSleep } from './sleep.ts';

/** `host`: what load() can use. `at` of a problem is the name of a key, for load's `place`. */
export function lookAround(host: Host, now = Date.now()): readonly Problem[] {
  const { proxy } = host.settings;
  const worker = proxy.enabled ? userNamed(proxy.user) : null;
  const apps = host.apps.flatMap(app => {
    const own = appUser(app);
    if (own === null) return [];
    return [
      ...(isElsewhere(app) ? [] : checkCode(app, own)),
      ...(worker === null ? [] : checkServed(app, worker)),
      ...checkLogs(app, host.programs, own),
      ...checkCertificate(app, own, now),
      ...(isElsewhere(app) ? [] : checkSleep(app)),
    ];
  });
  return [...checkPorts(host), ...checkDisks(host), ...checkBounds(host), ...apps];
}

/** The problems that show when each app's code is run by its own user, besides `plain`, the findings of lookAround. */
export async function lookDeep(host: Host, plain: readonly Problem[]): Promise<readonly Problem[]> {
  const found: Problem[] = [];
  const left = host.apps.filter(app => !isElsewhere(app));
  const work = async () => {
    for (let app = left.shift(); app !== undefined; app = left.shift()) {
      const user = appUser(app);
      const { name } = app;
      const isSaid = plain.some(
        ({ severity, subject, at }) =>
          severity === 'error' &&
          subject === name &&
          at !== undefined &&
          'key' in at &&
          broken.has(at.key.at(-1)),
      );
      // Code that cannot be loaded, for a reason that has been reported, is not run.
      if (user !== null && !isSaid) found.push(...(await checkDeep(app, host, user)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}

/** Apps whose code is loaded at the same time. */
const atOnce = 4;
/** Keys without which code cannot be loaded. */
const broken: ReadonlySet<unknown> = new Set(['root', 'project', 'wsgi', 'settings', 'worker_class', 'user']);

/** The app's user with the groups of its programs; null: there is no such user. */
export function appUser(app: App): User | null {
  const user = userNamed(app.user);
  if (user === null) return null;
  const gid = app.group === null ? user.gid : (native.group(idOf(app.group))?.gid ?? user.gid);
  return { ...user, gid, groups: [...new Set([gid, ...user.groups])] };
}

/** By name or number; null: there is no such user. */
export function userNamed(name: string): User | null {
  return native.user(idOf(name));
}

function idOf(name: string): string | number {
  return /^\d+$/.test(name) ? Number(name) : name;
}
