// What a worker counts, tells and logs of its requests: counters for hostd, access logs as JSON, and one line of the error log
// for each request that an app has failed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './harness/until.ts';
import { exchangeRaw, parseReplies } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { type Step, startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from './proxy/worker.ts';

const limits = { halfCloseMs: 50, upstreamGapMs: 1000, absentMs: 150, queueMs: 1000, responseHeader: 1000 };
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';

const faults: Readonly<Record<string, { readonly steps: readonly Step[]; status: number; cause: RegExp }>> = {
  junk: { steps: ['no HTTP at all'], status: 502, cause: /^bad answer \(bad\): not HTTP$/ },
  line: { steps: ['HTTP/1.1 abc\r\n\r\n'], status: 502, cause: /^bad answer \(bad\): bad status line$/ },
  field: { steps: ['HTTP/1.1 200 OK\r\nA B: c\r\n\r\n'], status: 502, cause: /\(bad\): bad header field$/ },
  large: { steps: [`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(1100)}`], status: 502, cause: /header too large$/ },
  lengths: {
    steps: ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    status: 502,
    cause: /\(bad\): bad framing$/,
  },
  chunk: {
    steps: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    status: 502,
    cause: /\(bad\): bad chunk$/,
  },
  interim: {
    steps: ['HTTP/1.1 102 Wait\r\n\r\n'.repeat(11)],
    status: 502,
    cause: /\(bad\): too many interim answers$/,
  },
  switch: { steps: ['HTTP/1.1 101 Yes\r\n\r\n'], status: 502, cause: /\(bad\): unexpected status 101$/ },
  mute: { steps: [], status: 502, cause: /^bad answer \(closed\): closed$/ },
  begun: { steps: ['HTTP/1.1 200'], status: 502, cause: /^bad answer \(closed\): closed$/ },
  short: { steps: [`${ok}o`], status: 200, cause: /^bad answer \(closed\): closed$/ },
  cut: {
    steps: ['HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nabc', 0.05],
    status: 200,
    cause: /^bad answer \(closed\): closed$/,
  },
  late: {
    steps: [5],
    status: 504,
    cause: /^bad answer \(timeout\): not a byte from the app within 1 s \(proxy_read_timeout\)$/,
  },
  stuck: {
    steps: ['HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nabc', 5],
    status: 200,
    cause: /^bad answer \(timeout\): not a byte from the app within 1 s \(proxy_read_timeout\)$/,
  },
  accel: {
    steps: ['HTTP/1.1 200 OK\r\nX-Accel-Redirect: /nowhere/x\r\nContent-Length: 0\r\n\r\n'],
    status: 404,
    cause: /^X-Accel-Redirect to "\/nowhere\/x", which is below no location$/,
  },
  accelBad: {
    steps: ['HTTP/1.1 200 OK\r\nX-Accel-Redirect: x\r\nContent-Length: 0\r\n\r\n'],
    status: 500,
    cause: /^X-Accel-Redirect to "x"/,
  },
};

const scripts: Readonly<Record<string, readonly Step[]>> = {
  ...Object.fromEntries(Object.entries(faults).map(([name, { steps }]) => [name, steps])),
  slow: [0.12, `${ok}ok\n`],
  later: [0.5, `${ok}ok\n`],
  gone: [2.5, `${ok}ok\n`],
  error: ['HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n'],
  moved: ['HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'],
  unavailable: ['HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n'],
};

let fixture: Fixture;
let app: Upstream;

before(async () => {
  fixture = makeFixture('traffic');
  app = await startUpstream(fixture.sites[1].socket, scripts);
});

after(async () => {
  await app?.close();
  fixture?.remove();
});

async function start(t: TestContext, more: Partial<WorkerOptions> = {}): Promise<RunningWorker> {
  const worker = await startWorker({ sites: fixture.sites, directory: fixture.directory, limits, ...more });
  t.after(() => worker.stop());
  return worker;
}

/** Whether the app has been asked for this. */
function asked(path: string): boolean {
  return app.requests.some(text => text.startsWith(`GET ${path} `));
}

/** The first answer's status; 0: none. */
async function status(worker: RunningWorker, request: string): Promise<number> {
  const { bytes } = await exchangeRaw(worker.port, request);
  return parseReplies(bytes)[0]?.status ?? 0;
}

function get(path: string, more = '', host = 'hello.test'): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
}

