// The files by which a worker's run speaks to hostd: its note (protocol/note.ts), beside one that says for which sites it is, and a FIFO for
// its facts (protocol/worker.ts). A next hostd finds them by the run's name: it goes on reading what the worker counts, and hears
// what it has said meanwhile.

import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { native } from '../../native/index.ts';
import { noteSize } from '../../protocol/note.ts';

const { O_RDONLY, O_NONBLOCK } = constants;

/** What hostd reads. The caller closes both. */
export interface Note {
  readonly fd: number;
  /** Its end of the FIFO, which does not block; null: there is none. */
  readonly facts: number | null;
  /** In the order of their numbers. */
  readonly sites: readonly string[];
}

/** What a new run's worker gets. The caller closes both. */
export interface WorkersNote {
  readonly fd: number;
  /** Open for reading and writing: so hostd's death is not the end of the FIFO. */
  readonly facts: number;
}

/** Directories that are hostd's alone (own-files.ts). */
export interface Places {
  readonly notes: string;
  /** For FIFOs. */
  readonly pipes: string;
}

/** Which run of which worker. */
export interface NoteOf {
  readonly name: string;
  readonly run: number;
}

/**
 * All of the note is allocated: a full disk must not end the worker later.
 * @throws when there is no room
 */
export function makeNote(places: Places, of: NoteOf, sites: readonly string[]): WorkersNote {
  const { memory, names, facts } = pathsOf(places, of);
  dropNote(places, of);
  const fd = openSync(memory, 'wx+', 0o600);
  try {
    writeSync(fd, Buffer.alloc(noteSize(sites.length)));
    writeFileSync(names, JSON.stringify(sites), { mode: 0o600 });
    native.makeFifo(facts, 0o600);
    return { fd, facts: openSync(facts, 'r+') };
  } catch (error) {
    closeSync(fd);
    dropNote(places, of);
    throw error;
  }
}

/** null: there is none that can be read. */
export function findNote(places: Places, of: NoteOf): Note | null {
  const { memory, names, facts } = pathsOf(places, of);
  try {
    const sites: unknown = JSON.parse(readFileSync(names, 'utf8'));
    if (!Array.isArray(sites) || !sites.every(site => typeof site === 'string')) return null;
    return { fd: openSync(memory, 'r'), facts: openFifo(facts), sites };
  } catch {
    return null;
  }
}

/** null: the run is an older hostd's, which made none. */
function openFifo(path: string): number | null {
  try {
    return openSync(path, O_RDONLY | O_NONBLOCK);
  } catch {
    return null;
  }
}

/** Whoever has it open goes on with it. */
export function dropNote(places: Places, of: NoteOf): void {
  for (const path of Object.values(pathsOf(places, of))) rmSync(path, { force: true });
}

/** Removes the notes of runs that are not among these. (The FIFOs of all programs are swept by runs/pipes.ts.) */
export function sweepNotes({ notes }: Pick<Places, 'notes'>, alive: readonly NoteOf[]): void {
  const kept = new Set(alive.flatMap(of => Object.values(pathsOf({ notes: '', pipes: '' }, of))));
  try {
    for (const file of readdirSync(notes)) if (!kept.has(file)) rmSync(join(notes, file), { force: true });
  } catch {
    // They take a little room.
  }
}

function pathsOf({ notes, pipes }: Places, { name, run }: NoteOf) {
  const file = `${name}.${run}`;
  return {
    memory: join(notes, file),
    names: join(notes, `${file}.sites`),
    facts: join(pipes, `${file}.facts`),
  };
}
