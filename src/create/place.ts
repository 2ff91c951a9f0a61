// Finds the configuration, what it has of an app, and the place for a new app's table.

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Loaded, load } from '../config/load.ts';
import { HostdError } from '../errors.ts';
import type { App, Host, Settings } from '../model/host.ts';
import { formatProblem } from '../model/problem.ts';
import type { Order } from './order.ts';

export interface Place {
  /** hostd.toml, and whether it is there. */
  readonly file: string;
  readonly exists: boolean;
  readonly settings: Settings;
  readonly host: Host;
  /** apps.d/NAME.toml. */
  readonly tomlFile: string;
  /** The app, if the configuration has it already. */
  readonly existing: App | null;
}

/** Without facts of the machine: a user that is still to be made is no error here. @throws HostdError */
export function findPlace(configFile: string, name: string): Place {
  const file = resolve(configFile);
  const exists = existsSync(file);
  const loaded = load(file, { machine: null });
  if (exists && loaded.broken.settings) throw broken(loaded, file);
  const existing = loaded.host.apps.find(app => app.name === name) ?? null;
  if (existing === null && loaded.broken.names.has(name)) throw broken(loaded, file, name);
  const { settings } = loaded.host;
  const tomlFile = `${appsDirectory(settings, file)}/${name}.toml`;
  if (existing === null && existsSync(tomlFile))
    throw new HostdError('conflict', `cannot write "${tomlFile}": it is there, and has no app "${name}"`, {
      hint: `mv ${tomlFile} ${tomlFile}.old`,
    });
  return { file, exists, settings, host: loaded.host, tomlFile, existing };
}

function broken(loaded: Loaded, file: string, name?: string): HostdError {
  const first = loaded.problems.find(
    ({ severity, subject }) => severity === 'error' && (name === undefined || subject === name),
  );
  if (first === undefined) return new HostdError('config', `cannot use "${file}": it has errors`);
  const { hint = 'hostctl check', ...problem } = first;
  return new HostdError('config', formatProblem(problem), { hint });
}

/** The first directory of which every *.toml is read. */
function appsDirectory({ include }: Settings, file: string): string {
  const pattern = include.find(pattern => pattern === '*.toml' || pattern.endsWith('/*.toml'));
  if (pattern !== undefined) return dirname(resolve(dirname(file), pattern));
  throw new HostdError('config', `cannot add an app: include in "${file}" names no directory`, {
    hint: 'include = ["apps.d/*.toml"]',
  });
}

/** Refuses what another app or program has already. Pure. @throws HostdError 'conflict' */
export function checkConflicts({ name, hosts, root, user, existing }: Order, host: Host): void {
  if (existing === null && host.programs.some(program => program.app === null && program.group === name))
    throw new HostdError('conflict', `cannot create "${name}": there is a program or group of that name`);
  for (const app of host.apps) {
    if (app.name === name) continue;
    const taken = hosts.find(host => app.serverNames.includes(host));
    if (taken !== undefined)
      throw conflict(`host name "${taken}" is already used by "${app.name}"`, '--host');
    if (`${root}/`.startsWith(`${app.root}/`) || `${app.root}/`.startsWith(`${root}/`))
      throw conflict(`"${app.root}" is the directory of "${app.name}"`, '--root');
    if (app.user === user) throw conflict(`user "${user}" is that of "${app.name}"`, '--user');
  }
}

function conflict(what: string, option: string): HostdError {
  return new HostdError('conflict', `cannot create: ${what}`, { hint: `another ${option}` });
}
