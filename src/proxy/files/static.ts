// Which file below a site's aliases answers a request, with nginx's statuses. open-file.ts decides what may be opened,
// file-answer.ts what is sent of it.

import { closeSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import type { Location } from '../../model/host.ts';
import { originOf } from '../request/redirects.ts';
import type { FileRequest } from './file-request.ts';
import { type Opened, openBelow } from './open-file.ts';
import { sendBest } from './precompressed.ts';
import { pathText } from './refusal.ts';
import { findKept, type ServedFile, takeFile } from './served-file.ts';

/** The location that a path belongs to: the longest prefix, as in nginx. */
export function findLocation(locations: readonly Location[], path: string): Location | null {
  let found: Location | null = null;
  for (const location of locations) {
    if (!path.startsWith(location.prefix)) continue;
    if (found === null || location.prefix.length > found.prefix.length) found = location;
  }
  return found;
}

export function serveFile(request: FileRequest): void {
  const { exchange, location, method } = request;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') {
    exchange.sendPage(405);
    return;
  }
  const path = request.path.slice(location.prefix.length);
  if (request.path.endsWith('/')) serveIndex(request, path);
  else servePath(request, path);
}

function servePath(request: FileRequest, path: string): void {
  const whole = request.location.alias + path;
  const kept = request.method === 'POST' ? null : findKept(whole);
  if (kept === null) answer(request, openBelow(request.location.alias, path), whole);
  else sendBest(request, kept);
}

function serveIndex(request: FileRequest, directory: string): void {
  const { alias } = request.location;
  const index = openBelow(alias, `${directory}index.html`);
  if (index.kind !== 'refused' || index.status !== 404) {
    answer({ ...request, path: `${request.path}index.html` }, index, `${alias}${directory}index.html`);
    return;
  }
  const parent = openBelow(alias, directory);
  switch (parent.kind) {
    case 'file':
      closeSync(parent.fd);
      request.exchange.sendPage(404);
      return;
    case 'directory':
      refuse(request, 403, `"${pathText(alias + directory)}" has no index.html, and no directory is listed`);
      return;
    case 'refused':
      refuse(request, parent.status, parent.why);
      return;
  }
}

/** The reason goes into the site's error log. A file that is not there has its line in the access log only. */
function refuse({ exchange }: FileRequest, status: number, why: string | null): void {
  if (why !== null) exchange.report(why);
  exchange.sendPage(status);
}

function answer(request: FileRequest, opened: Opened, path: string): void {
  switch (opened.kind) {
    case 'refused':
      refuse(request, opened.status, opened.why);
      return;
    case 'directory':
      redirect(request);
      return;
    case 'file':
      if (request.method === 'POST') {
        closeSync(opened.fd);
        request.exchange.sendPage(405);
      } else {
        send(request, path, opened);
      }
      return;
  }
}

function send(request: FileRequest, path: string, { fd, stats }: Opened & { kind: 'file' }): void {
  let file: ServedFile;
  try {
    file = takeFile(path, fd, stats);
  } catch (error) {
    request.exchange.report(`cannot read a file: ${messageOf(error)}`);
    request.exchange.sendPage(500);
    return;
  }
  sendBest(request, file);
}

/** Redirects to the same path with a slash, on the port that the client really reached. The query stays as it was written. */
function redirect({ exchange, accepted, path }: FileRequest): void {
  const { target, hostName, client } = accepted;
  const query = target.query === null ? '' : `?${target.query}`;
  exchange.sendPage(301, {
    location: `${originOf(client.secure, hostName, client.port)}${encodePath(path)}/${query}`,
  });
}

/** Escapes what nginx escapes in the path of a redirect. No decoded byte can then end a header line. */
function encodePath(path: string): string {
  return path.replace(/[^!$&-;=@-~]/g, character => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
