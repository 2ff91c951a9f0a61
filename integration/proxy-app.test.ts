// Apps of every kind behind the proxy: those that stream, keep connections, answer early, upgrade, or send files by order.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, rmSync } from 'node:fs';
import net from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from './harness/until.ts';
import { exchangeRaw, field, type ParsedReply, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { type RunningWorker, startWorker, workerIds } from './proxy/worker.ts';

let fixture: Fixture;
let worker: RunningWorker;
let app: net.Server;
let onConnection: (socket: net.Socket, number: number) => void = () => {};
let accepted = 0;
/** The app's ends of connections that the proxy has not ended. */
const open = new Set<net.Socket>();

/** hello is a sync app, first one that keeps connections. */
before(async () => {
  fixture = makeFixture('app');
  const [first, hello, small] = fixture.sites;
  app = net.createServer({ allowHalfOpen: true }, socket => {
    open.add(socket);
    for (const over of ['end', 'close']) socket.once(over, () => open.delete(socket));
    socket.on('error', () => {});
    onConnection(socket, ++accepted);
  });
  rmSync(hello.socket, { force: true });
  await new Promise<void>(resolve => app.listen(hello.socket, resolve));
  chmodSync(hello.socket, 0o660);
  if (workerIds.gid !== undefined) chownSync(hello.socket, 0, workerIds.gid);
  const sites = [{ ...first, keepalive: true, socket: hello.socket }, hello, small];
  const limits = { upstreamGapMs: 1500, upstreamIdleMs: 400, queueMs: 300 };
  worker = await startWorker({ sites, directory: fixture.directory, limits });
});

/** The proxy gives up its idle connections by itself, before gunicorn does, which keeps them for two seconds. */
function noneIsKept(): Promise<unknown> {
  return until('the proxy to end its connections', () => open.size === 0, { timeout: 2000 });
}

afterEach(noneIsKept);

after(async () => {
  await worker?.stop();
  app?.close();
  fixture?.remove();
});

async function send(request: string): Promise<readonly ParsedReply[]> {
  return parseReplies((await exchangeRaw(worker.port, request)).bytes);
}

function get(path: string, host = 'hello.test', more = ''): Promise<readonly ParsedReply[]> {
  return send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`);
}

/** Answers each request on a connection with what `reply` gives, and goes on. */
function answering(reply: (request: string, connection: number) => string | null): string[] {
  const seen: string[] = [];
  accepted = 0;
  onConnection = (socket, number) => {
    socket.on('data', bytes => {
      const text = bytes.toString('latin1');
      seen.push(`${number} ${text.slice(0, text.indexOf('\r\n'))}`);
      const answer = reply(text, number);
      if (answer === null) socket.destroy();
      else socket.write(answer, 'latin1');
    });
    socket.on('end', () => socket.end());
  };
  return seen;
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('a connection is used again for an app that keeps it, and never for one that does not', async () => {
  const seen = answering(() => ok);
  for (const path of ['/1', '/2', '/3']) await get(path, 'first.test');
  assert.deepEqual(seen, ['1 GET /1 HTTP/1.1', '1 GET /2 HTTP/1.1', '1 GET /3 HTTP/1.1']);
  for (const path of ['/4', '/5']) await get(path);
  assert.deepEqual(seen.slice(3), ['2 GET /4 HTTP/1.1', '3 GET /5 HTTP/1.1']);
});

test('an idle connection is given up before gunicorn does so', async () => {
  const seen = answering(() => ok);
  await get('/1', 'first.test');
  await noneIsKept();
  await get('/2', 'first.test');
  assert.deepEqual(seen, ['1 GET /1 HTTP/1.1', '2 GET /2 HTTP/1.1']);
});

test('an app that closes a kept connection just as it is used is asked again, once', async () => {
  const seen = answering((request, connection) => (connection === 1 && request.includes('/2') ? null : ok));
  await get('/1', 'first.test');
  const [reply] = await get('/2', 'first.test');
  assert.equal(reply?.status, 200);
  assert.deepEqual(seen, ['1 GET /1 HTTP/1.1', '1 GET /2 HTTP/1.1', '2 GET /2 HTTP/1.1']);
});

test('a request that must not be repeated goes out on a fresh connection, and once', async () => {
  const seen = answering(request => (request.startsWith('POST') ? null : ok));
  await get('/1', 'first.test');
  const [reply] = await send('POST /2 HTTP/1.1\r\nHost: first.test\r\nContent-Length: 0\r\n\r\n');
  assert.equal(reply?.status, 502);
  assert.deepEqual(seen, ['1 GET /1 HTTP/1.1', '2 POST /2 HTTP/1.1']);
});

test('a request on connections that an app closes unread, as a server that ends does, is sent again', async () => {
  const seen = answering(() => ok);
  const reading = onConnection;
  onConnection = (socket, number) => {
    if (number === 1 || number > 3) reading(socket, number);
    else socket.destroy();
  };
  await get('/1', 'first.test');
  await noneIsKept();
  assert.equal((await get('/2', 'first.test'))[0]?.status, 200);
  assert.deepEqual(seen, ['1 GET /1 HTTP/1.1', '4 GET /2 HTTP/1.1']);
  onConnection = socket => socket.destroy();
  accepted = 0;
  assert.equal((await get('/3'))[0]?.status, 502);
  // The last one is sent nothing: it shows that somebody still listens.
  assert.equal(accepted, 4 + 1);
  assert.equal(
    (await send('POST /4 HTTP/1.1\r\nHost: hello.test\r\nContent-Length: 0\r\n\r\n'))[0]?.status,
    502,
  );
  assert.equal(accepted, 4 + 1 + 1 + 1);
});

test('what an app says beyond its answer never becomes the answer of the next request', async () => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
  answering((_, connection) => (connection === 1 ? ok + evil : ok));
  for (const path of ['/1', '/2', '/3']) assert.equal((await get(path, 'first.test'))[0]?.body, 'ok');
  let late: net.Socket | null = null;
  const seen = answering(() => ok);
  const plain = onConnection;
  onConnection = (socket, number) => {
    late ??= socket;
    plain(socket, number);
  };
  await noneIsKept();
  await get('/4', 'first.test');
  // The bytes are with the proxy before the next request is.
  await new Promise(
    resolve => (late as net.Socket | null)?.write(evil, resolve) ?? assert.fail('no connection'),
  );
  assert.equal((await get('/5', 'first.test'))[0]?.body, 'ok');
  assert.deepEqual(seen, ['1 GET /4 HTTP/1.1', '2 GET /5 HTTP/1.1']);
});

test('an app that answers early and closes is heard, however large the upload', async () => {
  onConnection = socket => {
    socket.once('data', () => {
      socket.pause();
      socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig', () =>
        socket.destroy(),
      );
    });
  };
  for (const size of [100_000, 10_000_000]) {
    const body = 'b'.repeat(size);
    const [reply] = await send(
      `POST /up HTTP/1.1\r\nHost: hello.test\r\nContent-Length: ${size}\r\n\r\n${body}`,
    );
    assert.equal(reply?.status, 413);
    assert.equal(reply?.body, 'big');
  }
});

test('interim answers are skipped, and a flood of them is not waited out', async () => {
  answering(() => `HTTP/1.1 102 Processing\r\nLink: </a>\r\n\r\n${ok}`);
  const [reply] = await get('/');
  assert.equal(reply?.status, 200);
  answering(() => 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100));
  assert.equal((await get('/'))[0]?.status, 502);
});

test('events reach the client as the app sends them', async () => {
  let hasCome: () => void = () => {};
  // The app sends no second event before the client has the first.
  const firstEvent = new Promise<void>(resolve => {
    hasCome = resolve;
  });
  onConnection = socket => {
    socket.once('data', async () => {
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n',
      );
      await firstEvent;
      socket.end('data: 2\n\n');
    });
  };
  const bytes = await new Promise<string>(resolve => {
    const client = net.connect({ port: worker.port, host: '127.0.0.1' });
    let text = '';
    client.on('data', data => {
      text += data.toString('latin1');
      if (text.includes('data: 1\n\n')) hasCome();
    });
    client.on('end', () => resolve(text));
    client.write('GET /events HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n\r\n');
  });
  const [reply] = parseReplies(bytes);
  assert.equal(reply?.body, 'data: 1\n\ndata: 2\n\n');
  assert.equal(reply && field(reply, 'transfer-encoding'), 'chunked');
});

test('chunks keep their bytes whatever pieces they come in, and a cut one ends the connection', async () => {
  const chunked =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n';
  onConnection = socket => {
    socket.once('data', async () => {
      for (const character of chunked) {
        socket.write(character);
        await turn();
      }
    });
  };
  const [reply] = await get('/', 'hello.test');
  assert.equal(reply?.body, 'hello!');
  answering(() => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel');
  const cut = await exchangeRaw(worker.port, 'GET / HTTP/1.1\r\nHost: hello.test\r\n\r\n');
  assert.ok(cut.closed && !cut.bytes.endsWith('0\r\n\r\n'));
});

test('X-Accel-Redirect sends a file with the app’s own fields, and only from below a location', async () => {
  const order = (path: string): void => {
    answering(
      () =>
        `HTTP/1.1 200 OK\r\nX-Accel-Redirect: ${path}\r\nContent-Type: text/x-a\r\nSet-Cookie: a=1\r\n` +
        'X-Other: gone\r\nContent-Disposition: attachment\r\nContent-Length: 2\r\n\r\nok',
    );
  };
  order('/media/d.bin');
  const [reply] = await get('/download', 'hello.test', 'Range: bytes=0-3\r\n');
  assert.equal(reply?.status, 206);
  assert.equal(reply?.body, '0123');
  const names = reply?.fields.map(([name]) => name).join();
  assert.equal(
    names,
    'Server,Date,Content-Type,Content-Length,Last-Modified,Connection,Set-Cookie,Content-Disposition,ETag,Content-Range',
  );
  assert.equal(reply && field(reply, 'content-type'), 'text/x-a');
  for (const path of ['/etc/passwd', '/media/../settings.py', '/static/../../x', 'relative', '/media/%00']) {
    order(path);
    const [refused] = await get('/download');
    assert.ok(refused && refused.status >= 400, path);
    assert.ok(!refused.body.includes('secret'));
  }
});

test('a WebSocket passes bytes both ways, those that come with the handshake included', async () => {
  onConnection = socket => {
    socket.once('data', head => {
      assert.match(head.toString(), /\r\nConnection: upgrade\r\nUpgrade: websocket\r\n/);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: b\r\n\r\nhi',
      );
      socket.on('data', bytes => socket.write(bytes));
      socket.on('end', () => socket.end('bye'));
    });
  };
  const text = await new Promise<string>(resolve => {
    const client = net.connect({ port: worker.port, host: '127.0.0.1', allowHalfOpen: true });
    let bytes = '';
    client.on('data', data => {
      bytes += data.toString('latin1');
      if (bytes.endsWith('hiearlymore')) client.end();
      else if (bytes.endsWith('hiearly')) client.write('more');
    });
    client.on('end', () => resolve(bytes));
    client.write(
      'GET /ws HTTP/1.1\r\nHost: hello.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\nearly',
    );
  });
  assert.equal(
    text,
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nX-A: b\r\n\r\nhiearlymorebye',
  );
});

test('an app that declines a WebSocket is heard, and the connection ends', async () => {
  const body = 'n'.repeat(300_000);
  answering(() => `HTTP/1.1 403 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const request = 'GET /ws HTTP/1.1\r\nHost: hello.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const reply = await exchangeRaw(worker.port, request, { answers: untilEnd });
  assert.ok(reply.closed);
  const [parsed] = parseReplies(reply.bytes);
  assert.equal(parsed?.status, 403);
  assert.equal(parsed?.body.length, body.length);
});

