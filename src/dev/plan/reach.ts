// What is at a path, for a user who may not look everywhere: PATH and links may lead into other users' directories.

import { type Stats, statSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';

/** Links are followed. 'missing': nothing is there, or a link leads nowhere. 'closed': this user may not look. */
export function reach(path: string): Stats | 'missing' | 'closed' {
  try {
    return statSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EACCES' || code === 'EPERM') return 'closed';
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG')
      return 'missing';
    throw error;
  }
}

/** A regular file that this user can reach; null: there is none. */
export function fileAt(path: string): Stats | null {
  const found = reach(path);
  return typeof found !== 'string' && found.isFile() ? found : null;
}
