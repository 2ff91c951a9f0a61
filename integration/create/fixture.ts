// What the tests of create and remove share: hostctl, a configuration in the test's place, names that are
// nobody's, and what is left on the machine.

import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync } from 'node:fs';
import { type Ran, run } from '../../scripts/run.ts';
import { native } from '../../src/native/index.ts';
import { checkout } from '../harness/hostd.ts';
import type { Place } from '../harness/place.ts';

export interface Names {
  /** App, user, and role: not on this machine yet; taken off it when the test ends. */
  readonly name: string;
  readonly group: string;
  readonly root: string;
  readonly host: string;
}

/** `place` must outlive the app: its root lies in it. */
export function freshNames(place: Place, label = 'app'): Names {
  const name = `hc${randomBytes(4).toString('hex')}`;
  const group = `${name}g`;
  place.after(async () => {
    if (native.user(name) !== null) await run(['userdel', '--force', name]);
    if (native.group(group) !== null) await run(['groupdel', group]);
  });
  return { name, group, root: `${place.dir}/webapps/${label}`, host: `${label}.test` };
}

/** A configuration without a daemon; returns hostd.toml. `more`: further tables. */
export function writeConfiguration(place: Place, more = ''): string {
  const { dir } = place;
  place.directory('etc/apps.d');
  const text = `[hostd]\nruntime_dir = "${dir}/run"\nstate_dir = "${dir}/lib"\nlog_dir = "${dir}/log"\n${more}`;
  return place.write('etc/hostd.toml', text);
}

export interface HostctlOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
}

/** argv of hostctl with the configuration `config`. */
export function hostctlCommand(config: string, args: readonly string[]): readonly [string, ...string[]] {
  return [`${checkout}/bin/hostctl`, '-c', config, ...args];
}

/** Runs it to its end. */
export function hostctl(config: string, args: readonly string[], options: HostctlOptions = {}): Promise<Ran> {
  const argv = hostctlCommand(config, args);
  const { HOSTD_SOCKET: _, HOSTD_CONFIG: __, ...env } = { ...process.env, ...options.env };
  return run(argv, {
    env,
    timeout: 200_000,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
}

/** Everything below a directory that create could have changed, as lines: mode, owner, path, target of a link. */
export function listing(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map(name => {
      const { mode, uid, gid } = lstatSync(`${directory}/${name}`);
      return `${mode.toString(8)} ${uid}:${gid} ${name}`;
    })
    .toSorted();
}

/** A directory that no app can reach by itself, with a file to be kept whole. */
export function outside(place: Place): string {
  const directory = mkdtempSync(`${place.dir}/outside-`);
  place.write(`${directory.slice(place.dir.length + 1)}/precious`, 'precious\n');
  return directory;
}
