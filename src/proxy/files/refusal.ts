// Why the worker may not open something, in words for the site's operator: which directory on the way is closed to the worker, and the
// command that opens it.

import { accessSync, constants, lstatSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { errnoOf } from '../../errors.ts';
import { quoteWord } from '../../words/shlex.ts';
import { asPath } from './alias.ts';

/** The path as people write it. Each latin-1 character of `path` stands for one byte. */
export function pathText(path: string): string {
  return Buffer.from(path, 'latin1').toString();
}

/** `path` is absolute and latin-1; `code` is what open(2) or connect(2) said of it. */
export function refusalOf(verb: 'open' | 'connect to', path: string, code: string): string {
  const what = `cannot ${verb} "${pathText(path)}": ${code}`;
  if (code !== 'EACCES' && code !== 'EPERM') return what;
  const user = userName();
  const closed = closedDirectory(path);
  if (closed !== null) {
    const directory = pathText(closed);
    const word = quoteWord(directory);
    return `${what}: the directory "${directory}" is closed to ${user}; try: setfacl -m u:${user}:x ${word}, or: chmod o+x ${word}`;
  }
  const label = confinement() ?? '';
  if (isOpenByMode(path, verb)) return `${what}${label}`;
  // hostd itself sets a socket's owner, group and mode.
  if (verb === 'connect to') return `${what}: its owner, group and mode do not let ${user} in${label}`;
  const word = quoteWord(pathText(path));
  return `${what}: its mode does not let ${user} in; try: setfacl -m u:${user}:r ${word}, or: chmod o+r ${word}${label}`;
}

/** The first directory on the way that this process may not pass; null: none. */
function closedDirectory(path: string): string | null {
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) {
    const directory = path.slice(0, at);
    try {
      accessSync(asPath(directory), constants.X_OK);
    } catch (error) {
      return errnoOf(error) === 'EACCES' ? directory : null;
    }
  }
  return null;
}

/** Whether the modes let this process in. Then a security module has refused, or the directory was closed meanwhile. */
function isOpenByMode(path: string, verb: 'open' | 'connect to'): boolean {
  try {
    return (lstatSync(asPath(path)).mode & (verb === 'open' ? 0o004 : 0o002)) !== 0;
  } catch {
    return false;
  }
}

/**
 * What confines this process besides modes: its AppArmor profile or SELinux context (/proc/self/attr/current). null: nothing does, or
 * the kernel does not say.
 */
function confinement(): string | null {
  let label: string;
  try {
    label = readFileSync('/proc/self/attr/current', 'latin1').replace(/[\0\n]+$/, '');
  } catch {
    return null;
  }
  return confinementText(label);
}

/** The pure part of confinement(): the label in words. */
export function confinementText(label: string): string | null {
  if (label === '' || /^unconfined\b/.test(label) || label === 'kernel') return null;
  const profile = /^(.+) \((?:enforce|kill|prompt)\)$/.exec(label)?.[1];
  if (profile !== undefined)
    return `; AppArmor confines hostd-proxy by its profile "${profile}": journalctl -k -g apparmor shows what it denied`;
  if (/ \(\w+\)$/.test(label)) return null;
  const type = label.split(':')[2];
  if (type === undefined || type.startsWith('unconfined')) return null;
  return `; SELinux runs hostd-proxy as ${label}: ausearch -m avc -ts recent shows what it denied`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? '');
  }
}
