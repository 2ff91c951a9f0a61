// An app's memory and the files that everybody can read. Pure.

import type { App, Program } from '../../model/host.ts';
import type { JournalEvent } from '../../protocol/journal.ts';
import { quoteWord } from '../../words/shlex.ts';
import type { MemoryFacts, SecretFile } from '../facts.ts';
import { type Finding, found, joined, type Looked, made, nothing } from '../finding.ts';
import { since } from './log.ts';

/** Part of memory_max from which its end is near. */
const near = 0.9;
const day = 86_400_000;
const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;

export function judgeMemory(
  program: Pick<Program, 'memoryMax' | 'memoryHigh' | 'appBounds' | 'name'>,
  { used, kills }: MemoryFacts,
  events: readonly JournalEvent[],
  now: number,
): Looked {
  const bounds = [program.memoryMax, program.appBounds?.memoryMax ?? 0].filter(bytes => bytes > 0);
  const most = bounds.length === 0 ? null : Math.min(...bounds);
  const last = events.findLast(({ kind, time }) => kind === 'oom' && now - Date.parse(time) < day);
  const more =
    most === null
      ? 'fewer workers, or more memory'
      : `memory_max above ${mebibytes(most)} in its table, or fewer workers, then: hostctl update`;
  const killed =
    (kills ?? 0) > 0 ? `the kernel has killed ${kills} of its processes for want of memory` : null;
  return joined(
    last === undefined && killed === null
      ? nothing
      : found(
          made(
            'memory',
            'error',
            killed ??
              `the kernel killed ${last?.name} for want of memory, ${since(now - Date.parse(last?.time ?? ''))} ago`,
            more,
            { explains: true },
          ),
        ),
    most === null || used === null || used < most * near
      ? nothing
      : found(
          made(
            'memory',
            'warning',
            `it uses ${mebibytes(used)} of the ${mebibytes(most)} of memory_max`,
            more,
          ),
        ),
  );
}

const words: Readonly<Record<SecretFile['what'], string>> = {
  environment: 'has secrets',
  settings: 'has a secret in it',
  key: 'is a key',
  database: 'is the database',
};

export function judgeSecrets(files: readonly SecretFile[], app: App): Looked {
  return found(
    ...files.map(({ path, what, mode }): Finding => {
      const shown = mode.toString(8).padStart(4, '0');
      const severity = what === 'environment' || what === 'key' ? 'error' : 'warning';
      const message = `"${path}" ${words[what]}, and everybody on this machine can read it (mode ${shown})`;
      return made('secret', severity, message, `chmod o-rwx ${quoteWord(path)}, and is it ${app.user}'s?`);
    }),
  );
}
