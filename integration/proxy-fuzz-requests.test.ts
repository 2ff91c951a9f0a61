// Valid requests, bent at random, through a real worker: its app never sees more requests, others, or other bodies than node's
// own server in strict mode finds in the same bytes. What the worker refuses is fine.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { requests } from './proxy/fuzz-requests.ts';
import { fuzzSettings } from './proxy/fuzz-settings.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;
let oracle: http.Server;
let seen: Seen[] = [];

before(async () => {
  fixture = makeFixture('fuzz-requests');
  upstream = await startUpstream(fixture.sites[1].socket, {});
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory });
  oracle = http.createServer({ insecureHTTPParser: false, requireHostHeader: false }, record);
  oracle.maxHeadersCount = 0;
  oracle.on('checkExpectation', record);
  oracle.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>(resolve => oracle.listen(0, '127.0.0.1', resolve));
});

after(async () => {
  await worker?.stop();
  oracle?.closeAllConnections();
  oracle?.close();
  await upstream?.close();
  fixture?.remove();
});

/** Only requests that came whole. */
function record(req: http.IncomingMessage, res: http.ServerResponse): void {
  let body = '';
  req.on('data', (bytes: Buffer) => {
    body += bytes.toString('latin1');
  });
  req.on('end', () => {
    seen.push({ method: req.method ?? '', target: originForm(req.url ?? ''), body });
    res.end();
  });
}

test('no app sees a request that is not there', async t => {
  let runs = 0;
  let passed = 0;
  let found = 0;
  await fc.assert(
    fc.asyncProperty(requests, async bytes => {
      seen = [];
      runs++;
      const first = upstream.requests.length;
      await Promise.all([
        sendAndEnd(worker.port, bytes),
        sendAndEnd((oracle.address() as net.AddressInfo).port, bytes),
      ]);
      await quiet();
      // A connection without a byte is one that was given up when the client's bytes turned out to be wrong.
      const received = upstream.requests.slice(first).filter(text => text !== '');
      const ours = received.map(readStrictly);
      passed += ours.length;
      found += seen.length;
      assertWithin(ours, seen);
    }),
    fuzzSettings(t, 2000),
  );
  t.diagnostic(`${runs} runs; node's server found ${found} requests, the app got ${passed}`);
  assert.ok(passed > 0);
  assert.equal(worker.process.exitCode, null, worker.errors());
});

/** Sends, closes its half, and waits for the other half, so that nobody need guess whether more would come. */
function sendAndEnd(port: number, bytes: string): Promise<void> {
  return new Promise(resolve => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const late = setTimeout(() => socket.destroy(), 60_000);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(late);
      resolve();
    });
    socket.resume();
    socket.end(bytes, 'latin1');
  });
}

/** What the worker wrote to the app before it closed the client's connection may be read after that. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 4 || (upstream.connections.size > 0 && turn < 2000); turn++)
    await new Promise(resolve => setImmediate(resolve));
}

/** What came on one connection of the app's: exactly one request, framed by a plain length or not at all. */
function readStrictly(text: string): Seen {
  const end = text.indexOf('\r\n\r\n');
  assert.ok(end !== -1, JSON.stringify(text));
  const [line = '', ...fields] = text.slice(0, end).split('\r\n');
  const [, method = '', target = ''] = /^([A-Z-]+) (\S+) HTTP\/1\.1$/.exec(line) ?? assert.fail(line);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  for (const field of fields) assert.match(field, /^[A-Za-z0-9-]+: [^\x00-\x08\x0a-\x1f\x7f]*$/);
  const named = (name: string): readonly string[] =>
    fields.filter(field => field.toLowerCase().startsWith(`${name}:`));
  assert.deepEqual(named('transfer-encoding'), []);
  assert.equal(named('host').length, 1);
  assert.ok(named('content-length').length <= 1, text);
  const body = text.slice(end + 4);
  const length = named('content-length')[0]?.slice('content-length: '.length) ?? '0';
  assert.match(length, /^\d+$/);
  assert.equal(body.length, Number(length), JSON.stringify(text));
  return { method, target, body };
}

/** Each of ours is one of theirs, in their order. */
function assertWithin(ours: readonly Seen[], theirs: readonly Seen[]): void {
  let at = 0;
  for (const one of ours) {
    while (at < theirs.length && !isSame(theirs[at], one)) at++;
    if (at++ === theirs.length) assert.deepEqual(ours, theirs);
  }
}

function isSame(one: Seen | undefined, other: Seen): boolean {
  return one?.method === other.method && one.target === other.target && one.body === other.body;
}

/** An absolute target's path is what an app is sent. */
function originForm(target: string): string {
  const path = /^https?:\/\/[^/?#]+(.*)$/i.exec(target)?.[1];
  if (path === undefined) return target;
  return path.startsWith('/') ? path : `/${path}`;
}