test('requests, statuses, bytes and times of each site', async t => {
  const worker = await start(t);
  const body = 'x'.repeat(1000);
  for (const request of [
    get('/'),
    get('/r/slow'),
    get('/r/moved'),
    get('/r/error'),
    get('/r/unavailable'),
    get('/r/late'),
    get('/static/a.txt'),
    get('/static/nothing'),
    `POST /post HTTP/1.1\r\nHost: hello.test\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n${body}`,
    'POST /p HTTP/1.1\r\nHost: hello.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    get('/', '', 'nobody.test'),
    'GET / HTTP/1.1\r\nbad field\r\n\r\n',
  ])
    await status(worker, request);
  const leaving = net.connect(worker.port, '127.0.0.1');
  leaving.write(get('/r/gone'));
  await until('the app to be asked', () => asked('/r/gone'));
  leaving.destroy();
  await sleep(50);
  await worker.stop();

  const hello = worker.counted('hello');
  assert.equal(hello.requests, 11);
  assert.equal(hello.open_requests, 0);
  assert.deepEqual(hello.statuses, {
    '1xx': 0,
    '2xx': 5,
    '3xx': 1,
    '4xx': 2,
    '5xx': 3,
    '499': 1,
    '502': 0,
    '503': 1,
    '504': 1,
  });
  assert.equal(hello.received_bytes, 1003);
  const pages = readFileSync(fixture.sites[1].accessLog, 'utf8').trim().split('\n');
  assert.equal(pages.length, 11);
  const bytes = pages.reduce((sum, line) => sum + Number(/" \d+ (\d+) "/.exec(line)?.[1]), 0);
  assert.equal(hello.sent_bytes, bytes);
  assert.equal(hello.latency_ms.count, 11);
  assert.ok(hello.latency_ms.sum > 120 + 1000 + 100);
  assert.equal(
    hello.first_byte_ms.count,
    7,
    'neither files, nor the late, nor the one that nobody waited for',
  );
  const soon = Object.entries(hello.first_byte_ms.buckets).filter(([most]) => Number(most) <= 100);
  assert.ok(soon.reduce((sum, [, count]) => sum + count, 0) <= 6, 'the slow one is none of the quick ones');
  assert.equal(hello.queue_ms.count, 0);

  const nameless = worker.counted(null);
  assert.equal(nameless.requests, 2);
  assert.equal(nameless.statuses['4xx'], 2);
  assert.equal(worker.counted('first').requests, 0, 'nothing was asked of it');
});

test('an app that is not there: who waited, how long, and what became of them', async t => {
  const worker = await start(t);
  assert.equal(await status(worker, get('/', '', 'first.test')), 503);
  const patient = await start(t, { limits: { ...limits, absentMs: 60_000, queueMs: 60_000 } });
  const late = status(patient, get('/', '', 'small.test'));
  await until('the request to be there', () => patient.counted('small').open_requests === 1);
  await sleep(60);
  const small = await startUpstream(fixture.sites[2].socket, {});
  assert.equal(await late, 200);
  await small.close();
  await worker.stop();
  await patient.stop();
  const first = worker.counted('first');
  assert.equal(first.statuses['503'], 1);
  assert.equal(first.queue_ms.count, 1);
  assert.equal(first.first_byte_ms.count, 0);
  const { count, sum, max } = patient.counted('small').queue_ms;
  assert.equal(count, 1);
  assert.equal(sum, max);
  assert.ok(max >= 10 && max < 60_000, `${max}`);
});

