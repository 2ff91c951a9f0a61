// Supervision side by side: hostd, Supervisor, runit and pm2 with the same programs, one after the other in one run.
//   npm run bench -- [--json] [--peers hostd,runit] [--sessions smallFleet,largeFleet,bigLog,slowStops]
// What is measured and how is in docs/benchmarks.md. Ends, by pid, only what carries its own mark.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killMarked } from '../integration/harness/processes.ts';
import { must } from '../scripts/run.ts';
import { hostd } from './supervision/hostd.ts';
import type { Figures, Peer } from './supervision/peer.ts';
import { pm2 } from './supervision/pm2.ts';
import { type Result, table } from './supervision/report.ts';
import { runit } from './supervision/runit.ts';
import { bigLog, largeFleet, slowStops, smallFleet } from './supervision/sessions.ts';
import { supervisor } from './supervision/supervisor.ts';

const peers: readonly Peer[] = [hostd, supervisor, runit, pm2];
const sessions = { smallFleet, largeFleet, bigLog, slowStops };

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    peers: { type: 'string', default: peers.map(peer => peer.name).join() },
    sessions: { type: 'string', default: Object.keys(sessions).join() },
  },
});
const wanted = (list: string, name: string) => list.toLowerCase().split(',').includes(name.toLowerCase());
const say = (text: string) => process.stderr.write(`${text}\n`);

const place = mkdtempSync('/tmp/hostd-bench-');
chmodSync(place, 0o755);
const id = place.slice(-6);
const subject = `${place}/subject`;
const clear = () => killMarked({ environment: `HOSTD_BENCH=${id}`, directory: place });
process.on('exit', () => {
  clear();
  rmSync(place, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const source = join(import.meta.dirname, 'supervision/subject.c');
await must('compile the subject', ['cc', '-O2', '-o', subject, source]);

const results: Result[] = [];
for (const peer of peers.filter(({ name }) => wanted(values.peers, name))) {
  try {
    const version = await peer.find();
    results.push({ name: peer.name, version, figures: await measure(peer) });
  } catch (error) {
    say(`${peer.name} is left out: ${error instanceof Error ? error.message : error}`);
  }
}

/** A session that fails is reported, and its figures are left out. */
async function measure(peer: Peer): Promise<Figures> {
  let figures: Figures = {};
  for (const [name, session] of Object.entries(sessions)) {
    if (!wanted(values.sessions, name)) continue;
    const start = performance.now();
    const dir = `${place}/${peer.name}-${name}`;
    mkdirSync(dir);
    mkdirSync(`${dir}/logs`);
    try {
      figures = { ...figures, ...(await session(peer, { dir, subject, mark: { HOSTD_BENCH: id } })) };
      say(`${peer.name}: ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      process.exitCode = 1;
      say(`${peer.name}: ${name} failed: ${error instanceof Error ? error.message : error}`);
    }
    clear();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
  return figures;
}

const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? '', load: loadavg()[0] ?? 0 };
if (values.json) process.stdout.write(`${JSON.stringify({ machine, results }, null, 2)}\n`);
else {
  process.stdout.write(`${machine.cores} cores, ${machine.cpu}; load ${machine.load.toFixed(2)}\n`);
  process.stdout.write(`${results.map(({ name, version }) => `${name} ${version}`).join(', ')}\n\n`);
  process.stdout.write(table(results));
}
