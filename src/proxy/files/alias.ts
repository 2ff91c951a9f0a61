// Where the directory that a site's files are served from really is. The worker may read more than the app may (other sites'
// media, for one), so a link that an app could have made must not lead to what is not the app's own.

import { lstatSync, readlinkSync, type Stats } from 'node:fs';

const mostLinks = 40;
/** Names that are looked at, those in links included. An app can make links that lead up and down without end. */
const mostNames = 256;

/** Who could have made the links below a directory: root alone, this uid besides root, or anybody. */
export type Maker = number | 'root' | 'anybody';

/**
 * The directory that the alias leads to, with a slash at its end. null: there is none, or a link leads to it that a user other than
 * root and the directory's owner could have made.
 */
export function realAlias(alias: string): string | null {
  let rest = alias.split('/').filter(Boolean);
  let walked = '/';
  let maker: Maker = 'root';
  const makers = new Set<Maker>();
  try {
    let names = 0;
    for (let links = 0, part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (++names > mostNames) return null;
      const path: string = walked === '/' ? `/${part}` : `${walked}/${part}`;
      const entry = lstatSync(asPath(path));
      // Below a directory that an app may write to, an owner proves nothing: the app could have moved the entry there.
      if (maker === 'root') maker = makerOf(lstatSync(asPath(walked)), entry);
      if (part === '..') walked = walked.slice(0, walked.lastIndexOf('/')) || '/';
      else if (!entry.isSymbolicLink()) walked = path;
      else {
        if (++links > mostLinks) return null;
        makers.add(maker);
        const target = readlinkSync(asPath(path), 'latin1');
        rest = [...target.split('/').filter(name => name !== '' && name !== '.'), ...rest];
        if (!target.startsWith('/')) continue;
        walked = '/';
        maker = 'root';
      }
    }
    makers.delete('root');
    const { uid } = lstatSync(asPath(walked));
    if ([...makers].some(other => other !== uid)) return null;
    return walked === '/' ? '/' : `${walked}/`;
  } catch {
    return null;
  }
}

/** Who could have made this entry of a directory. */
export function makerOf(directory: Stats, entry: Stats): Maker {
  const { uid, mode } = directory;
  if (uid !== 0) return uid;
  if ((mode & 0o022) === 0) return 'root';
  // In a sticky directory, such as /tmp, nobody can replace an entry of another user.
  const sticky = (mode & 0o1000) !== 0;
  if (!sticky) return 'anybody';
  return entry.isSymbolicLink() ? entry.uid : 'root';
}

/** Latin-1 text stands for bytes. node:fs makes UTF-8 of a string, which is the same bytes for ASCII alone. */
export function asPath(path: string): string | Buffer {
  for (let i = 0; i < path.length; i++) if (path.charCodeAt(i) > 126) return Buffer.from(path, 'latin1');
  return path;
}
