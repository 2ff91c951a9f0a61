// Follows the links below a directory of files, name by name, by open descriptors. What a link is, who owns it and where it leads are
// read from the one link that is open, so nothing can be put in its place meanwhile. A link leads only to files of its own owner, as
// with nginx's "disable_symlinks if_not_owner": the worker may read more than the app may.

import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { loadBareSockets } from '../../native/bare-sockets.ts';
import { asPath, type Maker, makerOf } from './alias.ts';
import { pathText } from './refusal.ts';

/** open(2): a reference that reads nothing and opens no device. */
const O_PATH = 0o10000000;
const mostLinks = 40;
/** Names that are looked at, those of links included. */
const mostNames = 256;

export type Followed =
  /** `fd`: an O_PATH reference to what was found. The caller closes it. */
  | { readonly kind: 'found'; readonly fd: number; readonly stats: Stats }
  /** `why`: null where nothing has that name. */
  | { readonly kind: 'refused'; readonly status: 403 | 404; readonly why: string | null };

const addon = loadBareSockets();

/**
 * Finds `path` (relative, latin-1, without "..") below `directory`, a real path without links that ends with "/". Throws
 * what open(2) says. Without the addon no link is followed.
 */
export function followLinks(directory: string, path: string): Followed {
  const whole = directory + path;
  if (addon === null) return refuse(whole, 'it leads through a link, and hostd’s addon was not built');
  const makers = new Set<Maker>();
  let rest = path.split('/').filter(Boolean);
  let maker = makerAlong(directory);
  let at = openSync(asPath(directory), O_PATH | constants.O_DIRECTORY);
  try {
    if (`${readlinkSync(`/proc/self/fd/${at}`, 'latin1')}/` !== directory.replace(/^\/$/, '//'))
      return { kind: 'refused', status: 404, why: null };
    let stats = fstatSync(at);
    let names = 0;
    for (let links = 0, part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (++names > mostNames) return refuse(whole, 'too many names on the way');
      const next = openSync(asPath(`/proc/self/fd/${at}/${part}`), O_PATH | constants.O_NOFOLLOW);
      let target: string | number = '';
      try {
        const found = fstatSync(next);
        if (maker === 'root') maker = makerOf(stats, found);
        if (!found.isSymbolicLink()) {
          closeSync(at);
          at = next;
          stats = found;
          continue;
        }
        if (maker !== 'root') {
          makers.add(maker);
          if (found.uid !== maker) return refuse(whole, foreignLink(found.uid, maker));
        }
        target = addon.readLink(next);
      } finally {
        if (at !== next) closeSync(next);
      }
      if (++links > mostLinks || typeof target === 'number')
        return refuse(whole, 'too many links on the way');
      rest = [...target.split('/').filter(name => name !== '' && name !== '.'), ...rest];
      if (!target.startsWith('/')) continue;
      const root = openSync('/', O_PATH | constants.O_DIRECTORY);
      closeSync(at);
      at = root;
      stats = fstatSync(at);
      maker = 'root';
    }
    for (const other of makers)
      if (other !== stats.uid)
        return refuse(
          whole,
          `a link of uid ${other} leads to what is uid ${stats.uid}’s, and links are followed to their own owner’s files alone`,
        );
    const found = { kind: 'found', fd: at, stats } as const;
    at = -1;
    return found;
  } finally {
    if (at !== -1) closeSync(at);
  }
}

/** Who could have made the entries of a directory: the first owner on the way down to it that is not root. */
function makerAlong(directory: string): Maker {
  let maker: Maker = 'root';
  let above = lstatSync('/');
  for (
    let at = directory.indexOf('/', 1);
    at !== -1 && maker === 'root';
    at = directory.indexOf('/', at + 1)
  ) {
    const entry = lstatSync(asPath(directory.slice(0, at)));
    maker = makerOf(above, entry);
    above = entry;
  }
  return maker;
}

function foreignLink(uid: number, maker: Maker): string {
  return maker === 'anybody'
    ? 'a link is in a directory that everybody can write to'
    : `a link of uid ${uid} is in a directory of uid ${maker}’s`;
}

function refuse(path: string, why: string): Followed {
  return { kind: 'refused', status: 403, why: `cannot serve "${pathText(path)}": ${why}` };
}
