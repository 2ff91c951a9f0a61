// Where a supervisord keeps what the next one with the same configuration has to know: a directory of its own, so that several on
// one machine do not share one.

import { chownSync, lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings } from '../../model/assemble.ts';
import type { Settings } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { Exit, type Realized } from '../../supervisord/config/options.ts';

/** The directory for this configuration, pid file and user. Makes it, and gives it to supervisord's user. @throws Exit */
export function makePlace({ file, pidfile, uid }: Realized, environment: NodeJS.ProcessEnv): string {
  const own = process.geteuid?.() ?? 0;
  const key = native.sha256(JSON.stringify([realpathSync(file), pidfile, uid ?? own])).slice(0, 12);
  const base =
    environment['HOSTD_RUNTIME_DIR'] ?? (own === 0 ? '/run/hostd' : environment['XDG_RUNTIME_DIR']);
  // /tmp is sticky, so nobody else can remove the directory. But another user may have made it first.
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

/** Removes it, since the next one has nothing to know. Another user than root leaves an empty directory below root's. */
export function removePlace(place: string): void {
  try {
    rmSync(place, { recursive: true, force: true });
  } catch {
    // A leftover harms nobody.
  }
}

/** The settings of an equivalent hostd.toml: no proxy, nothing emitted, and every path in the place. */
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