test('what is counted can be read at once, and after a kill; without shared memory it comes in rounds', async t => {
  const worker = await start(t);
  assert.equal(await status(worker, get('/')), 200);
  await until('it to be counted', () => worker.counted('hello').requests === 1);
  const exited = once(worker.process, 'exit');
  worker.process.kill('SIGKILL');
  await exited;
  assert.equal(worker.counted('hello').statuses['2xx'], 1);

  // The note's descriptor can be written to, but not mapped.
  const unshared = await start(t, { limits: { ...limits, noteMs: 50 }, nodeOptions: ['--no-addons'] });
  assert.equal(await status(unshared, get('/')), 200);
  await until('a round', () => unshared.counted('hello').requests === 1);
});

test('each site waits for its app as long as its own proxy_read_timeout says', async t => {
  const { upstreamGapMs: _, ...rest } = limits;
  const [first, hello, small] = fixture.sites;
  const sites = (proxyReadTimeout: number) => [first, { ...hello, proxyReadTimeout }, small];
  const hasty = await start(t, { limits: rest, sites: sites(0.3) });
  assert.equal(await status(hasty, get('/r/gone')), 504);
  assert.match(hasty.errors(), /not a byte from the app within 0\.3 s \(proxy_read_timeout\)/);
  const patient = await start(t, { limits: rest, sites: sites(30) });
  assert.equal(await status(patient, get('/r/gone')), 200);
});

test('a request that is cut by the end of the drain is counted and logged', async t => {
  const worker = await start(t, { limits: { ...limits, drainMs: 100, upstreamGapMs: 5000 } });
  const lines = (): number => readFileSync(fixture.sites[1].accessLog, 'utf8').trim().split('\n').length;
  const before = lines();
  app.requests.length = 0;
  const cut = status(worker, get('/r/gone'));
  await until('the app to be asked', () => asked('/r/gone'));
  await worker.stop();
  assert.equal(await cut, 0);
  assert.equal(worker.counted('hello').statuses['499'], 1);
  assert.equal(worker.counted('hello').open_requests, 0);
  assert.equal(lines(), before + 1);
});

test('the access log as JSON', async t => {
  const [first, hello, small] = fixture.sites;
  const accessLog = `${hello.accessLog}.json`;
  const sites = [first, { ...hello, accessLog }, small];
  const worker = await start(t, { sites, settings: { accessLogFormat: 'json' } });
  const agent = 'User-Agent: a"b\\c \xfc\r\nReferer: http://x/\xc3\xbc\r\n';
  await status(
    worker,
    get('/r/slow?a=%20"b', `${agent}X-Request-Id: mine-1\r\nAuthorization: Basic bWU6c2VjcmV0\r\n`),
  );
  await status(worker, get('/static/a.txt'));
  await status(worker, get('/r/late'));
  await worker.stop();
  const lines = readFileSync(accessLog, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.equal(lines.length, 3);
  const { time, request_time, upstream_time, ...rest } = lines[0];
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 20_000);
  assert.ok(request_time >= 0.12 && request_time < 20, request_time);
  assert.ok(upstream_time >= 0.12 && upstream_time <= request_time, upstream_time);
  assert.deepEqual(rest, {
    site: 'hello',
    remote_addr: '127.0.0.1',
    remote_user: 'me',
    method: 'GET',
    uri: '/r/slow?a=%20"b',
    protocol: 'HTTP/1.1',
    host: 'hello.test',
    status: 200,
    body_bytes_sent: 3,
    queue_time: 0,
    referer: 'http://x/ü',
    user_agent: 'a"b\\c \u00fc',
    request_id: 'mine-1',
    scheme: 'http',
  });
  assert.deepEqual(Object.keys(lines[1]), Object.keys(lines[0]));
  assert.deepEqual([lines[1].upstream_time, lines[1].queue_time, lines[1].referer], [null, null, null]);
  assert.equal(lines[2].status, 504);
  assert.ok(lines[2].upstream_time >= 1, lines[2].upstream_time);
});

