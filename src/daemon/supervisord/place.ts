// Where a supervisord keeps what the next one with the same configuration has to know: a directory of its own, so that several on
// one machine do not meet.

import { chownSync, lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings } from '../../model/assemble.ts';
import type { Settings } from '../../model/host.ts';
import { Exit, type Realized } from '../../supervisord/config/options.ts';
import { sha256 } from '../own/digest.ts';

/** Known by its configuration, its pid file and its user. Made, and given to the user that supervisord is to be. @throws Exit */
export function makePlace({ file, pidfile, uid }: Realized, environment: NodeJS.ProcessEnv): string {
  const own = process.geteuid?.() ?? 0;
  const key = sha256(JSON.stringify([realpathSync(file), pidfile, uid ?? own])).slice(0, 12);
  const base =
    environment['HOSTD_RUNTIME_DIR'] ?? (own === 0 ? '/run/hostd' : environment['XDG_RUNTIME_DIR']);
  // In /tmp nobody else can take it away: the directory is sticky. But another user may have been there first.
  const path =
    base === undefined || base === ''
      ? `/tmp/hostd-supervisord-${own}-${key}`
      : join(base, 'supervisord', key);
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const owner = lstatSync(path).uid;
  if (owner !== own && owner !== uid)
    throw new Exit(
      2,
      '',
      `Error: cannot keep anything in "${path}": it belongs to uid ${owner}\n  try: HOSTD_RUNTIME_DIR=DIR in the environment, a directory that only this user can write to\n`,
    );
  if (own === 0 && uid !== null && uid !== 0) chownSync(path, uid, -1);
  return path;
}

/** Nothing is left for a next one to know; of a directory of root's another user leaves the empty one. */
export function removePlace(place: string): void {
  try {
    rmSync(place, { recursive: true, force: true });
  } catch {
    // What is left harms nobody.
  }
}

/** What a hostd.toml would say: no proxy, nothing emitted, and every path in the place. */
export function settingsOf(file: string, place: string): Settings {
  const usual = defaultSettings(file);
  return {
    ...usual,
    include: [],
    runtimeDir: place,
    stateDir: place,
    logDir: place,
    control: { socket: join(place, 'hostd.sock'), group: null },
    proxy: { ...usual.proxy, enabled: false, listen: [], tlsListen: [], user: 'nobody' },
    emit: { ...usual.emit, nginxTest: [], nginxReload: [] },
  };
}
