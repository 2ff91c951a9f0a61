// FILE.br and FILE.gz beside FILE: which variant a client is sent in the file's place. A variant is opened by the same rules as any
// other file. Only which variants are worth opening is remembered.

import { closeSync, lstatSync } from 'node:fs';
import { acceptedCodings, type Coding } from '../http/accept-encoding.ts';
import { asPath } from './alias.ts';
import { sendFile } from './file-answer.ts';
import type { FileRequest } from './file-request.ts';
import { openBelow } from './open-file.ts';
import { dropFile, findKept, type ServedFile, takeFile } from './served-file.ts';

const suffixes: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' };
/** The better coding first. */
const allCodings: readonly Coding[] = ['br', 'gzip'];
const none: readonly Coding[] = [];

/** Milliseconds for which the list of a file's variants is believed. served-file.ts looks at what is sent all the same. */
const believedMs = 1000;
/** Characters of all remembered paths. An app can have many files with long names. */
const knownLimit = 1_048_576;

interface Known {
  readonly codings: readonly Coding[];
  readonly at: number;
}

/** By path, latin-1. */
const known = new Map<string, Known>();
let knownSize = 0;

/**
 * Only the app's author puts files here (collectstatic). What visitors upload is sent as it is: an upload could have the name of a
 * variant of somebody else's file.
 */
const authored = '/static/';

/** Sends the file, or the compressed variant that the client prefers. */
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

/** Looked up at most once a second for each file, however many requests come. */
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

/** Whether this is a usable variant. Of what a foreign link leads to, an answer must tell neither its existence nor its age. */
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

/** Whether the variant is not older than the file, in whole seconds: a tool that copies the file's time may lose the fraction. */
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
