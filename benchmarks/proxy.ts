// The proxy worker side by side with nginx, Caddy and npm's proxies, in one run: every answer is checked before it is timed,
// contenders take turns, and rates are shown with their ratio to nginx. Needs wrk and nginx; the rows with Django need a python with
// Django and gunicorn: HOSTD_BENCH_PYTHON, or one that is made once.
//   npm run bench:proxy -- [--only ROW] [--seconds 3] [--rounds 3]
//   npm run bench:proxy -- --memory [--requests 1000000] [--connections 10000]      what the worker's memory does

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeFixture } from '../integration/proxy/fixture.ts';
import { findDjango, startDjango, startFastApp, syncWorkers } from './proxy/apps.ts';
import { type Contender, startContender } from './proxy/contenders.ts';
import { measure, type Plan } from './proxy/measure.ts';
import { measureMemory } from './proxy/memory.ts';
import { findCommand } from './proxy/processes.ts';
import { type Row, rows } from './proxy/rows.ts';
import { table } from './proxy/table.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    memory: { type: 'boolean', default: false },
    requests: { type: 'string', default: '1000000' },
    connections: { type: 'string', default: '10000' },
  },
});

for (const tool of ['wrk', 'nginx'])
  if (findCommand(tool) === null) throw new Error(`cannot measure without ${tool}: apt-get install ${tool}`);
if (values.memory) {
  await measureMemory({ requests: Number(values.requests), connections: Number(values.connections) });
} else {
  const chosen = rows.filter(({ name }) => values.only === undefined || values.only.includes(name));
  if (chosen.length === 0)
    throw new Error(`no such row: there are ${rows.map(({ name }) => name).join(', ')}`);
  if (findCommand('caddy') === null) console.log('no Caddy: it is not installed');
  const python = chosen.some(({ app }) => app !== 'fast') ? await findDjango() : null;
  const plan = { seconds: Number(values.seconds), rounds: Number(values.rounds) };
  for (const row of chosen) await measureRow(row, python, plan);
}

async function measureRow(row: Row, python: string | null, plan: Plan): Promise<void> {
  const { app } = row;
  if (app !== 'fast' && python === null) return;
  const fixture = makeFixture('bench');
  const ends: (() => unknown)[] = [() => fixture.remove()];
  try {
    const [site] = fixture.sites;
    const root = site.socket.replace('/run/gunicorn.sock', '');
    writeFileSync(`${root}/static/1k.txt`, 'x'.repeat(1024));
    writeFileSync(`${root}/static/100k.txt`, 'x'.repeat(102_400));
    const program =
      app === 'fast' || python === null
        ? await startFastApp(fixture.directory, site.socket)
        : await startDjango(python, site.socket, app.gunicorn);
    ends.push(program.stop);
    const contenders: Contender[] = [];
    for (const name of row.contenders) {
      const contender = await startContender(name, {
        directory: fixture.directory,
        site,
        kept: row.kept,
        isSync: app !== 'fast' && app.gunicorn === syncWorkers,
      });
      if (contender === null) continue;
      ends.push(contender.stop);
      contenders.push(contender);
    }
    const results = await measure(row, site.serverNames[0] ?? '', contenders, plan);
    console.log(table(row.what, results));
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
