// Clients that are slow, stall, give up or come in crowds: what they cost is bounded, and the app hears nothing of it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from './harness/until.ts';
import { exchangeRaw, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;

/** Milliseconds that the app works on a request to /r/stall. */
const stallMs = 10_000;
const large = 'x'.repeat(12 * 1024 * 1024);

before(async () => {
  fixture = makeFixture('slow');
  upstream = await startUpstream(fixture.sites[1].socket, {
    stall: [stallMs / 1000],
    large: [`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`],
    half: ['HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n', large.slice(0, 500_000)],
    soon: [0.2, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  });
  const limits = {
    headerMs: 1000,
    bodyGapMs: 600,
    bodyMinRate: 200,
    writeGapMs: 1000,
    idleMs: 1500,
    connectionsPerClient: 40,
  };
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory, limits });
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

/** Sends `pieces` with `gapMs` between them until the server ends the connection; how long that took, in ms. */
async function trickle(first: string, piece: string, gapMs: number): Promise<number> {
  const started = performance.now();
  const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.resume();
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.write(first);
  const timer = setInterval(() => socket.write(piece), gapMs);
  await closed;
  clearInterval(timer);
  return performance.now() - started;
}

function openFiles(): number {
  return readdirSync(`/proc/${worker.process.pid}/fd`).length;
}

test('many answers in one go to a client that reads slowly are whole and in order', async () => {
  const root = fixture.sites[1].locations[0]?.alias ?? '';
  const [text, bytes] = ['t'.repeat(14_000), 'b'.repeat(200_000)];
  writeFileSync(`${root}text.txt`, text);
  writeFileSync(`${root}bytes.txt`, bytes);
  const ask = (name: string) => `GET /static/${name} HTTP/1.1\r\nHost: hello.test\r\n\r\n`;
  const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
  socket.end(`${ask('text.txt')}${ask('bytes.txt')}`.repeat(80));
  const chunks: Buffer[] = [];
  socket.on('data', chunk => {
    chunks.push(chunk);
    socket.pause();
    setImmediate(() => socket.resume());
  });
  await once(socket, 'close');
  const replies = parseReplies(Buffer.concat(chunks).toString('latin1'));
  assert.deepEqual(
    replies.map(({ status, body }) => [status, body.length, body[0]]),
    replies.map((_, i) => [200, ...(i % 2 === 0 ? [text.length, 't'] : [bytes.length, 'b'])]),
  );
  assert.equal(replies.length, 160);
});

test('a header that never ends is given up after its whole time, however busily it comes', async () => {
  upstream.requests.length = 0;
  const ms = await trickle('GET /x HTTP/1.1\r\nHost: hello.test\r\n', 'X-n: a\r\n', 100);
  assert.ok(ms >= 900 && ms < 20_000, `${ms}`);
  assert.equal(upstream.requests.length, 0);
});

test('a body that trickles never reaches the app and is given up', async () => {
  upstream.requests.length = 0;
  const head = 'POST /x HTTP/1.1\r\nHost: hello.test\r\nContent-Length: 1000000\r\n\r\n';
  const ms = await trickle(head, 'b', 100);
  assert.ok(ms < 20_000, `${ms}`);
  const stalled = await trickle(head, '', 100_000);
  assert.ok(stalled < 10_000, `${stalled}`);
  assert.equal(upstream.requests.length, 0);
});

test('an idle connection is closed when its own time is over, which is not that of a slow client', async () => {
  const request = 'GET /static/a.txt HTTP/1.1\r\nHost: hello.test\r\n\r\n';
  const reply = await exchangeRaw(worker.port, request, { answers: untilEnd });
  assert.ok(reply.closed && reply.seconds > 1.4 && reply.seconds < 20, `${reply.seconds} s`);
});

test('a client that does not read is let go, and a large answer is not kept for it in memory', async () => {
  const base = openFiles();
  const memory = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.process.pid}/status`, 'utf8'))?.[1]);
  const before = memory();
  upstream.requests.length = 0;
  let most = before;
  const sockets = Array.from({ length: 20 }, () => net.connect({ port: worker.port, host: '127.0.0.1' }));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /r/large HTTP/1.1\r\nHost: hello.test\r\n\r\n');
  }
  await until('the clients to be let go', () => {
    most = Math.max(most, memory());
    return upstream.requests.length === sockets.length && upstream.connections.size === 0;
  });
  assert.ok(most - before < 20 * 4096, `${before} kB, then ${most} kB`);
  await until('their descriptors to be closed', () => openFiles() <= base + 1);
  for (const socket of sockets) socket.destroy();
});

test('an answer that fits the memory frees the app while its client still reads', async () => {
  const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
  socket.pause();
  upstream.requests.length = 0;
  socket.write('GET /r/half HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n\r\n');
  await until('the app to have answered', () => upstream.requests.some(text => text.includes('/r/half')));
  await until('the app to be free', () => upstream.connections.size === 0);
  let size = 0;
  socket.on('data', bytes => {
    size += bytes.length;
  });
  socket.resume();
  await once(socket, 'end');
  assert.ok(size > 500_000);
  socket.destroy();
});

test('a client that gives up while the app works frees the app', async () => {
  const base = openFiles();
  for (const path of ['/r/stall', '/r/stall?ws']) {
    const more = path.endsWith('ws') ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : '';
    const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: hello.test\r\n${more}\r\n`);
    await until('the app to work', () => upstream.connections.size === 1);
    socket.destroy();
    await until('the app to be free', () => upstream.connections.size === 0, { timeout: stallMs / 2 });
  }
  await until('its descriptors to be closed', () => openFiles() <= base);
  await until('the line in the log', () =>
    /"GET \/r\/stall HTTP\/1\.1" 499 0 /.test(readFileSync(fixture.sites[1].accessLog, 'latin1')),
  );
});

