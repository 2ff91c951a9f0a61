// Random targets, ranges and headers, judged by strangers: nginx for what a client is answered, node's own client for what
// an app may say. A failing seed is printed by fast-check.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseResponseHead } from '../src/proxy/http/response-head.ts';
import { exchangeRaw, parseReplies } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { nginxMissing, type RunningNginx, startNginx } from './proxy/nginx.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

/** Requests in one connection; the last one closes it. */
const batch = 20;
const runs = { numRuns: 40 };

describe('random requests, compared with nginx', { skip: nginxMissing() }, () => {
  let fixture: Fixture;
  let upstream: Upstream;
  let worker: RunningWorker;
  let nginx: RunningNginx;

  before(async () => {
    fixture = makeFixture('fuzz');
    upstream = await startUpstream(fixture.sites[1].socket, {});
    worker = await startWorker({ sites: fixture.sites, directory: fixture.directory });
    nginx = await startNginx(fixture.directory, fixture.sites);
  });

  after(async () => {
    await worker?.stop();
    await nginx?.stop();
    await upstream?.close();
    fixture?.remove();
  });

  async function answers(port: number, requests: readonly string[]): Promise<readonly string[]> {
    const texts: string[] = [];
    for (const request of requests) {
      const { bytes } = await exchangeRaw(port, request);
      const [reply] = parseReplies(bytes);
      const page = reply?.body.includes('<hr><center>') === true;
      texts.push(`${reply?.status} ${page ? '' : reply?.body.replace(/\d{20}/g, 'B')}`);
    }
    return texts;
  }

  async function compare(requests: readonly string[]): Promise<void> {
    upstream.requests.length = 0;
    const theirs = await answers(nginx.port, requests);
    const asked = upstream.requests.map(text => text.split(' ')[1]);
    upstream.requests.length = 0;
    const ours = await answers(worker.port, requests);
    assert.deepEqual(ours, theirs);
    assert.deepEqual(
      upstream.requests.map(text => text.split(' ')[1]),
      asked,
    );
  }

  const list = (piece: fc.Arbitrary<string>, most: number): fc.Arbitrary<string> =>
    fc.array(piece, { maxLength: most }).map(pieces => pieces.join(''));

  test('targets are understood alike', async () => {
    // No links and no names that begin with a dot: those are wanted differences.
    const piece = fc.constantFrom(
      '/',
      '/',
      '/static/',
      '/static',
      '/..',
      '/.',
      '/%2e',
      '%2F',
      '..',
      'a.txt',
      'sub',
      's.txt',
      '%61',
      '%',
      '?',
      '#',
      '%00',
      '%3f',
      '%23',
      '\\',
      ';',
      '+',
      '%20',
      '%c3',
      '|',
      'x',
    );
    const target = list(piece, 9).map(text => `/${text}`);
    await fc.assert(
      fc.asyncProperty(fc.array(target, { minLength: batch, maxLength: batch }), targets =>
        compare(
          targets
            .filter(text => !/\/(\.|%2e)[^./%]/i.test(text))
            .map(text => `GET ${text} HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\n\r\n`),
        ),
      ),
      runs,
    );
  });

  test('ranges are understood alike', async () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      '5',
      '11',
      '12',
      '99',
      '-',
      '-',
      ',',
      ' ',
      'x',
      '\t',
      '18446744073709551616',
    );
    // RFC 9112 section 5.1: blanks at the end of a field are none of its value; nginx keeps tabs.
    const range = list(piece, 8).map(text => text.replace(/[\t ]+$/, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: batch, maxLength: batch }), ranges =>
        compare(
          ranges.map(
            text =>
              `GET /static/a.txt HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\nRange: bytes=${text}\r\n\r\n`,
          ),
        ),
      ),
      runs,
    );
  });

  test('dates and tags are understood alike', async () => {
    const name = fc.constantFrom(
      'If-Modified-Since',
      'If-Unmodified-Since',
      'If-None-Match',
      'If-Match',
      'If-Range',
    );
    const value = fc.constantFrom(
      '"65937c25-c"',
      'W/"65937c25-c"',
      '"x"',
      '*',
      '',
      ' , ',
      '"x", "65937c25-c"',
      '"65937c25-c',
      'Tue, 02 Jan 2024 02:59:49 GMT',
      'Tue, 02 Jan 2024 02:59:50 GMT',
      'Tuesday, 02-Jan-24 02:59:49 GMT',
      'Tue Jan  2 02:59:49 2024',
      'Tue, 02 Jan 2024',
      '0',
    );
    const fields = fc
      .array(fc.tuple(name, value), { maxLength: 3 })
      .map(pairs => pairs.map(([field, text]) => `${field}: ${text}\r\n`).join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(fields, { minLength: batch, maxLength: batch }), all =>
        compare(
          all.map(
            text =>
              `GET /static/a.txt HTTP/1.1\r\nHost: hello.test\r\nConnection: close\r\nRange: bytes=0-3\r\n${text}\r\n`,
          ),
        ),
      ),
      runs,
    );
  });
});

test('no header of an app is accepted that node’s own client refuses, or read otherwise', async () => {
  let text = '';
  const server = net.createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text, 'latin1'));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const theirs = (): Promise<string> =>
    new Promise(resolve => {
      const request = http.request({ port, host: '127.0.0.1', agent: false }, response => {
        resolve(JSON.stringify([response.statusCode, response.statusMessage, response.rawHeaders]));
        response.destroy();
      });
      request.on('error', error => resolve(error.message));
      request.end();
    });
  const piece = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'HTTP/1.0 404',
    'HTTP/1.1 204 No',
    ' ',
    '\r\n',
    '\r\n',
    '\r\n',
    '\n',
    '\r',
    '\0',
    ':',
    ': ',
    'A',
    'a-b',
    'Content-Length',
    '2',
    '02',
    '+2',
    'Transfer-Encoding',
    'chunked',
    ',',
    '\t',
    '\xe9',
    '\x7f',
    '"',
    'Connection: close',
  );
  const line = fc.array(piece, { maxLength: 6 }).map(pieces => pieces.join(''));
  const field = fc
    .tuple(fc.constantFrom('A', 'b-c', 'Content-Length', 'Transfer-Encoding', 'X'), line)
    .map(([name, value]) => `${name}: ${value}`);
  const head = fc
    .tuple(
      fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.0 200', 'HTTP/1.1 404 Not Found'),
      fc.array(fc.oneof(field, line), { maxLength: 4 }),
    )
    .map(([status, lines]) => `${[status, ...lines].join('\r\n')}\r\n\r\n`);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        head,
        line.map(start => `${start}\r\n\r\n`),
      ),
      async bytes => {
        const parsed = parseResponseHead(bytes, 10_000);
        if (parsed.kind !== 'head' || parsed.size !== bytes.length) return;
        text = bytes;
        const { status, reason, fields } = parsed.head;
        assert.equal(
          await theirs(),
          JSON.stringify([status, reason, fields.flatMap(({ name, value }) => [name, value])]),
        );
      },
    ),
    { numRuns: 3000 },
  );
  server.close();
});
