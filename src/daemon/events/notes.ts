// Where each listener is in its protocol, written down at each change, so that the next hostd goes on from there.

import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { native } from '../../native/index.ts';
import { type ListenerState, newParser, type Parser, parserIn } from './listener-protocol.ts';

const states: readonly ListenerState[] = ['ACKNOWLEDGED', 'READY', 'BUSY', 'UNKNOWN'];
/** The listener is in the middle of an event, where no other hostd can go on. */
const unsure = 'UNSURE';
const width = 16;

export interface Note {
  /** `isWhole`: the event was written to the listener as a whole, or there is none. */
  write(parser: Parser, isWhole: boolean): void;
  close(): void;
}

export interface Notes {
  open(name: string, run: number): Note;
  /** Where an earlier hostd has left the listener; null: not known. */
  read(name: string, run: number): Parser | null;
}

/** The notes are in the directory of the FIFOs (runs/pipes.ts). */
export function makeNotes(directory: string): Notes {
  const pathOf = (name: string, run: number) => join(directory, `${name}.${run}.listener`);
  return {
    open(name, run) {
      const path = pathOf(name, run);
      const fd = openSync(path, 'w', 0o600);
      let last = '';
      const note: Note = {
        write(parser, isWhole) {
          const isClear = isWhole && parser.held.length === 0 && parser.resultLength === null;
          const word = isClear ? parser.state : unsure;
          if (word === last) return;
          last = word;
          native.write(fd, Buffer.from(word.padEnd(width)), 0);
        },
        close() {
          closeSync(fd);
          rmSync(path, { force: true });
        },
      };
      note.write(newParser, true);
      return note;
    },
    read(name, run) {
      try {
        const word = readFileSync(pathOf(name, run), 'utf8').trim();
        const state = states.find(one => one === word);
        return state === undefined ? null : parserIn(state);
      } catch {
        return null;
      }
    },
  };
}
