import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { doubtSocket, expectOwners, socketPath } from './app-path.ts';

let directory = '';

before(() => {
  directory = mkdtempSync(`${tmpdir()}/app-path-`);
});

after(() => rmSync(directory, { recursive: true }));

async function listen(path: string): Promise<net.Server> {
  const server = net.createServer(socket => socket.end(path));
  await new Promise<void>(resolve => server.listen(path, resolve));
  return server;
}

/** What the server at this path says, or the error of connecting to it. */
function ask(path: ReturnType<typeof socketPath>): Promise<string> {
  if (typeof path !== 'string') return Promise.resolve(path.code);
  return new Promise(resolve => {
    const socket = net.connect({ path });
    socket.on('data', data => resolve(data.toString()));
    socket.on('error', error => resolve(error.message));
  });
}

test('a path that now leads elsewhere leads nowhere else for a moment, and there after a failure', async t => {
  // The time for which a path is believed does not pass before the test says so.
  const now = performance.now();
  t.mock.method(performance, 'now', () => now);
  const path = `${directory}/app.sock`;
  const first = await listen(path);
  assert.match(await ask(socketPath(path)), /app\.sock$/);
  const other = await listen(`${directory}/other.sock`);
  first.close(); // removes its path
  renameSync(`${directory}/other.sock`, path);
  const held = socketPath(path);
  assert.match(await ask(held), /ECONNREFUSED/);
  doubtSocket(path);
  assert.match(await ask(socketPath(path)), /other\.sock$/);
  other.close();
});

test('a link in its place is not followed once the moment is over', async t => {
  let now = performance.now();
  t.mock.method(performance, 'now', () => now);
  const [path, secret] = [`${directory}/app2.sock`, `${directory}/secret.sock`];
  const servers = [await listen(path), await listen(secret)];
  assert.match(await ask(socketPath(path)), /app2\.sock$/);
  renameSync(path, `${directory}/moved.sock`);
  symlinkSync('secret.sock', path);
  for (let i = 0; i < 5; i++) {
    assert.doesNotMatch(await ask(socketPath(path)), /secret/);
    now += 8;
  }
  assert.equal(socketPath(path), '/proc/self/fd/none');
  for (const server of servers) server.close();
});

test('a socket of somebody else is nowhere, whatever name leads to it', async () => {
  const own = process.getuid?.() ?? 0;
  for (const [name, uids, expected] of [
    ['mine', [own], /mine\.sock$/],
    ['foreign', [own + 1], /ENOENT/],
  ] as const) {
    const path = `${directory}/${name}.sock`;
    const server = await listen(path);
    expectOwners(path, uids);
    assert.match(await ask(socketPath(path)), expected);
    server.close();
  }
});
