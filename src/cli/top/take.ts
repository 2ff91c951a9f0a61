// Asks hostd for a sample.

import type { Sample } from '../../protocol/sample.ts';
import type { Client } from '../client/client.ts';

/** Processes whose memory hostd is asked for exactly: a look at more would take it too long. */
const mostExact = 200;
/** Seconds without an answer until it is trouble. */
const longestAnswer = 30;

/** `before`: the last one, which tells how many processes there are. */
export async function takeSample(client: Client, before: Sample | null, stop?: AbortSignal): Promise<Sample> {
  const processes = before?.programs.reduce((sum, program) => sum + program.processes, 0) ?? 0;
  return client.get<Sample>({
    method: 'GET',
    path: 'sample',
    query: before !== null && processes <= mostExact ? [['memory', 'exact']] : [],
    timeout: longestAnswer,
    ...(stop === undefined ? {} : { stop }),
  });
}
