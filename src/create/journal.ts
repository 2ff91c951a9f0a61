// What create has made, noted in the state directory, so that remove takes away that and nothing else: no user, group
// or database that was there before. Each note is written before the thing is made, so a killed run leaves no orphan.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf, HostdError } from '../errors.ts';
import { native } from '../native/index.ts';

export interface Entry {
  readonly version: 1;
  readonly name: string;
  readonly root: string;
  readonly user: string;
  readonly group: string;
  /** Directories above root, the topmost first. */
  readonly parents: readonly string[];
  readonly made: readonly Made[];
  readonly database: {
    readonly name: string;
    readonly role: string;
    readonly socketDirectory: string;
    readonly port: string;
  } | null;
}

export type Made = 'user' | 'root' | 'role' | 'database';

/** The entry of one app. */
export interface Journal {
  read(): Entry | null;
  write(entry: Entry): void;
  remove(): void;
  /** Groups that create has made, for any app. The last app takes its group away. */
  groups(): readonly string[];
  setGroup(group: string, isMade: boolean): void;
  /** Where remove keeps the app's table, in case it must be put back. */
  readonly removedToml: string;
}

export function openJournal(stateDir: string, name: string): Journal {
  const directory = join(stateDir, 'created');
  const file = join(directory, `${name}.json`);
  const groupsFile = join(directory, '.groups');
  const write = (path: string, value: unknown) => {
    makeStateDirectory(stateDir);
    writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const groups = () => (readJson(groupsFile) as readonly string[] | null) ?? [];
  return {
    read: () => readJson(file) as Entry | null,
    write: entry => write(file, entry),
    remove: () => rmSync(file, { force: true }),
    groups,
    setGroup(group, isMade) {
      const others = groups().filter(other => other !== group);
      if (isMade || others.length > 0) write(groupsFile, isMade ? [...others, group] : others);
      else rmSync(groupsFile, { force: true });
    },
    removedToml: join(directory, `${name}.toml.removed`),
  };
}

/** Makes a directory that only root may enter. */
function makeStateDirectory(stateDir: string): string {
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  const directory = join(stateDir, 'created');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Removes the directory when it has no notes left. */
export function tidyStateDirectory(stateDir: string): void {
  const directory = join(stateDir, 'created');
  const left = readdirSync(directory).filter(name => name !== '.lock');
  if (left.length === 0) rmSync(directory, { recursive: true });
}

/** Keeps any other create or remove out until the returned function is called. @throws HostdError 'conflict' */
export function lockJournal(stateDir: string): () => void {
  const fd = openSync(join(makeStateDirectory(stateDir), '.lock'), 'a', 0o600);
  if (native.lock(fd) === 1) return () => closeSync(fd);
  closeSync(fd);
  throw new HostdError('conflict', 'cannot begin: another hostctl create or remove is at work', {
    hint: 'wait for its end',
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw new HostdError('failed', `cannot read "${path}", which says what hostctl create made`, {
      hint: `mv ${path} ${path}.broken`,
      cause,
    });
  }
}
