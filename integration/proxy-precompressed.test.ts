// FILE.br and FILE.gz beside FILE: what a worker sends of them, and that for FILE.gz nginx with gzip_static does the same.

import assert from 'node:assert/strict';
import { lchownSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { isBefore, nginxVersion } from './harness/programs.ts';
import { until } from './harness/until.ts';
import { exchangeRaw, field, type ParsedReply, parseReplies } from './proxy/client.ts';
import { type Fixture, makeFixture, modified } from './proxy/fixture.ts';
import { nginxMissing, type RunningNginx, startNginx } from './proxy/nginx.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker, workerIds } from './proxy/worker.ts';

let fixture: Fixture;
let upstream: Upstream;
let worker: RunningWorker;
let root: string;

const text = 'body { color: red }\n'.repeat(100);
const gzipped = gzipSync(text);
const brotli = brotliCompressSync(text);
/** Not compressible, and too large to be kept. */
const noise = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255));

function put(name: string, content: string | Buffer, time = modified): void {
  writeFileSync(`${root}/static/${name}`, content);
  utimesSync(`${root}/static/${name}`, time, time);
}

before(async () => {
  fixture = makeFixture('precompressed');
  const hello = fixture.sites[1];
  root = hello.socket.replace('/run/gunicorn.sock', '');
  for (const name of ['both.css', 'gz.css', 'old.css', 'linked.css', 'late.css', 'sub/index.html'])
    put(name, text);
  put('both.css.gz', gzipped, modified + 60);
  put('both.css.br', brotli, modified + 120);
  for (const name of ['gz.css.gz', 'sub/index.html.gz']) put(name, gzipped, modified + 60);
  put('old.css.gz', gzipped, modified - 1);
  put('old.css.br', brotli, modified);
  put('large.js', noise);
  put('large.js.gz', gzipSync(noise, { level: 0 }));
  put('only.css.gz', gzipped);
  symlinkSync('both.css.gz', `${root}/static/linked.css.gz`);
  symlinkSync('/etc/passwd', `${root}/static/gz.css.br`);
  const { uid, gid } = workerIds;
  if (uid !== undefined)
    for (const name of ['linked.css.gz', 'gz.css.br', 'both.css.gz'])
      lchownSync(`${root}/static/${name}`, uid, gid);
  const accel = (more: string): string =>
    `HTTP/1.1 200 OK\r\nX-Accel-Redirect: /static/gz.css\r\nContent-Type: text/x\r\n${more}Content-Length: 2\r\n\r\nok`;
  upstream = await startUpstream(hello.socket, {
    accel: [accel('Set-Cookie: a=1\r\n')],
    encoded: [accel('Content-Encoding: identity\r\n')],
  });
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory });
});

after(async () => {
  await worker?.stop();
  await upstream?.close();
  fixture?.remove();
});

async function ask(port: number, path: string, more = '', method = 'GET'): Promise<ParsedReply> {
  const request = `${method} ${path} HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n${more}\r\n`;
  const [reply] = parseReplies((await exchangeRaw(port, request)).bytes, [method === 'HEAD']);
  assert.ok(reply);
  return reply;
}

function get(path: string, accept: string | null, more = '', method = 'GET'): Promise<ParsedReply> {
  const line = accept === null ? '' : `Accept-Encoding: ${accept}\r\n`;
  return ask(worker.port, `/static/${path}`, line + more, method);
}

/** What a reply is of the four things that differ, and whether it varies. */
function looksLike(reply: ParsedReply): readonly (string | undefined)[] {
  return ['content-encoding', 'content-length', 'etag', 'last-modified', 'vary', 'content-type'].map(name =>
    field(reply, name),
  );
}

const plain = [undefined, '2000', '"65937c25-7d0"', 'Tue, 02 Jan 2024 02:59:49 GMT'];
const asGzip = [
  'gzip',
  String(gzipped.length),
  `"65937c61-${gzipped.length.toString(16)}"`,
  'Tue, 02 Jan 2024 03:00:49 GMT',
];
const varies = ['Accept-Encoding', 'text/css'];

