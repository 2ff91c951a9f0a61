// How busy hostd's main thread is, and how soon it answers. One app must not cost the others either of these.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hostd } from './hostd.ts';

/** Processor time of hostd's main thread so far, in milliseconds; a tick is a hundredth of a second (proc_pid_stat(5)). */
export function mainThreadMs({ pid }: Hostd): number {
  const text = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The part of one core, 0 to 1, that the main thread takes during this many milliseconds. */
export async function share(hostd: Hostd, ms: number): Promise<number> {
  const [before, begun] = [mainThreadMs(hostd), performance.now()];
  await sleep(ms);
  return (mainThreadMs(hostd) - before) / (performance.now() - begun);
}

/** Asks for the status several times: it has come within three seconds each time, or a busy machine was to blame for one. */
export async function answersSoon(hostd: Hostd, times = 5): Promise<void> {
  const late: number[] = [];
  for (let time = 0; time < times; time++) {
    const begun = performance.now();
    await status(hostd);
    const took = performance.now() - begun;
    if (took > 3000) late.push(took);
    await sleep(50);
  }
  assert.ok(late.length <= 1, `status took ${late.map(Math.round).join(', ')} ms`);
}

/** Asks the control socket itself, since hostctl takes a third of a second to start. */
function status({ socket }: Hostd): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: socket, path: '/v1/status', agent: false, timeout: 120_000 };
    get(options, response => response.resume().on('end', resolve))
      .on('timeout', () => reject(new Error('no status within 120 s')))
      .on('error', reject);
  });
}
