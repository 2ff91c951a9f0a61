// A site goes to a Docker Swarm of one node and comes back, under load: the stack that hostd emits, behind hostd's own upstreams. The dockerd
// is the test's own, with its own network and directories. integration/engines/swarm.ts does the rest, on three nodes and by hand.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { run } from '../scripts/run.ts';
import { type Cluster, startSwarm } from './engines/cluster.ts';
import { isRoot } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace, type Place } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';
import { cacheDirectory } from './harness/virtualenvs.ts';
import { writeApp } from './harness/write-app.ts';

const missing = ['dockerd', 'docker', 'ip', 'iptables', 'unshare'].find(
  name => findProgram(name) === undefined,
);
const skip = !isRoot
  ? 'needs root'
  : missing !== undefined &&
    `needs ${missing}: apt-get install --no-install-recommends docker.io iptables iproute2`;

/** An image of a few bytes: the machine's own programs are mounted into it. */
async function importImage(place: Place, { nodes }: Cluster): Promise<void> {
  const root = place.directory('image');
  for (const name of ['usr', 'tmp', 'etc', 'run', 'proc', 'sys', 'dev', 'var']) mkdirSync(`${root}/${name}`);
  chmodSync(`${root}/tmp`, 0o1777);
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, `${root}/${name}`);
  writeFileSync(`${root}/etc/passwd`, 'root:x:0:0:root:/:/bin/sh\n');
  await run(['tar', '-C', root, '-cf', `${place.dir}/image.tar`, '.'], {});
  await nodes[0].docker('import', `${place.dir}/image.tar`, 'tiny:1');
}

/** The stack as it is emitted, but for the directories that its image does not have. */
function withMounts(file: string, directories: readonly string[]): string {
  const stack = parse(readFileSync(file, 'utf8'), { merge: true }) as {
    'x-app'?: unknown;
    services: Record<string, { volumes?: readonly unknown[] }>;
  };
  delete stack['x-app'];
  for (const service of Object.values(stack.services))
    service.volumes = [
      ...(service.volumes ?? []),
      ...directories.map(path => ({ type: 'bind', source: path, target: path, read_only: true })),
    ];
  writeFileSync(file, stringify(stack, { aliasDuplicateObjects: false, compat: 'yaml-1.1' }));
  return file;
}

test('a site moves to the Swarm that its stack was emitted for, and back, and no request fails', {
  skip,
}, async t => {
  const place = makePlace(t);
  const swarm = await startSwarm(place, 1).catch((error: unknown) => String(error).slice(0, 500));
  if (typeof swarm === 'string') return t.skip(`no Swarm here: ${swarm}`);
  const [node] = swarm.nodes;
  await importImage(place, swarm);
  const app = await tinyApp(place, { keys: { media: false, health: '/' } });
  const hostd = await startHostd(place, { apps: [app] });
  await hostd.state('tiny', 'RUNNING');

  const emitted = await hostd.hostctl(
    ...['emit', 'compose', 'tiny', '--swarm', '--no-migrations', '--port', '8000', '--tag', '1'],
    ...['--out', `${place.dir}/out`],
  );
  assert.equal(emitted.code, 0, emitted.stderr);
  const files = readdirSync(`${place.dir}/out`, { recursive: true, encoding: 'utf8' });
  const file = files.find(name => name.endsWith('stack.yaml')) ?? assert.fail(files.join());
  const stack = withMounts(`${place.dir}/out/${file}`, ['/usr', cacheDirectory, app.root]);
  await node.docker('stack', 'deploy', '--resolve-image', 'never', '-c', stack, 'tiny');
  const there = `http://${node.address}:8000/`;
  await until('its copy to answer', async () => (await fetch(there).catch(() => null))?.status === 200, {
    every: 100,
    timeout: 120_000,
  }).catch(async (error: Error) => {
    const tasks = await node.docker('service', 'ps', '--no-trunc', 'tiny_tiny');
    const log = await node.docker('service', 'logs', '--tail', '20', 'tiny_tiny');
    throw new Error(`${error.message}\n${tasks}\n${log}`);
  });

  const load = startLoad({ to: { port: hostd.port }, host: app.host, clients: 2, atMost: 60_000, pause: 5 });
  const served = async () => {
    const before = load.report().ok;
    await until('requests to be served', () => load.report().ok > before + 20);
  };
  const move = async (keys: { readonly upstreams?: readonly string[] }) => {
    await served();
    writeApp(place, { ...app, table: { ...app.table, ...keys } });
    const { code, stdout, stderr } = await hostd.hostctl('update');
    assert.equal(code, 0, stdout + stderr);
    await served();
  };
  const uid = async () => JSON.parse((await hostd.get(app.host, '/whoami')).text).uid as number;
  await move({ upstreams: [`${node.address}:8000`] });
  assert.equal(await uid(), 10_001);
  await move({});
  assert.equal(await uid(), 0);
  const { requests, ok } = await load.stop();
  assert.equal(ok, requests);
});
