// Pages of one's own for the worker's errors, against a real worker: whose page is sent when, and that nothing else of the answer
// changes.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from './harness/until.ts';
import { exchangeRaw, field, type ParsedReply, parseReplies } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;

const large = '<p>large é\n'.repeat(15_000);

/** hello has pages of its own, first is in maintenance, small has the machine's. */
before(async () => {
  fixture = makeFixture('pages');
  const { directory, sites } = fixture;
  const files: Readonly<Record<string, string>> = {
    'common/400.html': '<p>common 400\n',
    'common/404.html': '<p>common 404\n',
    'common/414.html': '<p>common 414\n',
    'common/431.html': '<p>common 431\n',
    'common/503.html': '<p>common 503\n',
    'common/maintenance.html': '<p>back soon\n',
    'own/404.html': '<p>own 404 é\n',
    'own/403.html': large,
    'own/405.html': '<p>nobody may read this\n',
    'own/413.html': '<p>too much\n',
    'own/502.html': '<p>own 502\n',
    'own/416.html': 'x'.repeat(300_000),
  };
  for (const part of ['common', 'own']) mkdirSync(`${directory}/${part}`);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
  symlinkSync(`${directory}/hello/settings.py`, `${directory}/own/412.html`);
  chmodSync(`${directory}/own/405.html`, 0);
  const answers = {
    bad: ['nonsense'],
    '404': ['HTTP/1.1 404 Not Found\r\nContent-Length: 11\r\n\r\nits own 404'],
  };
  upstream = await startUpstream(sites[1].socket, answers);
  const [first, hello, small] = sites;
  worker = await startWorker({
    sites: [
      { ...first, maintenance: { retryAfter: 120 } },
      { ...hello, errorPages: `${directory}/own/`, clientMaxBodySize: 10 },
      small,
    ],
    directory,
    settings: { errorPages: `${directory}/common/` },
    limits: { queueMs: 50 },
  });
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

async function send(text: string, heads: readonly boolean[] = []): Promise<ParsedReply> {
  const [reply] = parseReplies((await exchangeRaw(worker.port, text)).bytes, heads);
  assert.ok(reply);
  return reply;
}

function get(path: string, host = 'hello.test', more = ''): Promise<ParsedReply> {
  return send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`);
}

function bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

test('a site’s own page comes before the machine’s, and the plain one after both', async () => {
  const own = await get('/static/none');
  assert.equal(own.status, 404);
  assert.equal(own.body, bytes('<p>own 404 é\n'));
  assert.equal(field(own, 'content-type'), 'text/html');
  assert.equal(field(own, 'content-length'), '14');
  assert.equal((await get('/static/none', 'small.test')).body, '<p>common 404\n');
  assert.match((await get('/static/', 'small.test')).body, /<h1>403 Forbidden<\/h1>/);
  assert.equal((await get('/static/')).body, bytes(large));
});

test('a HEAD gets the length of the page, and not the page', async () => {
  const text = 'HEAD /static/ HTTP/1.1\r\nHost: hello.test\r\n\r\n';
  const next = 'GET /static/a.txt HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n\r\n';
  const replies = parseReplies((await exchangeRaw(worker.port, text + next, { answers: 2 })).bytes, [true]);
  assert.equal(replies[0]?.status, 403);
  assert.equal(replies[0] && field(replies[0], 'content-length'), String(Buffer.byteLength(large)));
  assert.equal(replies[1]?.body, 'hello world\n');
});

test('what the app answers is never replaced, what it should have answered is', async () => {
  assert.equal((await get('/r/404')).body, 'its own 404');
  const bad = await get('/r/bad');
  assert.equal(bad.status, 502);
  assert.equal(bad.body, '<p>own 502\n');
  const large = await send('POST /x HTTP/1.1\r\nHost: hello.test\r\nContent-Length: 11\r\n\r\n');
  assert.equal(large.body, '<p>too much\n');
  assert.equal(field(large, 'connection'), 'close');
});

test('refusals of requests that are nobody’s yet have the machine’s pages', async () => {
  assert.equal((await get('/', 'other.test')).body, '<p>common 404\n');
  assert.equal((await send('NONSENSE\r\n\r\n')).body, '<p>common 400\n');
  assert.equal((await get('/', 'a b')).body, '<p>common 400\n');
  assert.equal((await get(`/${'a'.repeat(9000)}`)).body, '<p>common 414\n');
  assert.equal((await get('/', 'hello.test', `X: ${'a'.repeat(9000)}\r\n`)).body, '<p>common 431\n');
});

test('in maintenance there is a page of its own, with Retry-After, and files are served on', async () => {
  const reply = await get('/', 'first.test');
  assert.equal(reply.status, 503);
  assert.equal(reply.body, '<p>back soon\n');
  assert.equal(field(reply, 'retry-after'), '120');
  assert.equal((await get('/static/a.txt', 'first.test')).body, 'hello world\n');
  assert.equal((await get('/', 'small.test')).body, '<p>common 503\n');
});

test('a page that cannot be used is as good as none, and is named in the error log once', async () => {
  for (let round = 0; round < 2; round++) {
    const refused = await send('PUT /static/a.txt HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n\r\n');
    assert.match(refused.body, /<h1>405 Not Allowed<\/h1>/);
    const beyond = await get('/static/a.txt', 'hello.test', 'Range: bytes=100-\r\n');
    assert.match(beyond.body, /<h1>416 /);
    const link = await get('/static/a.txt', 'hello.test', 'If-Match: "x"\r\n');
    assert.match(link.body, /<h1>412 Precondition Failed<\/h1>/);
  }
  const lines = worker
    .errors()
    .split('\n')
    .filter(line => line.includes('error page'));
  assert.equal(lines.filter(line => line.includes('own/405.html')).length, 1);
  assert.equal(lines.length, 3, lines.join('\n'));
});

test('a page that has changed is sent as it is now', async () => {
  const page = `${fixture.directory}/own/404.html`;
  await new Promise(resolve => setTimeout(resolve, 2100)); // settled, so that it is kept
  await get('/static/none');
  assert.equal((await get('/static/none')).body, bytes('<p>own 404 é\n'));
  writeFileSync(page, '<p>new\n');
  await until('the new page', async () => (await get('/static/none')).body === '<p>new\n');
});
