// What is recorded of the processes of a supervisord that is not there, or is another process than this one.

import { existsSync } from 'node:fs';
import { isAlive } from '../../linux/procfs.ts';
import { ownPaths } from '../own/own-files.ts';
import { openRecords, type Record } from '../runs/records.ts';

/** The records of the runs in this place (place.ts) that are alive. */
export function liveRecords(place: string): Record[] {
  if (!existsSync(ownPaths({ stateDir: place, runtimeDir: place }).runs)) return [];
  return openRecords(place)
    .peek()
    .filter(({ process }) => isAlive(process));
}
