// The facts about this machine that a check asks for: its users, its groups, its files. Decides nothing.

import { type Stats, statSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import type { Machine, PathKind } from '../model/machine.ts';
import { native } from '../native/index.ts';

export const thisMachine: Machine = {
  hasIpv6: () => native.hasIpv6() === 1,
  user: name => native.user(idOrName(name)),
  group: name => native.group(idOrName(name)),
  kind(path) {
    const found = stat(path);
    return typeof found === 'string' ? found : kindOf(found);
  },
  isExecutable(path) {
    const found = stat(path);
    return (
      found === 'unreadable' || (typeof found !== 'string' && found.isFile() && (found.mode & 0o111) !== 0)
    );
  },
};

function idOrName(name: string): string | number {
  return /^\d+$/.test(name) ? Number(name) : name;
}

function stat(path: string): Stats | 'missing' | 'unreadable' {
  try {
    return statSync(path);
  } catch (error) {
    const code = errnoOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable';
  }
}

function kindOf(found: Stats): PathKind {
  if (found.isFile()) return 'file';
  return found.isDirectory() ? 'directory' : 'other';
}
