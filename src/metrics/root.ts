// The channel to root: asks for a sample when somebody wants one that is newer than the last.

import { Socket } from 'node:net';
import { freshFor, question } from '../protocol/metrics.ts';
import type { Sample } from '../protocol/sample.ts';

/** Returns what takes a sample. `ended` is called when root has gone. */
export function openRoot(asks: number, answers: number, ended: () => void): () => Promise<Sample> {
  const out = new Socket({ fd: asks, readable: false, writable: true });
  const back = new Socket({ fd: answers, readable: true, writable: false });
  for (const end of [out, back]) end.on('error', ended);
  back.on('close', ended);
  let waiting: PromiseWithResolvers<Sample> | null = null;
  let last: Promise<Sample> | null = null;
  let pieces: Buffer[] = [];
  back.on('data', (chunk: Buffer) => {
    pieces.push(chunk);
    if (chunk.at(-1) !== 10) return;
    const line = Buffer.concat(pieces).toString('utf8');
    pieces = [];
    const { resolve, reject } = waiting ?? Promise.withResolvers<Sample>();
    waiting = null;
    setTimeout(() => {
      last = null;
    }, freshFor).unref();
    try {
      resolve(JSON.parse(line) as Sample);
    } catch (error) {
      reject(error);
    }
  });
  return () => {
    if (last !== null) return last;
    waiting = Promise.withResolvers<Sample>();
    last = waiting.promise;
    out.write(`${question}\n`);
    return last;
  };
}
