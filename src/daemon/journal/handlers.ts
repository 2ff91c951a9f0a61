// Answers hostctl events: the last events, and new ones as they come.

import type { ServerResponse } from 'node:http';
import { HostdError } from '../../errors.ts';
import { distinctNames } from '../../protocol/names.ts';
import type { Handlers } from '../control/control.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { allLines, type Journal } from './journal.ts';

/** Events that are shown where no number is given. */
const usual = 100;
/** Bytes that wait for a follower that does not read. Beyond that the follower is given up. */
const mostWaiting = 1024 * 1024;

export function eventHandlers(supervisor: Supervisor, journal: Journal): Handlers {
  return {
    'GET /events': async ({ query, response }) => {
      const names = namesOf(supervisor, distinctNames(query.getAll('name')));
      const since = query.has('since') ? number(query.get('since'), 'since') : null;
      const asked = query.has('lines')
        ? number(query.get('lines'), 'lines')
        : since === null
          ? usual
          : allLines;
      const wanted = { lines: Math.min(asked, allLines), since, names: names?.all ?? null };
      if (!query.has('follow')) {
        const { lines } = await journal.read(wanted);
        assertKnown(names, lines.length);
        response.setHeader('Content-Type', 'application/x-ndjson');
        response.end(lines.join(''));
        return undefined;
      }
      assertKnown(names, 0);
      await follow(journal, wanted, response);
      return undefined;
    },
  };
}

interface Names {
  /** The names as events have them. */
  readonly all: ReadonlySet<string>;
  /** A name that no present program has; null: there is none. A program of that name may be gone. */
  readonly unknown: string | null;
}

/** null: every name. */
function namesOf(supervisor: Supervisor, names: readonly string[]): Names | null {
  if (names.length === 0 || names.includes('all')) return null;
  const all = new Set(names);
  const { apps } = supervisor.host();
  let unknown: string | null = null;
  for (const name of names) {
    const units = supervisor.select(name);
    for (const unit of units) all.add(unit.program.name);
    // Of an app that is served elsewhere nothing runs here.
    const isKnown = units.length > 0 || name === 'hostd' || apps.some(app => app.name === name);
    if (!isKnown) unknown ??= name;
  }
  return { all, unknown };
}

function assertKnown(names: Names | null, found: number): void {
  if (names === null || names.unknown === null || found > 0) return;
  throw new HostdError(
    'unknown-name',
    `cannot find "${names.unknown}": there is no such program, and no event of one`,
    {
      hint: 'hostctl status',
    },
  );
}

function number(text: string | null, what: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new HostdError('usage', `cannot use "${what}": not a whole number`);
}

async function follow(
  journal: Journal,
  wanted: Parameters<Journal['read']>[0],
  response: ServerResponse,
): Promise<void> {
  /** Events that come while older ones are being read. */
  let early: { readonly seq: number; readonly line: string }[] | null = [];
  const write = (line: string) => {
    response.write(line);
    if (response.writableLength > mostWaiting) response.destroy();
  };
  const forget = journal.follow((event, line) => {
    if (wanted.names !== null && !wanted.names.has(event.name)) return;
    if (early === null) write(line);
    else early.push({ seq: event.seq, line });
  });
  response.on('close', forget);
  response.on('error', () => {});
  response.setHeader('Content-Type', 'application/x-ndjson');
  response.flushHeaders();
  const { lines, last } =
    wanted.lines === 0 ? { lines: [], last: journal.last() } : await journal.read(wanted);
  const late = early.filter(({ seq }) => seq > last);
  early = null;
  response.write(lines.join(''));
  for (const { line } of late) write(line);
}
