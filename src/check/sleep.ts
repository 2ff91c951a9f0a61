// Whether the file system of a socket says when somebody connects: an app with idle_timeout sleeps only where it does
// (daemon/sockets/last-connection.ts finds it out by trying).

import { readFileSync } from 'node:fs';
import type { App } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { finding } from './problem.ts';

export function checkSleep(app: App): readonly Problem[] {
  if (app.idleTimeout === null) return [];
  const why = silenceOf(app.socket, mounts());
  if (why === null) return [];
  const message = `it stays awake in spite of idle_timeout: the file system of "${app.socket}" does not say when somebody connects (${why})`;
  return [finding('warning', app, 'idle_timeout', message, `socket = "/run/${app.name}.sock"`)];
}

function mounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}

/** Why the file system that `path` is on keeps no access times, or null. `table`: /proc/self/mountinfo (proc(5)). */
export function silenceOf(path: string, table: string): string | null {
  let found: { readonly point: string; readonly options: readonly string[]; readonly type: string } | null =
    null;
  for (const line of table.split('\n')) {
    const [, , , , point, options, ...rest] = line.split(' ');
    const type = rest[rest.indexOf('-') + 1];
    if (point === undefined || options === undefined || type === undefined) continue;
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`);
    // Of two at one place, the later one covers the earlier.
    if (isAbove && point.length >= (found?.point.length ?? 0))
      found = { point, options: options.split(','), type };
  }
  if (found === null) return null;
  if (found.options.includes('noatime')) return `"${found.point}" is mounted noatime`;
  return found.type === 'overlay' ? `"${found.point}" is an overlay` : null;
}
