// The same faults under load, side by side in one run: supervisord + nginx as in the well-known article, hostd + the same nginx,
// and hostd alone with its own proxy. Counts what became of every request. As root, with Debian's nginx and supervisor.
//   npm run bench:faults -- [--json]

import { rmSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { type LoadReport, startLoad } from '../integration/harness/load.ts';
import { makePlace } from '../integration/harness/place.ts';
import { until } from '../integration/harness/until.ts';
import { type Fault, faults } from './faults/fault.ts';
import { hostdAlone, hostdAndNginx } from './faults/hostd.ts';
import type { Stack } from './faults/stack.ts';
import { supervisorAndNginx } from './faults/supervisor.ts';

interface Row {
  readonly fault: string;
  readonly stack: string;
  readonly report: LoadReport;
  /** The app's gunicorn masters when the fault was over. */
  readonly masters: number;
}

const clients = 4;
/** Milliseconds of load after the fault has been dealt with. */
const afterwards = 1500;
const longestLoad = 30_000;

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const rows: Row[] = [];
for (const makeStack of [supervisorAndNginx, hostdAndNginx, hostdAlone]) {
  for (const fault of faults) rows.push(await measure(makeStack, fault));
}
process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));

/** Makes a new stack for each fault, and removes it before the next one. */
async function measure(makeStack: typeof hostdAlone, fault: Fault): Promise<Row> {
  const ends: (() => unknown)[] = [];
  const place = makePlace({ after: (action: () => unknown) => ends.push(action) } as unknown as TestContext);
  try {
    const stack: Stack = await makeStack(place);
    process.stderr.write(`${stack.name}: ${fault.name}\n`);
    const load = startLoad({
      to: { port: stack.port },
      host: stack.host,
      path: '/slow?s=0.01',
      clients,
      atMost: longestLoad,
    });
    // The fault comes after right answers.
    await until('good answers', () => load.report().ok > 100);
    await fault.happen(stack);
    const before = load.report().ok;
    await until('good answers after the fault', () => load.report().ok > before + 100, {
      timeout: 20_000,
    }).catch(() => {});
    await new Promise(resolve => setTimeout(resolve, afterwards));
    const report = await load.stop();
    return { fault: fault.name, stack: stack.name, report, masters: stack.masters().length };
  } finally {
    place.expectLeftovers(true);
    for (const end of ends.reverse()) await end();
    rmSync(place.dir, { recursive: true, force: true });
  }
}

function table(all: readonly Row[]): string {
  const cells = all.map(({ fault, stack, report, masters }) => {
    const failed = report.requests - report.ok;
    return [
      fault,
      stack,
      String(report.requests),
      String(failed),
      String(report.refused),
      report.longestMs.toFixed(0),
      String(masters),
    ];
  });
  const lines = [['fault', 'stack', 'requests', 'failed', 'refused', 'longest ms', 'masters'], ...cells];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0))) ?? [];
  return lines
    .map(
      line =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
