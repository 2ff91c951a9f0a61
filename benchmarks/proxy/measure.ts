// Measures one row: every contender's answer is checked, then they take turns, so that other work of the machine affects all.

import { execFileSync } from 'node:child_process';
import { exchangeRaw, parseReplies } from '../../integration/proxy/client.ts';
import { cpuOf } from '../supervision/proc.ts';
import type { Contender } from './contenders.ts';
import { family } from './processes.ts';
import type { Row } from './rows.ts';
import { type Result, type Round, summarise } from './table.ts';
import { type Load, parseWrk } from './wrk-output.ts';

export interface Plan {
  readonly seconds: number;
  readonly rounds: number;
}

/** Seconds for the just-in-time compiler. */
const warmUpSeconds = 6;

export async function measure(
  row: Row,
  host: string,
  contenders: readonly Contender[],
  { seconds, rounds }: Plan,
): Promise<readonly Result[]> {
  for (const contender of contenders) await check(row, host, contender);
  for (const { port } of contenders) run(host, port, row.path, Math.max(seconds, warmUpSeconds));
  const taken = contenders.map((): Round[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { port, pid }] of contenders.entries()) {
      const before = cpuOf(family(pid));
      const load = run(host, port, row.path, seconds);
      taken[i]?.push({ ...load, cpuSeconds: cpuOf(family(pid)) - before });
    }
  }
  return contenders.map(({ name }, i) => summarise(name, taken[i] ?? []));
}

async function check({ what, path, size }: Row, host: string, { name, port }: Contender): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const { bytes } = await exchangeRaw(port, request);
  const [reply] = parseReplies(bytes);
  if (reply?.status === 200 && reply.body.length === size) return;
  throw new Error(`cannot measure ${what} through ${name}: it answers\n${bytes.slice(0, 300)}`);
}

export function run(host: string, port: number, path: string, seconds: number, connections = 32): Load {
  const url = `http://127.0.0.1:${port}${path}`;
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`];
  return parseWrk(execFileSync('wrk', [...options, url], { encoding: 'utf8' }));
}
