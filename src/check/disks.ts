// File systems that are full, or nearly: those of hostd's state and logs, and those of the apps. Names each once.

import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { roomAt } from '../linux/room.ts';
import type { App, Host } from '../model/host.ts';
import type { Problem, Source } from '../model/problem.ts';
import { judgeRoom } from '../model/room.ts';
import { quoteWord } from '../words/shlex.ts';

interface Place {
  readonly path: string;
  readonly title: string;
  readonly at: Source;
}

/** All file systems with a directory of the configuration. */
export function checkDisks({ settings, apps }: Pick<Host, 'settings' | 'apps'>): readonly Problem[] {
  const own = (['state_dir', 'log_dir', 'runtime_dir'] as const).map((key): Place => {
    const path = { state_dir: settings.stateDir, log_dir: settings.logDir, runtime_dir: settings.runtimeDir };
    return { path: path[key], title: `[hostd]: ${key}`, at: { file: settings.file, key: ['hostd', key] } };
  });
  return checkPlaces([...own, ...apps.flatMap(placesOf)]);
}

/** The file systems of one app. `data`: more directories of its own, such as those of its databases. */
export function checkAppDisks(app: App, data: readonly string[]): readonly Problem[] {
  const at = app.source;
  const more = data.map(path => ({ path, title: `app "${app.name}": its data in`, at }));
  return checkPlaces([...placesOf(app), ...more]);
}

function placesOf(app: App): readonly Place[] {
  const { logs, root, project, media } = app;
  return Object.entries({ logs, root, project, media }).flatMap(([key, path]) => {
    const at = { file: app.source.file, key: [...app.source.key, key] };
    return path === null ? [] : [{ path, title: `app "${app.name}": ${key}`, at }];
  });
}

function checkPlaces(places: readonly Place[]): readonly Problem[] {
  const seen = new Set<number>();
  return places.flatMap(({ path, title, at }): Problem[] => {
    try {
      const there = nearestThere(path);
      const { dev } = statSync(there);
      if (seen.has(dev)) return [];
      seen.add(dev);
      const judged = judgeRoom(roomAt(there));
      if (judged === null) return [];
      const message = `${title} "${path}": its file system ${judged.words}`;
      const quoted = quoteWord(there);
      const hint =
        judged.lacks === 'room'
          ? `df -h ${quoted}, and du -xh ${quoted} | sort -h | tail`
          : `df -i ${quoted}, and du --inodes -x ${quoted} | sort -n | tail: where are all the small files?`;
      return [{ severity: judged.severity, message, hint, at }];
    } catch {
      return [];
    }
  });
}

function nearestThere(path: string): string {
  return existsSync(path) || path === '/' ? path : nearestThere(dirname(path));
}
