// Who holds the socket of a program that sleeps, besides hostd: a process that does nothing else. Were hostd killed, the kernel would
// close the socket otherwise, and refuse its visitors. So they wait in it, and the next hostd takes it back from the keeper.

import { fstatSync } from 'node:fs';
import { logFile } from '../../model/app.ts';
import type { Program } from '../../model/host.ts';
import { type LaunchContext, launch } from '../runs/launch.ts';
import { killRun, type Run, whenOver } from '../runs/run.ts';

export interface Keeper {
  /** Of the socket, in sockfs. */
  readonly inode: number;
  /** Of its record: no two that live have the same. */
  readonly number: number;
  /** Harmless when it has ended. */
  end(): void;
}

export type KeeperContext = Omit<LaunchContext, 'isTrial' | 'isKeeper' | 'bear'>;

const suffix = '~asleep';
const command = ['/bin/sleep', 'infinity'];

/** The program that a keeper's record is about. */
export function keptProgram(recordName: string): string {
  return recordName.slice(0, -suffix.length);
}

/** `number`: of its record. `fd`: the socket. @throws HostdError when it cannot be started. */
export function startKeeper(
  program: Program,
  number: number,
  fd: number,
  context: KeeperContext,
  onEnd: (keeper: Keeper) => void,
): Keeper {
  const named: Program = {
    ...program,
    name: `${program.name}${suffix}`,
    kind: 'command',
    command,
    directory: null,
    environment: program.environment,
    requires: [],
    stdout: logFile(null),
    stderr: null,
  };
  const run = launch(named, number, { env: {}, fds: [fd], close: [] }, { ...context, isKeeper: true });
  return attendKeeper(named.name, run, fstatSync(fd).ino, context, onEnd);
}

/** A keeper that is there; `name`: of its record. */
export function attendKeeper(
  name: string,
  run: Run,
  inode: number,
  { records }: Pick<KeeperContext, 'records'>,
  onEnd: (keeper: Keeper) => void,
): Keeper {
  let isToEnd = false;
  const keeper = {
    inode,
    number: run.number,
    end() {
      if (!isToEnd) killRun(run);
      isToEnd = true;
    },
  };
  whenOver(
    run,
    () => false,
    () => {
      isToEnd = true;
      records.remove(name, run.number);
      onEnd(keeper);
    },
  );
  return keeper;
}
