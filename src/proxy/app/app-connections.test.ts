import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { defaultLimits } from '../limits.ts';
import type { AppConnection } from './app-connection.ts';
import { AppConnections } from './app-connections.ts';
import type { Got, Seeker } from './backend.ts';

let directory = '';

before(() => {
  directory = mkdtempSync(`${tmpdir()}/app-connections-`);
});

after(() => rmSync(directory, { recursive: true }));

const limits = {
  ...defaultLimits,
  ...{ queueMs: 60_000, absentMs: 500, queueLength: 3, queuePerClient: 2, upstreamIdleConnections: 2 },
};

function seeker(given: Pick<Seeker, 'got' | 'broke'> & Partial<Seeker>): Seeker {
  return {
    siteNumber: 0,
    network: 'a',
    isHasty: false,
    isRepeatable: true,
    tried: null,
    isAskedAgain: false,
    ...given,
  };
}

/** Asks for a connection for a client of this network. */
function seek(connections: AppConnections, network = 'a', isHasty = false) {
  let search: ReturnType<AppConnections['get']> = null;
  const got = new Promise<Got>((resolve, reject) => {
    search = connections.get(false, seeker({ network, isHasty, got: resolve, broke: reject }));
  });
  return { got, giveUp: () => search?.giveUp() };
}

test('whoever has waited in vain, or has left, leaves the place to the next one', async () => {
  const connections = new AppConnections(`${directory}/nobody.sock`, limits);
  const first = [seek(connections), seek(connections), seek(connections, 'b')];
  // All three have tried a socket that is not there, and wait.
  while (connections.waiting.used < 3) await turn();
  assert.equal(connections.waiting.used, 3);
  for (const network of ['a', 'c']) {
    const refused = await seek(connections, network).got;
    assert.ok(refused.kind === 'busy' && /^too many requests/.test(refused.why));
    assert.equal(/of one address/.test(refused.why), network === 'a');
  }
  first[2]?.giveUp();
  assert.equal(connections.waiting.used, 2);
  for (const { got } of first.slice(0, 2)) {
    const answer = await got;
    assert.ok(answer.kind === 'busy' && /^cannot connect to .*nobody\.sock: .*ENOENT/.test(answer.why));
  }
  assert.equal(connections.waiting.used, 0);
});

test('for an app that is not there a request waits less long than for one that is busy', async () => {
  const connections = new AppConnections(`${directory}/absent.sock`, { ...limits, queueMs: 600_000 });
  assert.equal((await seek(connections).got).kind, 'busy');
});

test('who is in haste waits for nobody', async () => {
  const connections = new AppConnections(`${directory}/absent.sock`, limits);
  const answer = await seek(connections, 'a', true).got;
  assert.ok(answer.kind === 'busy' && /absent\.sock: .*ENOENT/.test(answer.why));
});

test('an app that comes meanwhile gets the request', async t => {
  const path = `${directory}/late.sock`;
  const connections = new AppConnections(path, { ...limits, absentMs: 20_000 });
  const { got } = seek(connections);
  const server = createServer().listen(path);
  t.after(() => server.close());
  const answer = await got;
  assert.ok(answer.kind === 'connection');
  answer.connection.destroy();
  assert.equal(connections.waiting.used, 0);
});

/** A connection that is made. `reusable`: its answer was read to its end. */
function made(name: string, closed: string[], reusable = true) {
  const connection = {
    isConnected: true,
    reusable,
    pool: null,
    setIdle() {},
    destroy: () => closed.push(name),
  };
  return connection as unknown as AppConnection & { reusable: boolean };
}

test('as many idle connections are kept as the limit says, and the last one is used first', async () => {
  const connections = new AppConnections('', limits);
  const closed: string[] = [];
  const [one, two] = [made('one', closed), made('two', closed)];
  for (const connection of [one, two, made('three', closed), made('broken', closed, false)])
    connections.put(connection);
  assert.deepEqual(closed, ['three', 'broken']);
  const take = () =>
    new Promise<Got>(resolve => connections.get(true, seeker({ got: resolve, broke: assert.fail })));
  assert.deepEqual(await take(), { kind: 'connection', connection: two });
  connections.put(two);
  // The app has since closed it.
  two.reusable = false;
  assert.deepEqual(await take(), { kind: 'connection', connection: one });
});
