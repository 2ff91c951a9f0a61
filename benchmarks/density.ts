// Many Django sites on one machine, side by side in one run: supervisord + nginx, uWSGI's Emperor + nginx, hostd as it is, with preload,
// and asleep without visitors. As root, with Debian's nginx, supervisor, uwsgi-emperor and uwsgi-plugin-python3.
//   npm run bench:density -- [N] [--only NAME] [--seconds 300] [--quiet 60] [--json]      N sites, 50 by default

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { isRoot } from '../integration/harness/accounts.ts';
import { makePlace } from '../integration/harness/place.ts';
import { findProgram } from '../integration/harness/programs.ts';
import { prepareVirtualenvs } from '../integration/harness/virtualenvs.ts';
import { emperor } from './density/emperor.ts';
import { hostds } from './density/hostd.ts';
import { measure, type Plan } from './density/measure.ts';
import { makeSites } from './density/sites.ts';
import type { Stack } from './density/stack.ts';
import { supervisor } from './density/supervisor.ts';
import { aims, type Column, table } from './density/table.ts';

const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '300' },
    quiet: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

// Pss halves what two processes share. hostd's Node must not share its code with the one that measures.
const ownNode = 'HOSTD_BENCH_OWN_NODE';
if (process.env[ownNode] === undefined) process.exit(withOwnNode());

if (!isRoot) throw new Error('cannot start sites as another user\n  try: sudo npm run bench:density');
const needed = {
  supervisord: 'supervisor',
  nginx: 'nginx-light',
  uwsgi: 'uwsgi-emperor uwsgi-plugin-python3',
};
for (const [program, from] of Object.entries(needed))
  if (findProgram(program) === undefined)
    throw new Error(`cannot find ${program}\n  try: apt-get install --no-install-recommends ${from}`);
await prepareVirtualenvs();

const stacks = [supervisor, emperor, ...hostds];
const chosen = stacks.filter(({ name }) => values.only === undefined || values.only.includes(name));
if (chosen.length === 0)
  throw new Error(`no such stack: there are ${stacks.map(({ name }) => name).join(', ')}`);
const plan: Plan = { seconds: Number(values.seconds), quiet: Number(values.quiet) };
const all: Column[] = [];
for (const stack of chosen) all.push(await measureOne(stack, Number(positionals[0] ?? 50)));
process.stdout.write(
  values.json ? `${JSON.stringify(all, null, 2)}\n` : `${table(all, plan.quiet, plan.seconds)}\n${aims(all)}`,
);

/** In a place of its own, which is removed before the next one. */
async function measureOne(stack: Stack, count: number): Promise<Column> {
  const ends: (() => unknown)[] = [];
  const place = makePlace({ after: (action: () => unknown) => ends.push(action) } as unknown as TestContext);
  try {
    process.stderr.write(`${stack.title}: ${count} sites\n`);
    const column = await measure(stack, place, await makeSites(place, count), plan);
    process.stderr.write(`${JSON.stringify(column.naps?.how ?? {})}\n`);
    return column;
  } finally {
    place.expectLeftovers(true);
    for (const end of ends.reverse()) await end();
    rmSync(place.dir, { recursive: true, force: true });
  }
}

/** Runs this program once more, on a copy of Node. Returns its exit code. */
function withOwnNode(): number {
  const dir = mkdtempSync('/var/tmp/hostd-bench-');
  try {
    copyFileSync(process.execPath, `${dir}/node`);
    const args = [...process.execArgv, ...process.argv.slice(1)];
    const env = { ...process.env, [ownNode]: dir };
    return spawnSync(`${dir}/node`, args, { stdio: 'inherit', env }).status ?? 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
