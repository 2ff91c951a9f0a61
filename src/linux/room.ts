// The room that a file system has left; statfs(2).

import { statfsSync } from 'node:fs';

/** As model/room.ts judges it. `path`: of anything in it. @throws when that is not there */
export function roomAt(path: string) {
  const { bsize, bavail, blocks, ffree, files } = statfsSync(path);
  return { free: bavail * bsize, all: blocks * bsize, freeFiles: ffree, allFiles: files };
}
