// hostd supervisord beside Debian's supervisord: the same supervisord.conf under both, in one run, taking turns.
//   npm run bench:supervisord [-- --only ROW]... [--json]
// What is measured and how is in docs/benchmarks.md. Ends, by pid, only what carries its own mark.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { killMarked } from '../integration/harness/processes.ts';
import { must, run } from '../scripts/run.ts';
import { eventRows } from './supervisord/event-rows.ts';
import { fleetRows } from './supervisord/rows.ts';
import { type Figure, table } from './supervisord/table.ts';

const rows = { ...fleetRows, ...eventRows };
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
});
const chosen = Object.entries(rows).filter(([name]) => values.only?.includes(name) ?? true);
if (chosen.length === 0) throw new Error(`no such row: there are ${Object.keys(rows).join(', ')}`);
const { code, stdout } = await run(['supervisord', '--version']);
if (code !== 0)
  throw new Error('cannot find supervisord\n  try: apt-get install --no-install-recommends supervisor');

const place = mkdtempSync('/tmp/hostd-bench-');
chmodSync(place, 0o755);
const id = place.slice(-6);
const clear = () => killMarked({ environment: `HOSTD_BENCH=${id}`, directory: place });
process.on('exit', () => {
  clear();
  rmSync(place, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const compile = async (name: string, source: string) => {
  const file = `${place}/${name}`;
  await must(`compile the ${name}`, ['cc', '-O2', '-o', file, `${import.meta.dirname}/${source}`]);
  return file;
};
const subject = await compile('subject', 'supervision/subject.c');
const listener = await compile('listener', 'supervisord/listener.c');

const figures: Figure[] = [];
for (const [name, row] of chosen) {
  const start = performance.now();
  const dir = `${place}/${name}`;
  mkdirSync(dir);
  try {
    figures.push(...(await row({ dir, subject, listener, mark: { HOSTD_BENCH: id } })));
    process.stderr.write(`${name} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${name} failed: ${error instanceof Error ? error.message : error}\n`);
  }
  clear();
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? '', load: loadavg()[0] ?? 0 };
if (values.json) process.stdout.write(`${JSON.stringify({ machine, figures }, null, 2)}\n`);
else {
  process.stdout.write(`${machine.cores} cores, ${machine.cpu}; load ${machine.load.toFixed(2)}\n`);
  process.stdout.write(`hostd beside Supervisor ${stdout.trim()}\n\n${table(figures)}`);
}
