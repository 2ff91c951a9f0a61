// A site on a real Swarm: from its TOML to three nodes, under load through hostd's proxy on this machine, and back. By hand, as root:
// npm run test:engines.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { startHostd } from '../harness/hostd.ts';
import { makePlace } from '../harness/place.ts';
import { until } from '../harness/until.ts';
import { writeApp } from '../harness/write-app.ts';
import { startSwarm } from './cluster.ts';
import { hearBeats, makeHello } from './hello.ts';
import { importImage, makeRoot } from './image.ts';
import { startVisitors } from './visitors.ts';

const port = 8000;

test('hello on a Swarm of three nodes, and back', async t => {
  const place = makePlace(t);
  const began = performance.now();
  const note = (what: string) =>
    t.diagnostic(`${((performance.now() - began) / 1000).toFixed(1)} s: ${what}`);
  const { gateway, nodes } = await startSwarm(place, 3);
  const [manager] = nodes;
  note('three nodes are a Swarm');
  const beats = await hearBeats(place, gateway);
  const { app, venv, setVersion } = await makeHello(place, beats.url, {});
  setVersion('1');

  // The site runs here at first.
  const hostd = await startHostd(place, { apps: [app] });
  const version = async () => (await hostd.get(app.host, '/healthz')).headers['x-version'];
  assert.equal(await version(), '1');
  await until('the second program to run here', () => beats.recent('beat', 2000).length === 1);

  const scratch = mkdtempSync('/var/tmp/hostd-engines-image-');
  place.after(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));
  makeRoot(`${scratch}/root`, [venv, app.root]);
  const wsgi = `${app.root}/hello/hello/wsgi.py`;
  const imageOf = async (name: string) => {
    setVersion(name);
    writeFileSync(`${scratch}/root${wsgi}`, readFileSync(wsgi));
    await importImage(`${scratch}/root`, `hello:${name}`, nodes, `${scratch}/image.tar`);
  };
  for (const name of ['broken', '2', '1']) await imageOf(name);
  note('three images are on each node');

  const deploy = async (tag: string, replicas: number) => {
    const { code, stderr } = await hostd.hostctl(
      ...['emit', 'compose', 'hello', '--swarm', '--no-migrations', '--port', String(port)],
      ...['--replicas', String(replicas), '--tag', tag, '--out', `${scratch}/out`],
    );
    assert.ok(code === 0 || code === 3, stderr);
    const files = readdirSync(`${scratch}/out`, { recursive: true, encoding: 'utf8' });
    const file = files.find(name => name.endsWith('stack.yaml')) ?? assert.fail(files.join());
    await manager.docker(
      'stack',
      'deploy',
      '--resolve-image',
      'never',
      '-c',
      `${scratch}/out/${file}`,
      'hello',
    );
  };
  const running = async () => {
    const text = await manager.docker(
      ...['service', 'ps', 'hello_hello', '--filter', 'desired-state=running'],
      ...['--format', '{{.Node}} {{.Image}} {{.CurrentState}}'],
    );
    return text.split('\n').filter(line => / Running /.test(line));
  };
  const copies = (count: number) =>
    until(`${count} copies`, async () => (await running()).length === count, {
      every: 500,
      timeout: 300_000,
    });
  const updated = (state: string) =>
    until(
      `the roll-out to be ${state}`,
      async () =>
        (
          await manager.docker('service', 'inspect', 'hello_hello', '--format', '{{.UpdateStatus.State}}')
        ).trim() === state,
      { every: 500, timeout: 600_000 },
    );

  await manager.docker('secret', 'create', 'hello_SECRET_KEY', wsgi);
  await deploy('1', 2);
  await copies(2);
  note('two copies run');

  const visitors = startVisitors(hostd.port, app.host);
  place.after(() => visitors.end());
  const { served } = visitors;
  const move = async (upstreams: readonly string[]) => {
    writeApp(place, { ...app, table: { ...app.table, ...(upstreams.length === 0 ? {} : { upstreams }) } });
    const { code, stdout, stderr } = await hostd.hostctl('update');
    assert.equal(code, 0, stdout + stderr);
    await served();
  };
  await served();
  await move(nodes.map(({ address }) => `${address}:${port}`));
  note('the site has moved to the Swarm');
  const [moved, runsHere] = [performance.now(), beats.count('minutely')];
  await until('the second program to run once', () => beats.recent('beat', 2000).length === 1);

  await deploy('1', 3);
  await copies(3);
  await served();
  note('three copies run');

  const killed = nodes[1] ?? assert.fail();
  const container = (await killed.docker('ps', '--quiet', '--filter', 'name=hello_hello')).trim();
  await killed.docker('kill', container);
  await until('the killed copy to be replaced', async () => {
    const now = (await killed.docker('ps', '--quiet', '--filter', 'name=hello_hello')).trim();
    return now !== '' && now !== container;
  });
  await copies(3);
  await served();
  note('a killed copy is replaced');

  await deploy('2', 3);
  await updated('completed');
  await served();
  assert.equal(await version(), '2');
  note('new code is rolled out');

  await deploy('broken', 3);
  await updated('rollback_completed');
  await copies(3);
  await served();
  assert.equal(await version(), '2');
  note('broken code is rolled back');

  await nodes[2]?.cut();
  await served();
  await until('its copy to be missed', async () => (await running()).length === 2, {
    every: 500,
    timeout: 300_000,
  });
  await served();
  note('a node is lost');
  await until('the second program to run once again', () => beats.recent('beat', 2000).length === 1, {
    timeout: 300_000,
  });

  await move([]);
  note('the site is back');
  // Once in each minute: not once for each copy, nor at each deployment.
  const minutes = (performance.now() - moved) / 60_000;
  const runs = beats.count('minutely') - runsHere;
  note(`${runs} runs of the schedule there in ${minutes.toFixed(1)} minutes`);
  assert.ok(runs > 0 && runs <= minutes + 1, `${runs} runs in ${minutes} minutes`);
  const { requests, longestMs } = await visitors.stop(
    async () => (await hostd.hostctl('logs', 'hello', '--errors', '-n', '1000')).stdout,
  );
  note(`${requests} requests, none failed, the longest took ${Math.round(longestMs)} ms`);
  const { stdout } = await hostd.hostctl('status', 'hello:*');
  assert.match(stdout, /hello +RUNNING/);
});