test('the better of those that are accepted is sent, with its own size, time and ETag and the file’s type', async () => {
  const both = await get('both.css', 'gzip, deflate, br');
  assert.deepEqual(looksLike(both).slice(0, 2), ['br', String(brotli.length)]);
  assert.equal(field(both, 'last-modified'), 'Tue, 02 Jan 2024 03:01:49 GMT');
  assert.equal(both.body, brotli.toString('latin1'));
  for (const accept of ['gzip', 'br;q=0.5, gzip', '*, br;q=0', 'x-gzip']) {
    const reply = await get('both.css', accept);
    assert.deepEqual(looksLike(reply), [...asGzip, ...varies], accept);
    assert.equal(gunzipSync(Buffer.from(reply.body, 'latin1')).toString(), text);
  }
});

test('who does not accept it gets the file, and caches are told that others get another', async () => {
  for (const accept of [null, 'identity', 'gzip;q=0, br;q=0', 'deflate', 'identity, gzip;q=0.5']) {
    const reply = await get('both.css', accept);
    assert.deepEqual(looksLike(reply), [...plain, ...varies], String(accept));
    assert.equal(reply.body, text);
    assert.equal(field(reply, 'accept-ranges'), 'bytes');
  }
  assert.equal(field(await get('a.js', 'gzip'), 'vary'), undefined);
});

test('one that is older than the file, or a link to another’s, or without a file, is not sent', async () => {
  assert.equal(field(await get('old.css', 'gzip'), 'content-encoding'), undefined);
  assert.equal(field(await get('old.css', 'gzip, br'), 'content-encoding'), 'br');
  assert.equal(field(await get('linked.css', 'gzip'), 'content-encoding'), 'gzip');
  assert.equal(field(await get('gz.css', 'br'), 'content-encoding'), undefined);
  assert.equal((await get('only.css', 'gzip')).status, 404);
  assert.equal((await get('both.css.gz', 'gzip')).body, gzipped.toString('latin1'));
});

test('conditions are about what would be sent, and parts are parts of it', async () => {
  const etag = asGzip[2];
  const same = await get('gz.css', 'gzip', `If-None-Match: ${etag}\r\n`);
  assert.equal(same.status, 304);
  assert.deepEqual(looksLike(same), [undefined, undefined, etag, asGzip[3], 'Accept-Encoding', undefined]);
  assert.equal((await get('gz.css', 'gzip', `If-None-Match: ${plain[2]}\r\n`)).status, 200);
  assert.equal((await get('gz.css', null, `If-None-Match: ${plain[2]}\r\n`)).status, 304);
  const range = await get('gz.css', 'gzip', 'Range: bytes=0-9\r\n');
  assert.equal(range.status, 206);
  assert.equal(field(range, 'content-encoding'), 'gzip');
  assert.equal(field(range, 'content-range'), `bytes 0-9/${gzipped.length}`);
  assert.equal(range.body, gzipped.subarray(0, 10).toString('latin1'));
  const rest = await get('gz.css', 'gzip', `Range: bytes=10-\r\nIf-Range: ${etag}\r\n`);
  assert.equal(gunzipSync(Buffer.from(range.body + rest.body, 'latin1')).toString(), text);
  const other = await get('gz.css', 'gzip', `Range: bytes=10-\r\nIf-Range: ${plain[2]}\r\n`);
  assert.deepEqual([other.status, other.body.length], [200, gzipped.length]);
  assert.equal((await get('gz.css', null, 'Range: bytes=0-9\r\n')).body, text.slice(0, 10));
});

test('large ones are streamed, HEAD gets the same header, an index has one too', async () => {
  const large = await get('large.js', 'gzip');
  assert.equal(field(large, 'content-encoding'), 'gzip');
  assert.ok(gunzipSync(Buffer.from(large.body, 'latin1')).equals(noise));
  const head = await get('large.js', 'gzip', '', 'HEAD');
  assert.equal(field(head, 'content-length'), String(large.body.length));
  assert.equal(head.body, '');
  const index = await get('sub/', 'gzip');
  assert.deepEqual(looksLike(index), [...asGzip, 'Accept-Encoding', 'text/html']);
});

test('a file that the app has sent is sent compressed, unless the app says that it has seen to that', async () => {
  const accel = await ask(worker.port, '/r/accel', 'Accept-Encoding: gzip\r\n');
  assert.deepEqual(looksLike(accel), [...asGzip, 'Accept-Encoding', 'text/x']);
  assert.equal(field(accel, 'set-cookie'), 'a=1');
  const encoded = await ask(worker.port, '/r/encoded', 'Accept-Encoding: gzip\r\n');
  assert.deepEqual(looksLike(encoded), [...plain, undefined, 'text/x']);
});

