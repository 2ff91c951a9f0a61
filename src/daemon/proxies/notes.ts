// The files of the workers' notes (protocol/note.ts), one for each run, beside one that says for which sites it is. A next hostd finds them
// by the run's name, and goes on reading what its worker counts.

import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { noteSize } from '../../protocol/note.ts';

export interface Note {
  /** The caller closes it. */
  readonly fd: number;
  /** In the order of their numbers. */
  readonly sites: readonly string[];
}

/** Which run of which worker. */
export interface NoteOf {
  readonly name: string;
  readonly run: number;
}

/**
 * `directory`: root's alone. Returns a descriptor for the worker. All of the file is allocated: a full disk must not end the worker later.
 * @throws when there is no room
 */
export function makeNote(directory: string, of: NoteOf, sites: readonly string[]): number {
  const { memory, names } = pathsOf(directory, of);
  dropNote(directory, of);
  const fd = openSync(memory, 'wx+', 0o600);
  try {
    writeSync(fd, Buffer.alloc(noteSize(sites.length)));
    writeFileSync(names, JSON.stringify(sites), { mode: 0o600 });
    return fd;
  } catch (error) {
    closeSync(fd);
    dropNote(directory, of);
    throw error;
  }
}

/** null: there is none that can be read. */
export function findNote(directory: string, of: NoteOf): Note | null {
  const { memory, names } = pathsOf(directory, of);
  try {
    const sites: unknown = JSON.parse(readFileSync(names, 'utf8'));
    if (!Array.isArray(sites) || !sites.every(site => typeof site === 'string')) return null;
    return { fd: openSync(memory, 'r'), sites };
  } catch {
    return null;
  }
}

/** Whoever has it open goes on with it. */
export function dropNote(directory: string, of: NoteOf): void {
  const { memory, names } = pathsOf(directory, of);
  for (const path of [memory, names]) rmSync(path, { force: true });
}

/** Removes the notes of runs that are not among these. */
export function sweepNotes(directory: string, alive: readonly NoteOf[]): void {
  const kept = new Set(alive.flatMap(of => Object.values(pathsOf('', of))));
  try {
    for (const file of readdirSync(directory))
      if (!kept.has(file)) rmSync(join(directory, file), { force: true });
  } catch {
    // They take a little room.
  }
}

function pathsOf(
  directory: string,
  { name, run }: NoteOf,
): { readonly memory: string; readonly names: string } {
  const memory = join(directory, `${name}.${run}`);
  return { memory, names: `${memory}.sites` };
}