test('a client that has only closed its own half is answered', async () => {
  for (const path of ['/r/soon', '/static/a.txt', '/media/big.bin']) {
    const text = await new Promise<string>(resolve => {
      const socket = net.connect({ port: worker.port, host: '127.0.0.1', allowHalfOpen: true });
      let bytes = '';
      socket.on('data', data => {
        bytes += data.toString('latin1');
      });
      socket.on('close', () => resolve(bytes));
      socket.on('end', () => socket.destroy());
      socket.end(`GET ${path} HTTP/1.1\r\nHost: hello.test\r\n\r\n`);
    });
    assert.equal(parseReplies(text)[0]?.status, 200, path);
  }
});

test('one client’s crowd of connections does not keep others out', async () => {
  const base = openFiles();
  const crowd = Array.from({ length: 100 }, () => net.connect({ port: worker.port, host: '127.0.0.1' }));
  for (const socket of crowd) socket.on('error', () => {}).resume();
  await until('those beyond the limit to be refused', () => crowd.filter(one => one.destroyed).length >= 60);
  const reply = await new Promise<string>(resolve => {
    const other = net.connect({ port: worker.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    other.once('data', data => resolve(data.toString('latin1')));
    other.once('error', error => resolve(error.message));
    other.write('GET /static/a.txt HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n\r\n');
  });
  assert.match(reply, /^HTTP\/1\.1 200/);
  for (const socket of crowd) socket.destroy();
  await until('the crowd to be gone', () => openFiles() <= base);
});

test('requests that are sent ahead are answered in order, one at a time, and an error waits its turn', async () => {
  upstream.requests.length = 0;
  const one = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: hello.test\r\n\r\n`;
  const text = `${one('/r/soon')}${one('/static/a.txt')}${one('/r/soon')}BAD\r\n\r\n`;
  const replies = parseReplies((await exchangeRaw(worker.port, text, { answers: 4 })).bytes);
  assert.deepEqual(
    replies.map(reply => reply.status),
    [200, 200, 200, 400],
  );
  assert.equal(replies[1]?.body, 'hello world\n');
});

test('a request with a body is answered before the bytes that follow it and are no request', async () => {
  const length = 'POST /r/soon HTTP/1.1\r\nHost: hello.test\r\nContent-Length: 3\r\n\r\nabc';
  const chunked =
    'POST /r/soon HTTP/1.1\r\nHost: hello.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  for (const first of [length, chunked]) {
    const { bytes } = await exchangeRaw(worker.port, `${first}BAD\r\n\r\n`, { answers: 2 });
    assert.deepEqual(
      parseReplies(bytes).map(reply => reply.status),
      [200, 400],
    );
  }
});

test('a client that sends requests ahead without end is not read further', async () => {
  const socket = net.connect({ port: worker.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  const request = 'GET /r/stall HTTP/1.1\r\nHost: hello.test\r\n\r\n'.repeat(2000);
  let written = 0;
  const pump = (): void => {
    for (let more = true; more; written += request.length) more = socket.write(request);
  };
  socket.on('drain', pump);
  pump();
  await until('the app to work', () => upstream.connections.size === 1);
  // Bytes that have left this process, until ten looks in a row see no more.
  const gone: number[] = [];
  await until('the client to be held up', () => {
    gone.push(socket.bytesWritten - socket.writableLength);
    return written >= 12_000_000 || (gone.length > 10 && gone.at(-1) === gone.at(-11));
  });
  assert.ok(written < 12_000_000, `${written}`);
  socket.destroy();
});

test('a file that is swapped for a link while it is fetched never gives what the link leads to', async () => {
  const root = fixture.sites[1].socket.replace('/run/gunicorn.sock', '');
  const path = `${root}/static/t.txt`;
  let go = true;
  const swap = async (): Promise<void> => {
    while (go) {
      writeFileSync(`${path}.new`, 'public\n');
      renameSync(`${path}.new`, path);
      await turn();
      rmSync(`${path}.link`, { force: true });
      symlinkSync('../settings.py', `${path}.link`);
      renameSync(`${path}.link`, path);
      await turn();
    }
  };
  const swapping = swap();
  const seen = new Set<string>();
  for (let i = 0; i < 25; i++) {
    const text = 'GET /static/t.txt HTTP/1.1\r\nHost: hello.test\r\n\r\n'.repeat(40);
    const { bytes } = await exchangeRaw(worker.port, text, { answers: 40, quietMs: 0 });
    for (const reply of parseReplies(bytes)) seen.add(`${reply.status} ${reply.body.slice(0, 6)}`);
  }
  go = false;
  await swapping;
  assert.ok(seen.has('200 public'));
  assert.ok(![...seen].some(text => text.includes('secret')), [...seen].join());
});
