// What strangers can fill in a worker is bounded, for each address and in all; what is over leaves nothing behind; and reaching a
// bound is said.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { until } from './harness/until.ts';
import { exchangeRaw } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;
const limits = { bodyMemory: 10_000, bodyDisk: 100_000_000, bodyDiskPerClient: 400_000 };

before(async () => {
  fixture = makeFixture('bounds');
  upstream = await startUpstream(fixture.sites[1].socket, {});
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory, limits });
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

/** Bytes in the worker's files without a name. */
function onDisk(): number {
  const folder = `/proc/${worker.process.pid}/fd`;
  let bytes = 0;
  for (const fd of readdirSync(folder)) {
    try {
      const path = `${folder}/${fd}`;
      if (readlinkSync(path).endsWith(' (deleted)')) bytes += statSync(path).size;
    } catch {
      // closed meanwhile
    }
  }
  return bytes;
}

function open(length: number, sent: number): { readonly socket: net.Socket; answer(): string } {
  const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
  let answer = '';
  socket.on('error', () => {});
  socket.on('data', bytes => (answer += bytes.toString('latin1')));
  socket.write(`POST / HTTP/1.1\r\nHost: hello.test\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(sent)}`);
  return { socket, answer: () => answer };
}

test('bodies that are never finished have no more of the disk than one address may, and leave nothing', async () => {
  const first = open(300_000, 200_000);
  await until('the first to be on the disk', () => onDisk() > 150_000);
  const second = open(300_000, 200_000);
  await until('the second to be refused', () => second.answer() !== '');
  assert.match(second.answer(), /^HTTP\/1\.1 503 .*Retry-After: 10/s);
  assert.equal(first.answer(), '');
  assert.ok(onDisk() <= 400_000);
  assert.match(worker.errors(), /request bodies of one address have reached their bound on the disk/);
  first.socket.destroy();
  second.socket.destroy();
  await until('the disk to be free', () => onDisk() === 0);
  for (let i = 0; i < 5; i++) {
    const body = 'y'.repeat(300_000);
    const answer = await exchangeRaw(
      worker.port,
      `POST /${i} HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    assert.match(answer.bytes, /^HTTP\/1\.1 (?!503)/);
  }
  await until('nothing to be left', () => onDisk() === 0);
});

test('a body that can never fit is refused before any of it has come, and without asking for it', async () => {
  const answer = await exchangeRaw(
    worker.port,
    'POST / HTTP/1.1\r\nHost: hello.test\r\nExpect: 100-continue\r\nContent-Length: 400001\r\n\r\n',
  );
  assert.match(answer.bytes, /^HTTP\/1\.1 413 /);
});

test('a body of chunks that says nothing of its length is refused where its share ends', async () => {
  const chunk = `2710\r\n${'z'.repeat(10_000)}\r\n`;
  const answer = await exchangeRaw(
    worker.port,
    `POST / HTTP/1.1\r\nHost: hello.test\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(60)}`,
  );
  assert.match(answer.bytes, /^HTTP\/1\.1 503 /);
  await until('nothing to be left', () => onDisk() === 0);
});

test('memory of bodies is given back: there is as much for the hundredth as for the first', async t => {
  const scarce = await startWorker({
    sites: fixture.sites,
    directory: fixture.directory,
    // What does not fit into memory fits nowhere.
    limits: { bodyMemory: 20_000, bodyMemoryTotal: 50_000, bodyMemoryPerClient: 50_000, bodyDisk: 0 },
  });
  t.after(() => scarce.stop());
  const body = 'y'.repeat(8000);
  for (let i = 0; i < 20; i++) {
    const { bytes } = await exchangeRaw(
      scarce.port,
      `POST /${i} HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    assert.doesNotMatch(bytes, /^HTTP\/1\.1 503/, `request ${i}`);
  }
});
