// What has become of the runs of one proxy worker: how often it ended by itself, why, and which site it was working for. Status is
// told so, and the next run leaves out a site that ends it again and again.

import { closeSync, readSync } from 'node:fs';
import type { Exit } from '../../lifecycle/process.ts';
import { describeExit } from '../../lifecycle/view.ts';
import { mostUpstreams } from '../../model/upstreams.ts';
import {
  notePage,
  type Pending,
  readPending,
  readStandings,
  type Standings,
  standingsPlace,
} from '../../protocol/note.ts';

/** A site is left out after this many ends within this many milliseconds, if the worker worked for it each time. */
const mostDeaths = 3;
const withinMs = 60_000;

/** Signals that a process brings upon itself. SIGKILL does not tell what the process was doing. */
const ownFaults: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
]);

export interface Death {
  /** Monotonic milliseconds, so that setting the clock does not move deaths together or apart. */
  readonly at: number;
  /** null: the run could not be started. */
  readonly how: Exit | null;
  /** The site that the worker was working for; null: none, or it is not known. */
  readonly site: string | null;
}

/** The site that the last of these deaths makes a culprit, or null. Pure. */
export function culpritOf(deaths: readonly Death[]): string | null {
  const last = deaths.at(-1);
  if (last === undefined || last.site === null) return null;
  const alike = deaths.filter(
    ({ site, how, at }) => site === last.site && ownFaults.has(how?.signal ?? '') && last.at - at < withinMs,
  );
  return alike.length >= mostDeaths ? last.site : null;
}

export class WorkerHistory {
  readonly #leftOut = new Set<string>();
  #deaths: Death[] = [];
  #count = 0;
  /** The live run's note of which site it works for, and the sites by their numbers in it. */
  #note: { readonly fd: number; readonly sites: readonly string[] } | null = null;
  #noted: string | null = null;

  get leftOut(): ReadonlySet<string> {
    return this.#leftOut;
  }

  /** A command starts the worker: with all sites, and with no deaths on record. */
  forget(): void {
    this.#closeNote();
    this.#leftOut.clear();
    this.#deaths = [];
    this.#count = 0;
  }

  /** The worker has ended by itself, and is about to be started again. Returns lines for the log. */
  died(how: Exit | null, at: number): readonly string[] {
    this.#closeNote();
    const site = this.#noted;
    this.#noted = null;
    this.#count++;
    this.#deaths = [...this.#deaths, { at, how, site }].slice(-mostDeaths);
    const why = `ended by itself (${describeDeath(how)})${site === null ? '' : ` while it worked for "${site}"`}`;
    const said = [`${why}: started again, for the ${ordinal(this.#count)} time`];
    const culprit = culpritOf(this.#deaths);
    if (culprit === null) return said;
    this.#leftOut.add(culprit);
    const again = 'hostctl reload hostd-proxy';
    return [
      ...said,
      `goes on without "${culprit}", at whose requests it ended ${mostDeaths} times within a minute: they are answered with 503\n  try: ${again}`,
    ];
  }

  /**
   * A run begins. It notes in the file `fd`, which the history closes, which site it works for, by number from 1 in `sites`.
   * Returns a function to call when the run has ended.
   */
  begin(fd: number, sites: readonly string[]): () => void {
    this.#closeNote();
    const note = { fd, sites };
    this.#note = note;
    return () => {
      // Another run may have begun by then.
      if (this.#note === note) this.#closeNote();
    };
  }

  /** By site: the requests that wait for the app's answer in the live run. */
  pending(): ReadonlyMap<string, Pending> {
    if (this.#note === null) return new Map();
    const page = Buffer.alloc(notePage);
    const length = readSync(this.#note.fd, page, 0, notePage, 0);
    return readPending(page.subarray(0, length), this.#note.sites);
  }

  /** How a site's upstreams stand in the live run, of which there may be fewer; empty: it does not serve that site. */
  upstreamsOf(site: string): Standings {
    if (this.#note === null) return [];
    const { fd, sites } = this.#note;
    const index = sites.indexOf(site);
    if (index < 0) return [];
    const bytes = Buffer.alloc(mostUpstreams);
    const place = standingsPlace(sites.length, index + 1);
    return readStandings(bytes.subarray(0, readSync(fd, bytes, 0, mostUpstreams, place)));
  }

  /** For status: ", restarted 3 times, last 2026-11-27 12:03:10: exit status 70", or "". */
  describe(time: (at: number) => string): string {
    const last = this.#deaths.at(-1);
    if (last === undefined) return '';
    const times = this.#count === 1 ? 'once' : `${this.#count} times`;
    const without = [...this.#leftOut].map(site => `"${site}"`).join(', ');
    const rest = without === '' ? '' : `; without ${without}: hostctl reload hostd-proxy`;
    return `, restarted ${times}, last ${time(last.at)}: ${describeDeath(last.how)}${rest}`;
  }

  #closeNote(): void {
    if (this.#note === null) return;
    const { fd, sites } = this.#note;
    this.#note = null;
    this.#noted = sites[readNumber(fd) - 1] ?? null;
    closeSync(fd);
  }
}

function readNumber(fd: number): number {
  const bytes = Buffer.alloc(4);
  return readSync(fd, bytes, 0, 4, 0) === 4 ? bytes.readUInt32LE() : 0;
}

function describeDeath(how: Exit | null): string {
  return how === null ? 'it could not be started' : describeExit(how);
}

function ordinal(n: number): string {
  const tens = n % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}

const histories = new WeakMap<object, WorkerHistory>();

/** The history of a worker. `worker`: an object that all its runs share with no other worker. */
export function historyOf(worker: object): WorkerHistory {
  const known = histories.get(worker);
  if (known !== undefined) return known;
  const history = new WorkerHistory();
  histories.set(worker, history);
  return history;
}
