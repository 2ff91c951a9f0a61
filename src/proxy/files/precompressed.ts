// FILE.br and FILE.gz beside FILE: which of them a client is sent in its place. They are files like any other, found by the same
// rules; what is remembered is only which of them are worth opening.

import { closeSync, lstatSync } from 'node:fs';
import { acceptedCodings, type Coding } from '../http/accept-encoding.ts';
import { asPath } from './alias.ts';
import { sendFile } from './file-answer.ts';
import type { FileRequest } from './file-request.ts';
import { openBelow } from './open-file.ts';
import { dropFile, findKept, type ServedFile, takeFile } from './served-file.ts';

const suffixes: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' };
/** The better one first. */
const allCodings: readonly Coding[] = ['br', 'gzip'];
const none: readonly Coding[] = [];

/** Milliseconds for which it is believed which files lie beside one. What is sent is looked at by served-file.ts all the same. */
const believedMs = 1000;
/** Characters of all paths of which it is known: an app can have many files, of long names. */
const knownLimit = 1_048_576;

interface Known {
  readonly codings: readonly Coding[];
  readonly at: number;
}

/** By path, latin-1. */
const known = new Map<string, Known>();
let knownSize = 0;

/**
 * Where the app's author alone puts files (collectstatic). What visitors upload is sent as it is: one could lie beside
 * another's file by its name.
 */
const authored = '/static/';

/** Sends the file, or a compressed one beside it that the client would rather have. */
export function sendBest(request: FileRequest, file: ServedFile): void {
  const { alias, prefix } = request.location;
  const path = request.path.slice(prefix.length);
  const codings = request.plain || prefix !== authored ? none : codingsBeside(alias, path, file);
  if (codings.length > 0) {
    const header = request.accepted.head.fields.get('accept-encoding') ?? null;
    for (const coding of acceptedCodings(header, codings)) {
      const variant = takeVariant(alias, path + suffixes[coding], file);
      if (variant === null) continue;
      dropFile(file);
      sendFile({ ...request, coding, varies: true }, variant);
      return;
    }
  }
  sendFile({ ...request, coding: null, varies: codings.length > 0 }, file);
}

/** Looked up at most once a second for each file, however many ask. */
function codingsBeside(alias: string, below: string, file: ServedFile): readonly Coding[] {
  const path = alias + below;
  const before = known.get(path);
  const now = performance.now();
  if (before !== undefined && now - before.at < believedMs) return before.codings;
  const codings = allCodings.filter(coding => isVariant(alias, below + suffixes[coding], file));
  if (before === undefined) knownSize += path.length + 100;
  if (knownSize > knownLimit) {
    known.clear();
    knownSize = path.length + 100;
  }
  known.set(path, { codings, at: now });
  return codings;
}

/** Of what a foreign link leads to, an answer must not tell whether it is there, or how old. */
function isVariant(alias: string, path: string, file: ServedFile): boolean {
  try {
    const stats = lstatSync(asPath(alias + path), { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() !== true)
      return stats?.isFile() === true && isCurrent(Math.floor(stats.mtimeMs / 1000), file);
    const opened = openBelow(alias, path);
    if (opened.kind !== 'file') return false;
    closeSync(opened.fd);
    return isCurrent(Math.floor(opened.stats.mtimeMs / 1000), file);
  } catch {
    return false;
  }
}

/** Not older, in whole seconds: a tool that gives its result the file's own time may lose the rest of it. */
function isCurrent(modified: number, { lastModified }: ServedFile): boolean {
  return modified >= lastModified;
}

function takeVariant(alias: string, path: string, file: ServedFile): ServedFile | null {
  const kept = findKept(alias + path);
  const variant = kept ?? openVariant(alias, path);
  if (variant === null) return null;
  if (isCurrent(variant.lastModified, file)) return variant;
  dropFile(variant);
  return null;
}

function openVariant(alias: string, path: string): ServedFile | null {
  const opened = openBelow(alias, path);
  if (opened.kind !== 'file') return null;
  try {
    return takeFile(alias + path, opened.fd, opened.stats);
  } catch {
    return null; // the plain one may be readable
  }
}
