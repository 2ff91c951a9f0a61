// What status says of a program besides its state: what its site's visitors meet, and a reload that is under way. Pure.

import { dayOf } from '../../config/certificate.ts';
import type { ProgramStatus, SiteStatus } from '../../protocol/control.ts';
import type { Maintenance } from '../../protocol/worker.ts';
import { quoteWord } from '../../words/shlex.ts';
import type { Waiting } from '../fleet/waiting.ts';
import type { CertificateState } from '../proxies/certificates.ts';

/** Facts about a site, from the code that keeps them; undefined: nothing is known. */
export interface SiteFacts {
  readonly maintenance: Maintenance | undefined;
  readonly certificate: CertificateState | undefined;
  /** The directory that keeps the proxy from the app's socket; null: none does. */
  readonly closed?: Closed | null;
  /** The requests that wait for the app's answer, and the age of the oldest in seconds; null: there is none, or it is not known. */
  readonly waiting?: Waiting | null;
  /** Number of gunicorn's sync workers, each of which answers one request at a time; null: the workers are of another kind. */
  readonly syncWorkers?: number | null;
}

/** A request that waits longer than this many seconds is noted. */
const longWait = 3;

/** A directory, and the user it keeps out. */
export interface Closed {
  readonly directory: string;
  readonly user: string;
}

/** Adds the facts to the status of the app's own program. */
export function noteSite(
  status: ProgramStatus,
  { maintenance, certificate, closed = null, waiting = null, syncWorkers = null }: SiteFacts,
): ProgramStatus {
  const ends = certificate?.until ?? null;
  const site: SiteStatus = {
    maintenance: maintenance !== undefined,
    certificate_ends: ends === null ? null : Math.floor(ends / 1000),
    certificate_fault: certificate?.fault ?? null,
    waiting_requests: waiting?.requests ?? 0,
    oldest_request_seconds: waiting?.seconds ?? null,
  };
  const notes = [
    closed === null
      ? null
      : `visitors get 502, since "${closed.directory}" is closed to ${closed.user}: setfacl -m u:${closed.user}:x ${quoteWord(closed.directory)}`,
    waiting === null || waiting.seconds < longWait ? null : describeWaiting(waiting, syncWorkers),
    site.maintenance ? 'in maintenance' : null,
    site.certificate_fault ?? (ends === null ? null : `certificate until ${dayOf(ends)}`),
  ];
  return { ...noteAll(status, notes), site };
}

function describeWaiting({ requests, seconds }: Waiting, syncWorkers: number | null): string {
  const wait = requests === 1 ? '1 request waits for its answer' : `${requests} requests wait for its answer`;
  const busy =
    syncWorkers !== null && requests >= syncWorkers ? `all its workers are busy (${syncWorkers}): ` : '';
  return `${busy}${wait}, the oldest for ${seconds} s`;
}

/** `ms`: how long the reload has been under way; `waitsFor`: what its new generation waits for; null: not known. */
export function noteReload(status: ProgramStatus, ms: number, waitsFor: string | null): ProgramStatus {
  const seconds = Math.floor(ms / 1000);
  const what = waitsFor === null ? '' : `, waits for ${waitsFor}`;
  return { ...noteAll(status, [`reload under way for ${seconds} s${what}`]), reload_seconds: seconds };
}

/** `log`: a log whose disk is full; null: there is none. */
export function noteRoom(status: ProgramStatus, log: string | null): ProgramStatus {
  return log === null
    ? status
    : noteAll(status, [`no space left for "${log}": what is written to it is lost`]);
}

function noteAll(status: ProgramStatus, notes: readonly (string | null)[]): ProgramStatus {
  const said = [status.description, ...notes].filter(note => note !== null && note !== '');
  return { ...status, description: said.join('; ') };
}
