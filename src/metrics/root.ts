// The channel to root: asks for a sample when somebody wants one that is newer than the last.

import { Socket } from 'node:net';
import { freshFor, question } from '../protocol/metrics.ts';
import type { PlainSample } from '../protocol/sample.ts';

/** Returns what takes a sample. `ended` is called when root has gone. */
export function openRoot(asks: number, answers: number, ended: () => void): () => Promise<PlainSample> {
  const out = new Socket({ fd: asks, readable: false, writable: true });
  const back = new Socket({ fd: answers, readable: true, writable: false });
  for (const end of [out, back]) end.on('error', ended);
  back.on('close', ended);
  let waiting: PromiseWithResolvers<PlainSample> | null = null;
  let last: Promise<PlainSample> | null = null;
  let pieces: Buffer[] = [];
  back.on('data', (chunk: Buffer) => {
    pieces.push(chunk);
    if (chunk.at(-1) !== 10) return;
    const line = Buffer.concat(pieces).toString('utf8');
    pieces = [];
    const { resolve, reject } = waiting ?? Promise.withResolvers<PlainSample>();
    waiting = null;
    setTimeout(() => {
      last = null;
    }, freshFor).unref();
    try {
      resolve(JSON.parse(line) as PlainSample);
    } catch (error) {
      reject(error);
    }
  });
  return () => {
    if (last !== null) return last;
    waiting = Promise.withResolvers<PlainSample>();
    last = waiting.promise;
    out.write(`${question}\n`);
    return last;
  };
}