/** The lines of the error log that came while `work` was done: so many, or more. */
async function errorLines(
  worker: RunningWorker,
  expected: number,
  work: () => Promise<unknown>,
): Promise<readonly Record<string, string>[]> {
  const before = worker.errors().length;
  const lines = (): readonly string[] => worker.errors().slice(before).split('\n').slice(0, -1);
  await work();
  await until('the lines', () => lines().length >= expected);
  await sleep(60);
  return lines().map(line => JSON.parse(line));
}

test('every fault of an app is one line that names site, upstream, cause and request', async t => {
  const worker = await start(t);
  const { name, socket } = fixture.sites[1];
  for (const [fault, wanted] of Object.entries(faults)) {
    await sleep(60); // the log has its own limit of lines in a second
    const lines = await errorLines(worker, 1, async () => {
      const request = get(`/r/${fault}`, `X-Request-Id: fault-${fault}\r\n`);
      assert.equal(await status(worker, request), wanted.status, fault);
    });
    assert.equal(lines.length, 1, `${fault}: ${JSON.stringify(lines)}`);
    const { time, cause = '', ...rest } = lines[0] ?? {};
    assert.ok(time, fault);
    assert.match(cause, wanted.cause, fault);
    const request = { method: 'GET', uri: `/r/${fault}`, request: `fault-${fault}` };
    assert.deepEqual(rest, { level: 'error', site: name, upstream: socket, ...request });
  }
});

test('an app that cannot be connected to is one line, too; a client that goes away is none', async t => {
  const absent = await start(t);
  const one = await errorLines(absent, 1, () => status(absent, get('/', '', 'first.test')));
  assert.equal(one.length, 1);
  assert.match(one[0]?.['cause'] ?? '', /^cannot connect to .*first\/run\/gunicorn\.sock: .*ENOENT/);
  assert.ok(one[0]?.['request']);

  const full = await start(t, { limits: { ...limits, queueLength: 0 } });
  const two = await errorLines(full, 1, () => status(full, get('/', '', 'first.test')));
  assert.equal(two.length, 1);
  assert.match(two[0]?.['cause'] ?? '', /^too many requests wait already; cannot connect to .*ENOENT/);

  const none = await errorLines(full, 0, async () => {
    const socket = net.connect(full.port, '127.0.0.1');
    socket.write(get('/r/later'));
    await until('the app to be asked', () => asked('/r/later'));
    socket.destroy();
    await sleep(700);
  });
  assert.deepEqual(none, []);
});

test('a socket that the worker may not use is 502 at once, and one line', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async t => {
  const denied = await startUpstream(fixture.sites[2].socket, {});
  t.after(() => denied.close());
  chownSync(fixture.sites[2].socket, 0, 0);
  chmodSync(fixture.sites[2].socket, 0o600);
  const worker = await start(t);
  const lines = await errorLines(worker, 1, async () => {
    assert.equal(await status(worker, get('/', '', 'small.test')), 502);
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0]?.['cause'] ?? '', /^cannot connect to .*EACCES/);
});

test('a tunnel is open while it lasts, and its bytes count both ways when it has ended', async t => {
  const server = net.createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n');
      socket.on('data', bytes => socket.write(bytes));
    });
  });
  const path = fixture.sites[0].socket;
  await new Promise<void>(resolve => server.listen(path, resolve));
  chmodSync(path, 0o666);
  t.after(() => server.close());
  const worker = await start(t);
  const socket = net.connect(worker.port, '127.0.0.1');
  socket.write(
    'GET /ws HTTP/1.1\r\nHost: first.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let got = '';
  socket.on('data', bytes => {
    got += bytes.toString('latin1');
  });
  await until('the tunnel', () => got.includes('\r\n\r\n'));
  socket.write('12345');
  await until('its echo', () => got.endsWith('12345'));
  socket.destroy();
  await sleep(50);
  await worker.stop();
  const first = worker.counted('first');
  assert.equal(first.open_tunnels, 0);
  assert.equal(first.open_requests, 0);
  assert.equal(first.statuses['1xx'], 1);
  assert.equal(first.received_bytes, 5);
  assert.equal(first.sent_bytes, 5);
  assert.equal(first.latency_ms.count, 0);
});
