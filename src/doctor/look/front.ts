// Who listens on the ports of the web where hostd's own proxy does not, and as whom: nginx, most often.

import { readdirSync, readFileSync } from 'node:fs';
import { holdersOfAddress } from '../../linux/listeners.ts';
import { pids } from '../../linux/procfs.ts';
import type { Host } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { Front, Ids } from '../facts.ts';

const ports = [80, 443] as const;

/** The web servers of others. Their names are seen by root alone. */
export function lookForFronts({ settings, sites }: Pick<Host, 'settings' | 'sites'>): readonly Front[] {
  const { enabled, listen, tlsListen } = settings.proxy;
  // Addresses for TLS are only bound while a site has a certificate.
  const hasTls = sites.some(({ certificate }) => certificate !== null);
  const own = enabled ? [...listen, ...(hasTls ? tlsListen : [])].map(({ port }) => port) : [];
  return ports.flatMap((port): Front[] => {
    if (own.includes(port)) return [];
    const holders = holdersOfAddress({ host: '0.0.0.0', port }) ?? holdersOfAddress({ host: '::', port });
    if (holders === null) return [];
    const [holder = null] = holders;
    if (holder !== null && /^hostd/.test(holder.name)) return [];
    return [{ port, holder, workers: holder === null ? [] : workersNamed(holder.name) }];
  });
}

/** Ids of the processes of this name that are not root's. */
function workersNamed(name: string): readonly Ids[] {
  const found = new Map<number, Ids>();
  for (const pid of pids()) {
    try {
      if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== name) continue;
      const ids = idsIn(readFileSync(`/proc/${pid}/status`, 'utf8'));
      if (ids === null || ids.uid === 0) continue;
      found.set(ids.uid, { ...ids, user: native.user(ids.uid)?.name ?? String(ids.uid) });
    } catch {
      // It has ended.
    }
  }
  return [...found.values()];
}

/** The effective ids in the text of /proc/PID/status (proc_pid_status(5)); null: it has none. */
export function idsIn(status: string): Omit<Ids, 'user'> | null {
  const field = (name: string) =>
    new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/);
  const [, uid] = field('Uid') ?? [];
  const [, gid] = field('Gid') ?? [];
  if (uid === undefined || gid === undefined) return null;
  const groups = (field('Groups') ?? []).filter(Boolean).map(Number);
  return { uid: Number(uid), groups: [...new Set([Number(gid), ...groups])] };
}

/** The sockets that nginx's configuration below this directory passes requests to. A file that cannot be read has none. */
export function socketsOfNginx(directory = '/etc/nginx'): readonly string[] {
  const found = new Set<string>();
  for (const part of ['conf.d', 'sites-enabled']) {
    try {
      for (const name of readdirSync(`${directory}/${part}`).slice(0, 1000)) {
        const text = readFileSync(`${directory}/${part}/${name}`, 'utf8').slice(0, 262_144);
        for (const [, path = ''] of text.matchAll(/unix:(\/[^\s;:]{1,107})/g)) found.add(path);
      }
    } catch {
      // It is another distribution's layout, or closed.
    }
  }
  return [...found];
}
