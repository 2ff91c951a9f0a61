// hostctl top

import { setTimeout as sleep } from 'node:timers/promises';
import { HostdError } from '../../errors.ts';
import { escapeJson } from '../../words/escape.ts';
import { connect } from '../client/socket.ts';
import { isOnTerminal } from '../client/terminal.ts';
import { type Command, type Input, noOperands } from '../program/command.ts';
import { plainTable } from '../top/draw.ts';
import { inOrder, type Order, orders, type Row, rowsOf } from '../top/rows.ts';
import { takeSample } from '../top/take.ts';

export const top: Command = {
  name: 'top',
  summary: 'show what programs and sites use and do, as it changes',
  usage: '[--once | --json] [--sort COLUMN] [-d SECONDS]',
  help: `
Shows each program with its processes, processor time, memory, and what its site does: requests and answers of 5xx a second,
the time in which half of the answers and 95 of 100 came, requests that wait. Memory is without the cache of files; what processes
share is divided among them, up to 200 processes.

Keys: n c m r t e sort by name, CPU, memory, requests, time, errors; arrows choose; Enter shows the processes of an app; l its log;
? more; q ends. With --once, or where there is no terminal, it is printed once. JSON has null for what is not known, and times
of at most 10000 ms.`,
  options: {
    once: { type: 'boolean', help: 'print it once, over one second' },
    json: { type: 'boolean', help: 'print it once, as an array of objects' },
    sort: { type: 'string', value: 'COLUMN', help: `${orders.join(', ')}: what --once and --json sort by` },
    delay: { type: 'string', short: 'd', value: 'SECONDS', help: 'between two looks (2; once: 1)' },
  },
  operands: noOperands,
  async run(input, context) {
    const { once, json } = input.options;
    const order = orderOf(input);
    const client = await connect(input, context);
    if (once !== true && json !== true && isOnTerminal()) {
      const { live } = await import('../top/live.ts');
      const delay = delayOf(input, 2);
      await live({ client, input: process.stdin, output: context.stdout, delay });
      return 0;
    }
    const delay = delayOf(input, 1);
    const before = await takeSample(client, null);
    await sleep(delay);
    const rows = inOrder(rowsOf(before, await takeSample(client, before)), order);
    context.stdout.write(json === true ? `${escapeJson(rows.map(toJson))}\n` : plainTable(rows, 'name'));
    return 0;
  },
};

function orderOf({ options }: Input): Order {
  const wanted = options['sort'] ?? 'name';
  const found = orders.find(order => order === wanted);
  if (found !== undefined) return found;
  throw new HostdError('usage', `option "--sort" needs a column, not "${wanted}"`, {
    hint: `--sort cpu; one of ${orders.join(', ')}`,
  });
}

/** Milliseconds. */
function delayOf({ options }: Input, usual: number): number {
  const { delay } = options;
  if (delay === undefined) return usual * 1000;
  const seconds = typeof delay === 'string' && /^\d{1,4}(\.\d{1,3})?$/.test(delay) ? Number(delay) : 0;
  if (seconds >= 0.2 && seconds <= 3600) return seconds * 1000;
  throw new HostdError('usage', `option "--delay" needs seconds from 0.2 to 3600, not "${delay}"`, {
    hint: '-d 5',
  });
}

function toJson(row: Row): object {
  const number = (value: number | null) => (value === null ? null : Math.round(value * 1000) / 1000);
  const ms = (value: number | null) => (value === null ? null : number(Math.min(value, 10_000)));
  return {
    name: row.name,
    app: row.app,
    state: row.state,
    well: row.isWell,
    processes: row.processes,
    cpu_percent: number(row.cpu),
    memory_bytes: row.memory,
    requests_per_second: number(row.requests),
    p50_ms: ms(row.p50),
    p95_ms: ms(row.p95),
    errors_per_second: number(row.errors),
    waiting_requests: row.waiting,
    restarts: row.restarts,
  };
}
