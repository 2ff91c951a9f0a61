// Whether the proxy's user may serve an app's files and reach its socket, and whether hostd may rotate its logs. The kernel is asked,
// before a visitor gets a 403.

import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { App, Program } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { User } from '../native/index.ts';
import { quoteWord } from '../words/shlex.ts';
import { accessTo, canAskFor, describeMode, opening } from './access.ts';
import { finding } from './problem.ts';

/** `proxy`: the user of the proxy's workers. */
export function checkServed(app: App, proxy: User): readonly Problem[] {
  const problems: Problem[] = [];
  const closed = new Set<string>();
  const look = (key: string, path: string, what: string, meaning: string) => {
    const access = canAskFor(proxy) ? accessTo(path, proxy) : 'yes';
    if (typeof access === 'string' || closed.has(access.path)) return;
    // One closed directory closes everything below it, and is reported once.
    closed.add(access.path);
    const mode = describeMode(access.stats, access.stats.isDirectory());
    const verb = access.isOnTheWay ? 'enter' : 'read';
    const message = `${what}: "${proxy.name}" may not ${verb} "${access.path}" (${mode}), so ${meaning}`;
    problems.push(finding('error', app, key, message, opening(access)));
  };
  for (const [key, path] of [
    ['static', app.static],
    ['media', app.media],
  ] as const) {
    if (path === null) continue;
    look(key, path, `${key} "${path}"`, `each file below /${key}/ is answered with 403`);
    if (key === 'static' && isMissing(path) && isDjango(app)) problems.push(noStatic(app, path));
  }
  look('socket', dirname(app.socket), `socket "${app.socket}"`, 'no request reaches the app');
  if (app.errorPages !== null)
    look('error_pages', app.errorPages, `error_pages "${app.errorPages}"`, 'it has plain pages');
  return problems;
}

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function isDjango(app: App): boolean {
  return !isMissing(`${app.project}/manage.py`);
}

function noStatic(app: App, path: string): Problem {
  const message = `static "${path}" does not exist: each file below /static/ is answered with 404`;
  const hint = `hostctl exec ${app.name} -- python manage.py collectstatic --noinput, with STATIC_ROOT = "${path}"`;
  return finding('warning', app, 'static', message, hint);
}

/** Logs that hostd cannot rotate, since another user owns them. Supervisor and nginx wrote theirs as root. */
export function checkLogs(
  app: App,
  programs: readonly Program[],
  { uid, gid }: { readonly uid: number; readonly gid: number },
): readonly Problem[] {
  const own = programs.filter(program => program.app === app.name);
  const paths = own.flatMap(({ stdout, stderr }) => [stdout.path, stderr?.path ?? null]);
  const all = [...paths, app.accessLog, app.errorLog].filter(path => path !== null);
  const foreign = [...new Set(all)].filter(path => {
    try {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      return stats?.isFile() === true && stats.uid !== uid && uid !== 0;
    } catch {
      return false;
    }
  });
  if (foreign.length === 0) return [];
  const [first = ''] = foreign;
  const more = foreign.length === 1 ? '' : ` and ${foreign.length - 1} more`;
  const message = `log "${first}"${more} is not its user's: it can be written, and not rotated`;
  return [
    finding('warning', app, 'logs', message, `chown ${uid}:${gid} ${foreign.map(quoteWord).join(' ')}`),
  ];
}
