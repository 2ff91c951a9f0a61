// hostd's programs by their names, and what a name may mean that no program has.

import type { StatusReply } from '../../protocol/control.ts';
import { nearest } from '../../words/nearest.ts';
import type { Client } from './client.ts';

/** The status by names. It fails after some seconds of silence, since monitoring calls it. */
export function fetchStatus(client: Client, names: readonly string[]): Promise<StatusReply> {
  const query = names.map(name => ['name', name] as const);
  return client.get<StatusReply>({ method: 'GET', path: 'status', query, timeout: 10 });
}

/** What to try in place of a name that no program has: the nearest one, or the list of all. */
export async function whatMayBeMeant(name: string, client: Client): Promise<string> {
  try {
    const { programs } = await fetchStatus(client, []);
    return (
      nearest(
        name,
        programs.map(program => program.name),
      ) ?? 'hostctl status'
    );
  } catch {
    return 'hostctl status';
  }
}
