// What an earlier hostd has told last, for whoever goes on telling.

import { isElsewhere } from '../../model/elsewhere.ts';
import { decodeEvent } from '../../protocol/journal.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { allLines, type Journal } from './journal.ts';

/** Lets the news of upstreams go on from what was told last of each app. Reads nothing where every app runs here. */
export async function recallUpstreams({ host, upstreams }: Supervisor, journal: Journal): Promise<void> {
  const told = new Map<string, string>();
  try {
    const elsewhere = host().apps.filter(isElsewhere);
    const names = new Set(elsewhere.map(({ name }) => name));
    const { lines } =
      names.size === 0 ? { lines: [] } : await journal.read({ lines: allLines, since: null, names });
    for (const line of lines) {
      const event = decodeEvent(line);
      if (event?.kind === 'upstream-out') told.set(event.name, event.cause);
      else if (event?.kind === 'upstream-back') told.delete(event.name);
    }
  } finally {
    upstreams.goOn(told);
  }
}
