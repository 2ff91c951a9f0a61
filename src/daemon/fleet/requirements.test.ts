import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { awaitRequirements } from './requirements.ts';

/** Two paths of sockets, and a requirement of each. */
function twoServices(t: TestContext) {
  const directory = mkdtempSync(`${tmpdir()}/requirements-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const paths = ['one', 'two'].map(name => `${directory}/${name}.sock`);
  const serve = async (path = '') => {
    const server = createServer(connection => connection.end()).listen(path);
    t.after(() => server.close());
    await new Promise(resolve => server.once('listening', resolve));
  };
  return { paths, serve, requirements: paths.map(path => ({ name: path, address: { path } })) };
}

test('all of them have to accept connections, one after the other', async t => {
  const { paths, serve, requirements } = twoServices(t);
  await serve(paths[0]);
  const waited: string[] = [];
  let isMet = false;
  const met = new Promise<void>(resolve =>
    awaitRequirements(
      requirements,
      what => waited.push(what),
      () => {
        isMet = true;
        resolve();
      },
    ),
  );
  while (waited.length === 0) await turn();
  assert.deepEqual([waited[0], isMet], [`${paths[1]}: ENOENT`, false]);
  await serve(paths[1]);
  await met;
});

test('a wait that is given up by whoever is told of it goes no further', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { paths, serve, requirements } = twoServices(t);
  let told = 0;
  const wait = awaitRequirements(
    requirements,
    () => {
      told += 1;
      wait.cancel();
    },
    () => assert.fail('it was given up'),
  );
  while (told === 0) await turn();
  for (const path of paths) await serve(path);
  t.mock.timers.tick(60_000);
  for (let turns = 0; turns < 100; turns++) await turn();
  assert.equal(told, 1);
});
