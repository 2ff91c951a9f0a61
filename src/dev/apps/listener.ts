// Finds which users listen on a port (proc_net_tcp(5)). Another user's program may take the port that an app was given, and would then
// get the app's requests. Knows nothing of apps.

import { readFileSync } from 'node:fs';

/** The uids of all sockets that listen (state 0A) on a port, at any address. `table`: /proc/net/tcp or tcp6. */
export function listenersIn(table: string, port: number): readonly number[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[1]?.endsWith(suffix) === true && fields[3] === '0A')
    .map(fields => Number(fields[7]));
}

/** The first uid that is neither `own` nor root's: root can read all requests anyway. */
export function strangerAmong(uids: readonly number[], own: number): number | null {
  return uids.find(uid => uid !== 0 && uid !== own) ?? null;
}

/** Another user than root that listens on this port; null: there is none. */
export function strangerOn(port: number): number | null {
  const found = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file => {
    try {
      return listenersIn(readFileSync(file, 'latin1'), port);
    } catch {
      return []; // no IPv6, or no /proc
    }
  });
  return strangerAmong(found, process.getuid?.() ?? 0);
}
