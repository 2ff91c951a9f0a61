// File systems that are full, or nearly: those of hostd's state and logs, and those of the apps. Names each once.

import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';

export interface Room {
  /** Bytes that an ordinary user may still use, and all bytes. */
  readonly free: number;
  readonly all: number;
  /** Inodes. Both are 0 where the file system has no limit of them. */
  readonly freeFiles: number;
  readonly allFiles: number;
}

/** Bytes. With fewer, an hour's log or an upload may not fit. On a small file system fewer are enough. */
const little = 512 * 1024 ** 2;
const smallPart = 0.03;

/** The problem of a file system, or null. */
export function judgeRoom({
  free,
  all,
  freeFiles,
  allFiles,
}: Room): { severity: Problem['severity']; words: string } | null {
  const least = 4096 * 4;
  if (free < least) return { severity: 'error', words: 'is full' };
  if (allFiles > 0 && freeFiles === 0) return { severity: 'error', words: 'has no inode left' };
  if (free < little && free < all * smallPart)
    return { severity: 'warning', words: `is nearly full: ${Math.ceil(free / 1024 ** 2)} MiB left` };
  if (allFiles > 0 && freeFiles < allFiles * smallPart && freeFiles < 10_000)
    return { severity: 'warning', words: `is nearly out of inodes: ${freeFiles} left` };
  return null;
}

/** All file systems with a directory of the configuration. */
export function checkDisks({ settings, apps }: Host): readonly Problem[] {
  const own = { file: settings.file, key: ['hostd'] };
  const places = [
    { path: settings.stateDir, title: '[hostd]: state_dir', at: { ...own, key: [...own.key, 'state_dir'] } },
    { path: settings.logDir, title: '[hostd]: log_dir', at: { ...own, key: [...own.key, 'log_dir'] } },
    {
      path: settings.runtimeDir,
      title: '[hostd]: runtime_dir',
      at: { ...own, key: [...own.key, 'runtime_dir'] },
    },
    ...apps.flatMap(app =>
      [
        ['logs', app.logs],
        ['root', app.root],
        ['project', app.project],
        ['media', app.media],
      ].flatMap(([key, path]) =>
        path == null || key == null
          ? []
          : [
              {
                path,
                title: `app "${app.name}": ${key}`,
                at: { file: app.source.file, key: [...app.source.key, key] },
              },
            ],
      ),
    ),
  ];
  const seen = new Set<number>();
  return places.flatMap(({ path, title, at }): Problem[] => {
    try {
      const there = nearestThere(path);
      const { dev } = statSync(there);
      if (seen.has(dev)) return [];
      seen.add(dev);
      const { bsize, bavail, blocks, ffree, files } = statfsSync(there);
      const judged = judgeRoom({
        free: bavail * bsize,
        all: blocks * bsize,
        freeFiles: ffree,
        allFiles: files,
      });
      if (judged === null) return [];
      const message = `${title} "${path}": its file system ${judged.words}`;
      return [
        {
          severity: judged.severity,
          message,
          hint: `df -h ${there}, and du -xh ${there} | sort -h | tail`,
          at,
        },
      ];
    } catch {
      return [];
    }
  });
}

function nearestThere(path: string): string {
  return existsSync(path) || path === '/' ? path : nearestThere(dirname(path));
}
