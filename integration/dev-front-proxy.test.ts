// createFrontProxy, as a program that embeds it uses it.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { ask } from '../scripts/http.ts';
import { createFrontProxy, type FrontProxyError } from '../src/embed/front-proxy.ts';
import { makePlace } from './harness/place.ts';

async function upstream(t: { after(f: () => void): void }, where: number | string = 0): Promise<Server> {
  const server = createServer((req, res) => {
    const seen = { host: req.headers.host, forwarded: req.headers['x-forwarded-for'], url: req.url };
    res.end(JSON.stringify(seen));
  });
  server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  await new Promise<void>(resolve =>
    typeof where === 'string' ? server.listen(where, resolve) : server.listen(where, '127.0.0.1', resolve),
  );
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

function webSocket(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET /hmr HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
    );
    socket.on('data', bytes => {
      got += bytes;
      if (got.includes('101') && !got.includes('ping')) socket.write('ping');
      if (got.endsWith('ping') || / [45]\d\d /.test(got)) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
  });
}

test('it listens by itself: sites by name and by host name, on TCP and on a unix socket', async t => {
  const place = makePlace(t);
  const tcp = await upstream(t);
  await upstream(t, `${place.dir}/a.sock`);
  const proxy = createFrontProxy({
    sites: {
      hello: `http://127.0.0.1:${portOf(tcp)}`,
      'shop.test': { target: `unix:${place.dir}/a.sock`, files: { '/static/': place.directory('static') } },
    },
  });
  place.write('static/a.txt', 'file');
  const { port } = await proxy.listen(0, '127.0.0.1');
  const get = (host: string, path = '/') => ask({ to: { port }, host, path });
  assert.deepEqual(JSON.parse((await get('hello.localhost', '/x?y')).text), {
    host: 'hello.localhost',
    forwarded: '127.0.0.1',
    url: '/x?y',
  });
  assert.equal(JSON.parse((await get('shop.test')).text).host, 'shop.test');
  assert.equal((await get('shop.test', '/static/a.txt')).text, 'file');
  assert.equal((await get('other.test')).status, 404);
  assert.match(await webSocket(port, 'hello.localhost'), /^HTTP\/1\.1 101 [\s\S]*ping$/);
  proxy.setSites({ other: `http://127.0.0.1:${portOf(tcp)}` });
  assert.equal((await get('hello.localhost')).status, 404);
  assert.equal((await get('other.localhost')).status, 200);
  await proxy.close();
  await assert.rejects(get('other.localhost'));
});

test('web and ws answer for a server of the embedding program, which keeps its own routes', async t => {
  const tcp = await upstream(t);
  const proxy = createFrontProxy({ sites: { hello: String(portOf(tcp)) }, fallback: 'hello' });
  const errors: FrontProxyError[] = [];
  proxy.on('error', error => errors.push(error));
  const own = createServer((req, res) => {
    if (req.url === '/own') res.end('own');
    else proxy.web(req, res);
  });
  own.on('upgrade', (req, socket, head) => proxy.ws(req, socket, head));
  await new Promise<void>(resolve => own.listen(0, '127.0.0.1', resolve));
  t.after(() => own.close());
  const get = (path: string) => ask({ to: { port: portOf(own) }, host: 'anything.test', path });
  assert.equal((await get('/own')).text, 'own');
  assert.equal(JSON.parse((await get('/x')).text).url, '/x');
  assert.match(await webSocket(portOf(own), 'anything.test'), /^HTTP\/1\.1 101 [\s\S]*ping$/);
  tcp.close();
  tcp.closeAllConnections();
  assert.equal((await get('/x')).status, 503);
  assert.equal(errors[0]?.site, 'hello');
  assert.match(errors[0]?.message ?? '', /ECONNREFUSED/);
  await proxy.close(0);
});

test('what cannot be a site is refused at once, by name', () => {
  assert.throws(
    () => createFrontProxy({ sites: { a: 'https://x:1' } }),
    /cannot use the target of "a" "https:\/\/x:1"/,
  );
  assert.throws(() => createFrontProxy({ sites: { 'a b': '1' } }), /cannot use site name "a b"/);
  assert.throws(() => createFrontProxy({ sites: {}, fallback: 'a' }), /cannot use fallback "a"/);
});
