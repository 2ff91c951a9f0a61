// Removes an app: its table, and with purge everything that create has made for it. Any part may be gone already, so a removal that
// has failed can be run again.

import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { parseToml } from '../config/toml/toml.ts';
import { HostdError } from '../errors.ts';
import { ownerOf, removeEmpty } from '../linux/trusted.ts';
import type { App } from '../model/host.ts';
import { native } from '../native/index.ts';
import { removeUser } from './accounts.ts';
import { dropDatabase, dropRole } from './database.ts';
import { type Entry, type Journal, lockJournal, openJournal, tidyStateDirectory } from './journal.ts';
import { rootPath } from './names.ts';
import type { Place } from './place.ts';
import { processesOf } from './processes.ts';
import { removeTree } from './remove-tree.ts';
import { must, type Run } from './run.ts';

export interface Removal {
  readonly name: string;
  /** The file to remove; null: it is gone. */
  readonly tomlFile: string | null;
  readonly entry: Entry;
  /** What purge removes, and what it leaves of the app, and why. */
  readonly root: boolean;
  readonly user: boolean;
  readonly leaves: readonly string[];
}

/** @throws HostdError 'unknown-name' when neither the configuration nor an earlier create knows the app */
export function planRemoval(place: Place, name: string): Removal {
  const journal = openJournal(place.settings.stateDir, name);
  const { existing, host } = place;
  const before = journal.read();
  if (existing === null && before === null)
    throw new HostdError(
      'unknown-name',
      `cannot remove "${name}": there is no app of that name in ${place.file}`,
      {
        hint: 'hostctl status',
      },
    );
  if (existing !== null) checkAlone(existing, place.file);
  const entry = before ?? entryOf(existing as App);
  const others = host.apps.filter(app => app.name !== name);
  const root = takesRoot(entry, others);
  const user = takesUser(entry, others);
  return {
    name,
    tomlFile: existing?.source.file ?? null,
    entry,
    root: root === null,
    user: user === null,
    leaves: [root, user].flatMap(reason => reason || []),
  };
}

/** Lines that say what purge removes. Pure. */
export function purgeList({ entry, root, user }: Removal): readonly string[] {
  return [
    ...(root ? [`${entry.root}, with everything in it`] : []),
    ...(entry.made.includes('database') ? [`the PostgreSQL database "${entry.database?.name}"`] : []),
    ...(entry.made.includes('role') ? [`the PostgreSQL role "${entry.database?.role}"`] : []),
    ...(user ? [`the user "${entry.user}", and what still runs as it`] : []),
  ];
}

/** The entry of an app that was written by hand: create has made nothing of it. */
function entryOf({ name, root, user, group }: App): Entry {
  return { version: 1, name, root, user, group: group ?? '', parents: [], made: [], database: null };
}

/** The file must have only this app in it, or others would disappear with it. */
function checkAlone(app: App, main: string): void {
  const { file } = app.source;
  const hint = `take [app.${app.name}] out of it by hand, then: hostctl update`;
  const refuse = (why: string) => new HostdError('conflict', `cannot take "${file}" away: ${why}`, { hint });
  if (file === main) throw refuse('it is the main configuration');
  const tables = parseToml(readFileSync(file, 'utf8'), file, [])?.tables ?? {};
  const apps = Object.keys((tables['app'] ?? {}) as object);
  if (Object.keys(tables).join() !== 'app' || apps.join() !== app.name)
    throw refuse('it holds more than this app');
}

/** Why the root stays; "" when there is none, null when it is removed. */
function takesRoot({ root, user, made }: Entry, others: readonly App[]): string | null {
  rootPath(root);
  const found = ownerOf(root);
  if (found === null) return '';
  const other = others.find(
    app => `${app.root}/`.startsWith(`${root}/`) || `${app.project}/`.startsWith(`${root}/`),
  );
  if (other !== undefined) return `${root}: app "${other.name}" is in it`;
  const owner = native.user(user);
  if (made.includes('root') || (owner !== null && owner.uid !== 0 && found.uid === owner.uid)) return null;
  return `${root}: it does not belong to "${user}"`;
}