test('one that comes is found within a second, one that goes or ages at once', async () => {
  assert.equal(field(await get('late.css', 'gzip'), 'content-encoding'), undefined);
  const isFound = async () => field(await get('late.css', 'gzip'), 'content-encoding') === 'gzip';
  put('late.css.gz', gzipped);
  await until('it to be found', isFound);
  writeFileSync(`${root}/static/late.css`, 'new\n');
  await until('the new one', async () => (await get('late.css', 'gzip')).body === 'new\n');
  put('late.css', text);
  await until('it to be found again', isFound);
  rmSync(`${root}/static/late.css.gz`);
  await until('it to be gone', async () => (await get('late.css', 'gzip')).body === text);
});

describe('compared with nginx', { skip: nginxMissing() }, () => {
  let nginx: RunningNginx;
  /** It gives no parts of a compressed file, and does not offer them. */
  const givesNoParts = nginxMissing() === false && isBefore(nginxVersion(), '1.23.4');

  before(async () => {
    nginx = await startNginx(fixture.directory, fixture.sites, { gzipStatic: true });
  });

  after(() => nginx?.stop());

  const accepts = [
    null,
    'gzip',
    'gzip, deflate',
    'deflate, gzip;q=1.0',
    'gzip;q=0.5',
    'gzip;q=0',
    'gzip;q=0.000',
    'GZIP',
    'deflate',
    '',
  ];
  const conditions = [
    '',
    `If-None-Match: ${asGzip[2]}\r\n`,
    `If-None-Match: ${plain[2]}\r\n`,
    `If-Match: ${asGzip[2]}\r\n`,
    `If-Modified-Since: ${asGzip[3]}\r\n`,
    `If-Modified-Since: ${plain[3]}\r\n`,
    `If-Unmodified-Since: ${plain[3]}\r\n`,
    'Range: bytes=0-9\r\n',
    'Range: bytes=0-9,20-29\r\n',
    'Range: bytes=9000-\r\n',
    `Range: bytes=0-9\r\nIf-Range: ${asGzip[2]}\r\n`,
  ];

  for (const path of ['gz.css', 'a.js', 'large.js', 'sub/', 'both.css.gz']) {
    test(`the answers about ${path} are the same`, async () => {
      for (const accept of accepts) {
        for (const condition of conditions) {
          for (const method of path === 'gz.css' ? ['GET', 'HEAD', 'POST'] : ['GET']) {
            const more = (accept === null ? '' : `Accept-Encoding: ${accept}\r\n`) + condition;
            const [theirs, ours] = await Promise.all([
              ask(nginx.port, `/static/${path}`, more, method),
              ask(worker.port, `/static/${path}`, more, method),
            ]);
            const isOlder = givesNoParts && field(theirs, 'content-encoding') === 'gzip';
            if (isOlder && condition.startsWith('Range')) assert.equal(theirs.status, 200);
            else assert.deepEqual(compared(ours, isOlder), compared(theirs), `${method} ${path} ${more}`);
          }
        }
      }
    });
  }
});

/** Without what differs by its nature: the time, the program's name, and what depends on its length. */
function compared({ status, fields, body }: ParsedReply, offersNoParts = false): unknown {
  const page = status >= 400;
  const lines = fields
    .filter(([name]) => !(offersNoParts && name === 'Accept-Ranges'))
    // nginx says of its page for 416 that it is compressed, and it is not.
    .filter(([name]) => !(page && name === 'Content-Encoding'))
    .filter(([name]) => name !== 'Date' && name !== 'Server' && !(page && name === 'Content-Length'))
    .map(([name, value]) => `${name}: ${value.replace(/boundary=\d{20}/, 'boundary=B')}`);
  return { status, lines, body: page ? '' : body.replace(/--\d{20}/g, '--B') };
}

test('what lies beside a visitor’s upload is never sent in its place', async () => {
  for (const [name, content] of [
    ['upload.css', text],
    ['upload.css.gz', gzipped],
    ['upload.css.br', brotli],
  ] as const) {
    writeFileSync(`${root}/media/${name}`, content);
    utimesSync(`${root}/media/${name}`, modified, modified);
  }
  const { bytes } = await exchangeRaw(
    worker.port,
    'GET /media/upload.css HTTP/1.1\r\nHost: hello.test\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n',
  );
  assert.match(bytes, /^HTTP\/1\.1 200 /);
  assert.doesNotMatch(bytes, /content-encoding/i);
  assert.ok(bytes.endsWith(text));
});
