// Random answers of an app, judged by node's own client: what hostd accepts, a client must understand in the same way, status,
// fields, framing and body. What hostd refuses is nobody's loss.

import assert from 'node:assert/strict';
import { chmodSync, chownSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { answer, chunkedBody, isLenient, readAsHostd, readAsNode } from './proxy/fuzz-answers.ts';
import { fuzzSettings } from './proxy/fuzz-settings.ts';
import { type RunningWorker, startWorker, workerIds } from './proxy/worker.ts';

let fixture: Fixture;
let worker: RunningWorker;
let server: net.Server;
let socketPath: string;
/** What the app answers everybody. */
let text = '';

before(async () => {
  fixture = makeFixture('fuzz-answers');
  socketPath = fixture.sites[1].socket;
  server = net.createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text, 'latin1'));
  });
  await new Promise<void>(resolve => server.listen(socketPath, resolve));
  chmodSync(socketPath, 0o660);
  if (workerIds.uid !== undefined) chownSync(socketPath, 0, workerIds.gid);
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory });
});

after(async () => {
  await worker?.stop();
  server?.close();
  fixture?.remove();
});

const step = fc.integer({ min: 1, max: 40 });

test('an answer that is accepted is the one that node’s client reads', async t => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(answer, step, async (bytes, size) => {
      const ours = readAsHostd(bytes, size);
      if (ours === null || isLenient(bytes)) return;
      accepted++;
      text = ours.bytes;
      assert.deepEqual(await readAsNode({ socketPath }, '/'), ours.answer);
    }),
    fuzzSettings(t, 4000),
  );
  t.diagnostic(`${accepted} were accepted`);
  assert.ok(accepted > 0);
});

test('a chunked body that is accepted is the one that node’s client reads', async t => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(chunkedBody, step, async (body, size) => {
      const bytes = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
      const ours = readAsHostd(bytes, size);
      if (ours === null || isLenient(bytes)) return;
      accepted++;
      text = ours.bytes;
      assert.deepEqual(await readAsNode({ socketPath }, '/'), ours.answer);
    }),
    fuzzSettings(t, 4000),
  );
  t.diagnostic(`${accepted} were accepted`);
  assert.ok(accepted > 0);
});

test('through the worker, a client reads what it would have read from the app, or is told 502, or is cut off', async t => {
  await fc.assert(
    fc.asyncProperty(answer, async bytes => {
      text = bytes;
      const through = await readAsNode({ port: worker.port }, '/');
      if (through === null || through.status === 502 || isLenient(bytes)) return;
      text = readAsHostd(bytes, bytes.length)?.bytes ?? bytes;
      const direct = await readAsNode({ socketPath }, '/');
      assert.deepEqual([through.status, through.body], [direct?.status, direct?.body]);
    }),
    fuzzSettings(t, 1000),
  );
  assert.equal(worker.process.exitCode, null, worker.errors());
});
