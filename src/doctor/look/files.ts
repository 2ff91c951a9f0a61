// An app's files: those that may have secrets in them, and one that its site serves below /static/. They are looked at with the rights of
// the app's user, since its directories are its own.

import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asUser } from '../../check/access.ts';
import { readText } from '../../linux/read-text.ts';
import type { App } from '../../model/host.ts';
import type { User } from '../../native/index.ts';
import type { SecretFile } from '../facts.ts';

/** Bytes of settings that are read. */
const longestSettings = 262_144;
/** Entries of a tree that are looked at for a file. */
const mostEntries = 300;

/** The files of the app that everybody on this machine can read, and that have secrets in them. `databases`: paths of SQLite's. */
export function lookForSecrets(app: App, user: User, databases: readonly string[]): readonly SecretFile[] {
  const { root, project, settings, certificate } = app;
  const places: readonly (readonly [SecretFile['what'], string])[] = [
    ...[...new Set([root, project, dirname(project)])].map(at => ['environment', `${at}/.env`] as const),
    ['settings', `${project}/${settings.replaceAll('.', '/')}.py`],
    ['key', `${root}/data/secret_key`],
    ...(certificate === null ? [] : [['key', certificate.key] as const]),
    ...[...new Set([`${project}/db.sqlite3`, ...databases])]
      .filter(path => path.startsWith('/'))
      .map(path => ['database', path] as const),
  ];
  return places.flatMap(([what, path]) => {
    const mode = openMode(path, user);
    if (mode === null || (what === 'settings' && !hasSecret(path, user))) return [];
    return [{ path, what, mode }];
  });
}

/** The mode of a file that everybody can reach and read; null: it is closed, or not there. */
function openMode(path: string, user: User): number | null {
  return asUser(user, () => {
    try {
      const stats = statSync(path);
      if (!stats.isFile() || (stats.mode & 0o004) === 0) return null;
      return isReachable(dirname(path)) ? stats.mode & 0o7777 : null;
    } catch {
      return null;
    }
  });
}

function isReachable(directory: string): boolean {
  const isOpen = (statSync(directory).mode & 0o001) !== 0;
  return isOpen && (directory === '/' || isReachable(dirname(directory)));
}

/** Whether a key or a password is written in it. */
function hasSecret(path: string, user: User): boolean {
  try {
    return readText(path, user, longestSettings).split('\n').some(isSecretLine);
  } catch {
    return false;
  }
}

/** `SECRET_KEY = "..."`, `"PASSWORD": "..."` */
export function isSecretLine(line: string): boolean {
  return /^\s{0,20}(?:[A-Z_]{0,40}(?:SECRET|PASSWORD|TOKEN|API_KEY)[A-Z_]{0,40}|['"](?:PASSWORD|SECRET)['"])\s{0,20}[=:]\s{0,20}['"][^'"]{4}/.test(
    line.slice(0, 400),
  );
}

/** The path below a directory of a file that all may read, such as "admin/css/base.css"; null: there is none near. */
export function anyFile(
  directory: string,
  user: User,
): { readonly file: string | null; readonly isEmpty: boolean } {
  return asUser(user, () => {
    let left = mostEntries;
    const queue = [''];
    let isEmpty = true;
    for (const at of queue) {
      let entries: ReturnType<typeof listed>;
      try {
        entries = listed(join(directory, at));
      } catch {
        continue;
      }
      for (const entry of entries) {
        if (--left < 0) return { file: null, isEmpty };
        if (entry.name.startsWith('.')) continue;
        const path = at === '' ? entry.name : `${at}/${entry.name}`;
        if (entry.isDirectory()) queue.push(path);
        else if (entry.isFile()) {
          isEmpty = false;
          if (/^[\w./-]+\.(?:css|js|svg|png|txt)$/.test(path)) return { file: path, isEmpty };
        }
      }
    }
    return { file: null, isEmpty };
  });
}

function listed(directory: string) {
  return readdirSync(directory, { withFileTypes: true });
}