test('a full backlog is waited for, then 503', async () => {
  onConnection = socket => socket.once('data', () => socket.end(ok));
  const { sites } = fixture;
  const full = net.createServer({ pauseOnConnect: true });
  // This process accepts nothing while it is busy below, so the backlog of 1 stays full.
  await new Promise<void>(resolve => full.listen({ path: sites[2].socket, backlog: 1 }, resolve));
  chmodSync(sites[2].socket, 0o666);
  const request = 'GET / HTTP/1.1\r\nHost: small.test\r\nConnection: close\r\n\r\n';
  const clients = Array.from({ length: 6 }, () => net.connect({ port: worker.port, host: '127.0.0.1' }));
  await Promise.all(clients.map(client => new Promise(resolve => client.write(request, resolve))));
  const end = performance.now() + 900;
  while (performance.now() < end);
  const texts = await Promise.all(
    clients.map(
      client =>
        new Promise<string>(resolve => {
          client.once('data', bytes => resolve(bytes.toString('latin1')));
        }),
    ),
  );
  for (const client of clients) client.destroy();
  full.close();
  assert.ok(
    texts.some(text => /^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: 1\r\n/.test(text)),
    texts.join('\n'),
  );
});

test('bytes behind an answer answer nobody else: the connection is not used again', async () => {
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  for (const behind of [poison, 'x', '\r\n']) {
    const seen = answering((_request, connection) => (connection === 1 ? ok + behind : ok));
    const bodies = [await get('/first', 'first.test'), await get('/second', 'first.test')].map(([reply]) =>
      reply?.body.toString(),
    );
    assert.deepEqual(bodies, ['ok', 'ok'], JSON.stringify(behind));
    assert.deepEqual(seen, ['1 GET /first HTTP/1.1', '2 GET /second HTTP/1.1'], JSON.stringify(behind));
    await noneIsKept();
  }
});

test('an answer of a byte a chunk arrives whole, also where chunks of other sizes lie between', async () => {
  const sizes = Array.from({ length: 20_000 }, (_, at) => (at % 997 === 0 ? 3000 : (at % 3) + 1));
  const pieces = sizes.map((size, at) => String.fromCharCode(97 + (at % 26)).repeat(size));
  const chunks = pieces.map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
  answering(() => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
  const [reply] = await get('/bytes');
  assert.equal(reply?.status, 200);
  assert.ok(reply?.body.toString() === pieces.join(''), 'byte for byte');
});