function takesUser({ root, user, made }: Entry, others: readonly App[]): string | null {
  const found = native.user(user);
  if (found === null) return '';
  const other = others.find(app => app.user === user);
  if (other !== undefined) return `the user "${user}": app "${other.name}" runs as it`;
  if (found.uid === 0) return 'the user "root"';
  // As the article's useradd makes it: a system user whose home is the app's root.
  const isArticles = found.home === root && found.uid < 1000;
  return made.includes('user') || isArticles ? null : `the user "${user}": it was there before the app`;
}

export interface RemoveOptions {
  readonly purge: boolean;
  readonly run: Run;
  /** Tells hostd that the app is gone; false: no hostd runs. */
  tell(): Promise<boolean>;
  /** One thing was removed. */
  done(what: string): void;
  note(text: string): void;
}

/** @throws HostdError of the part that failed. What was removed stays so, and the next run goes on from there */
export async function remove(removal: Removal, place: Place, options: RemoveOptions): Promise<void> {
  const { stateDir } = place.settings;
  const unlock = lockJournal(stateDir);
  const journal = openJournal(stateDir, removal.name);
  try {
    takeToml(removal, journal, options);
    const isTold = await options.tell();
    if (options.purge) await purge(removal, journal, options);
    else if (!isTold) noteLeftRunning(removal, options);
  } finally {
    tidyStateDirectory(stateDir);
    unlock();
  }
}

function takeToml({ tomlFile, entry }: Removal, journal: Journal, { done }: RemoveOptions): void {
  if (tomlFile === null || !existsSync(tomlFile)) return;
  journal.write(entry);
  copyFileSync(tomlFile, journal.removedToml);
  rmSync(tomlFile);
  done(`took ${tomlFile} away`);
}

function noteLeftRunning({ entry }: Removal, { note }: RemoveOptions): void {
  const found = native.user(entry.user);
  const pids = found === null || found.uid === 0 ? [] : processesOf(found.uid);
  if (pids.length > 0) note(`still running as "${entry.user}": ${pids.join(', ')}`);
}

async function purge(removal: Removal, journal: Journal, options: RemoveOptions): Promise<void> {
  const { run, done, note } = options;
  const { entry, user, root, leaves } = removal;
  // Decided now, since a run that goes on from here can no longer tell who owned the files.
  const takes = [...entry.made, ...(root ? (['root'] as const) : []), ...(user ? (['user'] as const) : [])];
  journal.write({ ...entry, made: [...new Set(takes)] });
  // First, so that no process of the user makes files meanwhile.
  if (user) {
    await removeUser(run, entry.user);
    done(`removed the user "${entry.user}"`);
  }
  if (entry.database !== null && entry.made.includes('database')) {
    await dropDatabase(run, entry.database, entry.database.name);
    done(`dropped the database "${entry.database.name}"`);
  }
  if (entry.database !== null && entry.made.includes('role')) {
    await dropRole(run, entry.database, entry.database.role);
    done(`dropped the role "${entry.database.role}"`);
  }
  if (root && removeTree(entry.root)) done(`removed ${entry.root}`);
  for (const parent of entry.parents.toReversed()) if (removeEmpty(parent)) done(`removed ${parent}`);
  await removeGroup(entry.group, journal, options);
  for (const reason of leaves) note(`left ${reason}`);
  journal.remove();
  rmSync(journal.removedToml, { force: true });
}

/** Removes a group that create has made, and that has no members left. */
async function removeGroup(group: string, journal: Journal, { run, done }: RemoveOptions): Promise<void> {
  if (!journal.groups().includes(group)) return;
  const found = native.group(group);
  if (found !== null) {
    const users = (await run({ argv: ['getent', 'passwd'] })).stdout;
    const entry = (await run({ argv: ['getent', 'group', group] })).stdout;
    if (!isEmptyGroup(found.gid, users, entry)) return;
    await must(run, `remove the group "${group}"`, { argv: ['groupdel', group] });
    done(`removed the group "${group}"`);
  }
  journal.setGroup(group, false);
}

/** By the lines of passwd(5) and the group's own in group(5). Pure. */
export function isEmptyGroup(gid: number, passwd: string, entry: string): boolean {
  const isPrimary = passwd.split('\n').some(line => line.split(':')[3] === String(gid));
  return !isPrimary && (entry.trim().split(':')[3] ?? '') === '';
}
