// SIGQUIT and SIGTERM: how a worker goes while answers and tunnels are under way.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import net from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { until } from './harness/until.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { type RunningWorker, startWorker, workerIds } from './proxy/worker.ts';

let fixture: Fixture;
let app: net.Server;
let worker: RunningWorker;

const drainMs = 300;

/** Echoes on a WebSocket, else sends an event every 50 ms for as long as it is listened to. */
before(async () => {
  fixture = makeFixture('signals');
  app = net.createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {});
    socket.once('data', head => {
      if (/upgrade: websocket/i.test(head.toString())) {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
        socket.on('data', bytes => socket.write(bytes));
        socket.on('end', () => socket.end());
        return;
      }
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
      const timer = setInterval(() => socket.write('data: x\n\n'), 50);
      socket.on('close', () => clearInterval(timer));
    });
  });
  const path = fixture.sites[1].socket;
  await new Promise<void>(resolve => app.listen(path, resolve));
  chmodSync(path, 0o660);
  if (workerIds.gid !== undefined) chownSync(path, 0, workerIds.gid);
});

beforeEach(async () => {
  const limits = { drainMs, lastRequestMs: 100, lingerMs: 200 };
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory, limits });
});

afterEach(() => worker?.stop());

after(() => {
  app?.close();
  fixture?.remove();
});

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

interface Client {
  readonly socket: net.Socket;
  /** What has come since this was last called. */
  news(): string;
  readonly closed: Promise<void>;
}

async function connect(request: string): Promise<Client> {
  const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', data => {
    text += data.toString('latin1');
  });
  socket.on('error', () => {});
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  socket.write(request);
  await once(socket, 'data');
  const news = (): string => {
    const all = text;
    text = '';
    return all;
  };
  return { socket, news, closed };
}

function open(): Promise<readonly Client[]> {
  const host = 'Host: hello.test\r\n';
  return Promise.all([
    connect(`GET /ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
    connect(`GET /events HTTP/1.1\r\n${host}\r\n`),
    connect(`GET /static/a.txt HTTP/1.1\r\n${host}\r\n`),
  ]);
}

function refuses(): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
    socket.on('connect', () => resolve(false));
    socket.on('error', () => resolve(true));
  });
}

test('after SIGQUIT a tunnel and a stream go on for as long as they like, and the worker leaves with the last', async () => {
  const [tunnel, events, idle] = await open();
  assert.ok(tunnel && events && idle);
  const exited = once(worker.process, 'exit');
  worker.process.kill('SIGQUIT');
  await idle.closed;
  await sleep(drainMs * 3);
  assert.equal(worker.process.exitCode, null);
  assert.match(worker.facts(), /"draining"/);
  assert.ok(await refuses());
  for (const client of [tunnel, events]) client.news();
  tunnel.socket.write('still there?');
  let echo = '';
  await until('the echo', () => {
    echo += tunnel.news();
    return echo === 'still there?';
  });
  await until('an event', () => /data: x/.test(events.news()));
  worker.process.kill('SIGQUIT');
  events.socket.destroy();
  await sleep(200);
  assert.equal(worker.process.exitCode, null);
  tunnel.socket.end();
  await exited;
  assert.equal(worker.process.exitCode, 0, `${worker.process.signalCode} ${worker.errors()}`);
});

test('SIGTERM after SIGQUIT, and SIGTERM alone, end them after drainMs', async () => {
  for (const first of ['SIGQUIT', 'SIGTERM'] as const) {
    const [tunnel, events] = await open();
    assert.ok(tunnel && events);
    const exited = once(worker.process, 'exit');
    worker.process.kill(first);
    if (first === 'SIGQUIT') await sleep(drainMs * 2);
    assert.equal(worker.process.exitCode, null);
    const told = performance.now();
    worker.process.kill('SIGTERM');
    await sleep(50);
    worker.process.kill('SIGTERM');
    await Promise.all([tunnel.closed, events.closed, exited]);
    const ms = performance.now() - told;
    assert.ok(ms > drainMs - 50 && ms < drainMs + 10_000, `${first} ${ms}`);
    assert.equal(worker.process.exitCode, 0);
    if (first === 'SIGQUIT') {
      const limits = { drainMs, lastRequestMs: 100, lingerMs: 200 };
      worker = await startWorker({ sites: fixture.sites, directory: fixture.directory, limits });
    }
  }
});

test('a worker that has nothing to do leaves at once', async () => {
  const exited = once(worker.process, 'exit');
  worker.process.kill('SIGQUIT');
  await exited;
  assert.equal(worker.process.exitCode, 0);
});
