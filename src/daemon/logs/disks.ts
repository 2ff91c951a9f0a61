// Whether the file systems of hostd's state, logs and runtime files have room left. It is looked up when something is written or somebody asks,
// never by the clock. Others' logs have their own disks (complaints.ts).

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { roomAt } from '../../linux/room.ts';
import type { Settings } from '../../model/host.ts';
import { isRoomAgain, judgeRoom, type Room } from '../../model/room.ts';
import type { DiskSample } from '../../protocol/sample.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';

/** Milliseconds between two looks for the sake of what is written. */
const rest = 5000;

export interface Disks {
  /** Something was written: looks, unless it has looked a moment ago. */
  written(): void;
  /** Looks, for somebody who asks. */
  now(): readonly DiskSample[];
  /** What is wrong, in sentences. */
  troubles(): readonly string[];
}

export interface DisksContext {
  readonly settings: () => Settings;
  /** Where the next hostd finds what was told last; not there: nothing is wrong. */
  readonly note: string;
  readonly tell: Tell;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** For tests. @throws when the directory is not there */
  readonly look?: (path: string) => Room;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

interface Trouble {
  /** What stays the same while the trouble does. */
  readonly key: string;
  readonly message: string;
}

export function makeDisks(context: DisksContext): Disks {
  const { settings, note, tell, log, look = roomAt, clock = () => performance.now() } = context;
  let told = readNote(note);
  let lookedAt = Number.NEGATIVE_INFINITY;
  let found: readonly Trouble[] = [];

  /** A directory with a trouble has it until there is room enough again. */
  const troubleOf = (directory: string, path: string, room: Room): Trouble | null => {
    const judged = judgeRoom(room);
    if (judged !== null)
      return {
        key: `${directory} ${judged.severity} ${judged.lacks}`,
        message: `[hostd]: ${directory} "${path}": its file system ${judged.words}`,
      };
    const before = found.find(({ key }) => key.startsWith(`${directory} `));
    return before === undefined || isRoomAgain(room) ? null : before;
  };
  const say = () => {
    const keys = found.map(({ key }) => key).join(', ');
    if (keys === told) return;
    told = keys;
    writeNote(note, keys);
    const cause = found.map(({ message }) => message).join('; ');
    if (keys === '') {
      log.info('there is room enough for the state and the logs of hostd again');
      tell({ kind: 'disk-good', name: 'hostd', cause: 'there is room enough again' });
    } else {
      log.warn(`${cause}\n  try: hostctl doctor`);
      tell({ kind: 'disk-low', name: 'hostd', cause });
    }
  };
  const lookAtAll = (): readonly DiskSample[] => {
    lookedAt = clock();
    const seen = new Map<number, Trouble | null>();
    const samples = directoriesOf(settings()).flatMap(([directory, path]): DiskSample[] => {
      try {
        const room = look(path);
        const device = statSync(path).dev;
        const isKnown = seen.has(device);
        const trouble = (isKnown ? seen.get(device) : troubleOf(directory, path, room)) ?? null;
        if (!isKnown) seen.set(device, trouble);
        return [{ directory, free_bytes: room.free, size_bytes: room.all, low: trouble !== null }];
      } catch {
        return [];
      }
    });
    found = [...seen.values()].filter(trouble => trouble !== null);
    say();
    return samples;
  };
  return {
    written() {
      if (clock() - lookedAt >= rest) lookAtAll();
    },
    now: lookAtAll,
    troubles() {
      lookAtAll();
      return found.map(({ message }) => message);
    },
  };
}

function directoriesOf({ stateDir, logDir, runtimeDir }: Settings) {
  return [
    ['state_dir', stateDir],
    ['log_dir', logDir],
    ['runtime_dir', runtimeDir],
  ] as const;
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** On a full disk there may be no note: then the next hostd tells it once more. */
function writeNote(path: string, text: string): void {
  try {
    if (text === '') rmSync(path, { force: true });
    else writeFileSync(path, text, { mode: 0o600 });
  } catch {
    // As above.
  }
}
