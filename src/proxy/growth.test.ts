// A byte that a stranger sends must not cost more where there are more of them. Every function that reads such bytes is timed, with the
// shapes that cost most, at one length and at eight times that length.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkWatch } from './client/chunk-watch.ts';
import { RequestParser } from './client/llhttp.ts';
import { findLocation } from './files/static.ts';
import { acceptedCodings } from './http/accept-encoding.ts';
import { ChunkedDecoder } from './http/chunked.ts';
import { addressBehind, trustedAmong } from './http/client-address.ts';
import { judge, rangeApplies } from './http/conditional.ts';
import { earlyHints } from './http/early-hints.ts';
import { HeadText } from './http/head-text.ts';
import { parseRange } from './http/ranges.ts';
import { readRequestHead } from './http/request-head.ts';
import { isRequestId } from './http/request-id.ts';
import { clientFields } from './http/response-fields.ts';
import { parseResponseHead } from './http/response-head.ts';
import { normalise, parseTarget } from './http/target.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { accessLogJson } from './log/access-log-json.ts';
import { accessLogLine } from './log/access-log-line.ts';
import { hostName, makeRouter } from './request/router.ts';

const length = 4096;
/** Eight, and room for a machine that does something else meanwhile. Quadratic time would be 64 times as long. */
const most = 40;
const roomy: Limits = {
  ...defaultLimits,
  headerField: 1e9,
  headerTotal: 1e9,
  headerCount: 1e6,
  requestLine: 1e9,
};

/** Milliseconds after which no second look is needed. */
const hopelessMs = 400;

/** Makes a text with this many characters, and returns the function that reads it. */
type Reading = (characters: number) => () => unknown;

/**
 * Milliseconds of processor time of the fastest of some runs, but no less than what a clock and a compiler make of nothing. Time on the
 * clock would count what else the machine does.
 */
function time(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3 && (i === 0 || best < hopelessMs); i++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return Math.max(0.1, best);
}

/** What is wrong with how the time grows, or null. Other work of the machine can only add time, so a bad result is measured again. */
function growth(reading: Reading): string | null {
  reading(length)(); // compiled
  for (let tries = 0; ; tries++) {
    const [short, long] = [time(reading(length)), time(reading(8 * length))];
    if (long / short < most) return null;
    if (tries === 3 || long > hopelessMs) return `${short.toFixed(2)} ms, then ${long.toFixed(2)} ms`;
  }
}

function growsEvenly(name: string, reading: Reading): void {
  test(`${name}: eight times the bytes cost no more than eight times the work`, () => {
    assert.equal(growth(reading), null);
  });
}

/** Field values that some code might look at again and again. */
const shapes: Readonly<Record<string, string>> = {
  blanks: ' ',
  tabs: '\t',
  'blanks and letters': ' a',
  commas: ',',
  'commas and blanks': ', ',
  'a long list': 'a, ',
  quotes: '"',
  'escaped quotes': '\\"',
  semicolons: ';',
  weights: 'a;q=0.5,',
  dots: '.',
  'dots and letters': 'a.',
  colons: ':',
  percents: '%',
  escapes: '%2e',
  slashes: '/',
  climbing: '/a/..',
  'dot segments': '/./',
  digits: '9',
  zeros: '0',
  ranges: '0-0,',
  'odd ranges': '1 - ,',
  dashes: '-',
  'entity tags': 'W/"a", ',
  addresses: '10.0.0.1, ',
  'IPv6 addresses': '::1, ',
  cookies: 'a=b; ',
  letters: 'a',
  'odd bytes': '\xff',
  equals: '=',
  brackets: '[',
};

function filled(shape: string, characters: number): string {
  return shape.repeat(Math.ceil(characters / shape.length)).slice(0, characters);
}

const file = { etag: '"1-2"', lastModified: 1 };
const isTrusted = trustedAmong(['10.0.0.0/8', '::/0']);
const sites = [{ prefix: '/static/', alias: '/srv/static/', expires: null }];
const router = makeRouter([]);

const logged = (text: string) => ({
  remoteAddress: '::1',
  authorization: `Basic ${text}`,
  requestLine: text,
  status: 200,
  bodyBytes: 1,
  referer: text,
  userAgent: text,
});
const loggedAsJson = (text: string) => ({
  ...logged(text),
  site: 'a',
  method: 'GET',
  uri: text,
  protocol: 'HTTP/1.1',
  host: text,
  scheme: 'http' as const,
  requestId: text,
  requestMs: 1,
  upstreamMs: null,
  queuedMs: null,
});

/** Functions that read a field's value, or a target. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'a target': text => parseTarget(`/${text}`),
  'an absolute target': text => parseTarget(`http://${text}`),
  'a path': text => findLocation(sites, normalise(`/${text}`) ?? ''),
  'a host name': text => router(hostName(text) ?? ''),
  'Accept-Encoding': text => acceptedCodings(text, ['br', 'gzip']),
  Range: text => parseRange(`bytes=${text}`, 1e6),
  'If-None-Match': text => judge({ ...noConditions, ifNoneMatch: text }, file),
  'If-Match': text => judge({ ...noConditions, ifMatch: text }, file),
  'If-Modified-Since': text => judge({ ...noConditions, ifModifiedSince: text }, file),
  'If-Range': text => rangeApplies(text, file),
  'X-Forwarded-For': text => addressBehind('10.0.0.1', text, isTrusted),
  'X-Request-Id': text => isRequestId(text),
  Connection: text => readRequestHead(['Host', 'a', 'Connection', text], '1.1', roomy),
  Upgrade: text => readRequestHead(['Host', 'a', 'Connection', 'upgrade, x', 'Upgrade', text], '1.1', roomy),
  'Transfer-Encoding': text => readRequestHead(['Host', 'a', 'Transfer-Encoding', text], '1.1', roomy),
  'any field': text => readRequestHead(['Host', 'a', text, text, 'Cookie', text], '1.1', roomy),
  'a line of the log': text => accessLogLine(logged(text), 'now'),
  'a line of JSON': text => accessLogJson(loggedAsJson(text), 0),
  'an app’s header': text => {
    const parsed = parseResponseHead(`HTTP/1.1 200 OK\r\nA: ${text}\r\nConnection: ${text}\r\n\r\n`, 1e9);
    if (parsed.kind === 'head') clientFields(parsed.head, own);
  },
  'an app’s status line': text => parseResponseHead(`HTTP/1.1 200 ${text}\r\n\r\n`, 1e9),
  'an app’s Link': text =>
    earlyHints({ ...hints, fields: [{ name: 'Link', lower: 'link', value: text }] }, 1e9),
  'an app’s chunk line': text => new ChunkedDecoder().decode(latin1(`1;a${text}\r\n`), () => {}),
  'a chunk line': text => new ChunkWatch(0).exceeds(latin1(`1;a${text}\r\n`)),
};

const noConditions = { ifMatch: null, ifNoneMatch: null, ifModifiedSince: null, ifUnmodifiedSince: null };
const own = { date: 'now', connection: 'close', length: null, chunked: true } as const;
const hints = {
  status: 103,
  reason: '',
  minor: 1,
  framing: { kind: 'close' },
  persistent: true,
} as const;

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

test('what is read of a request or an answer costs as much as it is long, whatever it says', () => {
  const slow: string[] = [];
  for (const [what, read] of Object.entries(readers))
    for (const [shape, piece] of Object.entries(shapes)) {
      // A search that starts at every place fails over and over where something else stands at the end.
      for (const tail of ['', 'x ', '"']) {
        const problem = growth(characters => {
          const text = filled(piece, characters) + tail;
          return () => read(text);
        });
        if (problem !== null) slow.push(`${what}, ${shape}${tail}: ${problem}`);
      }
    }
  assert.deepEqual(slow, []);
});

/** Reads a whole head that comes in packets of `packet` bytes. */
function readHead(text: string, packet: number): void {
  const parser = RequestParser.take();
  const bytes = latin1(text);
  for (let at = 0; at < bytes.length && !parser.isHeadRead; at += packet)
    if (parser.readHead(bytes.subarray(at, at + packet), 1e9, 1e6) === -1) break;
  parser.release();
}

for (const [shape, piece] of Object.entries(shapes))
  growsEvenly(`a head with ${shape} in a field`, characters => {
    const text = `GET / HTTP/1.1\r\nHost: a\r\nX: a${filled(piece, characters)}a \r\n\r\n`;
    return () => readHead(text, 65_536);
  });

growsEvenly('a head that comes byte by byte', characters => {
  const text = `GET / HTTP/1.1\r\nHost: a\r\nX: ${filled('a', characters)}\r\n\r\n`;
  return () => readHead(text, 1);
});

growsEvenly('a head with many fields', characters => {
  const text = `GET / HTTP/1.1\r\nHost: a\r\n${filled('a:\r\n', characters)}\r\n`;
  return () => readHead(text, 65_536);
});

growsEvenly('as many fields as Connection has members', characters => {
  const fields = Array.from({ length: characters / 8 }, (_, i) => [`x${i}`, 'v']).flat();
  const connection = Array.from({ length: characters / 4 }, (_, i) => `y${i}`).join(',');
  return () => readRequestHead(['Host', 'a', 'Connection', connection, ...fields], '1.1', roomy);
});

growsEvenly('a body of chunks of one byte', characters => {
  const head = latin1('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const bytes = latin1('1\r\na\r\n'.repeat(characters / 6));
  return () => {
    const parser = RequestParser.take();
    parser.readHead(head, 1e9, 100);
    parser.readBody(bytes, []);
    parser.release();
  };
});

test('an app’s header that comes byte by byte is put together, and parsed, when it may be whole', () => {
  const text = `HTTP/1.1 200 OK\r\nX: ${filled('a\r', 4000)}\r\n\r\n`;
  const head = new HeadText(1e9);
  const given = [...text].map(character => head.add(character)).filter(whole => whole !== null);
  assert.equal(given.at(-1), text);
  assert.ok(given.length < 12, `${given.length} times`);
});

growsEvenly('an app’s answer of chunks of one byte', characters => {
  const bytes = latin1('1\r\na\r\n'.repeat(characters / 6));
  return () => new ChunkedDecoder().decode(bytes, () => {});
});

test('of a head that is too large no string is made', () => {
  const parser = RequestParser.take();
  const text = `GET / HTTP/1.1\r\nHost: a\r\nX: ${' '.repeat(60_000)}\r\n\r\n`;
  assert.equal(parser.readHead(latin1(text), 40_960, 100), -1);
  assert.equal(parser.error, 'TOO_LARGE');
  assert.equal(parser.isPastLine, true);
  assert.deepEqual([parser.url, parser.fields], ['', []]);
  parser.release();
});

test('of a head with too many fields no more are made', () => {
  const parser = RequestParser.take();
  assert.equal(parser.readHead(latin1(`GET / HTTP/1.1\r\n${'a:\r\n'.repeat(5000)}\r\n`), 40_960, 100), -1);
  assert.equal(parser.error, 'TOO_LARGE');
  assert.ok(parser.fields.length <= 202);
  parser.release();
});

test('of a request line that is too long it is known that it had no end', () => {
  const parser = RequestParser.take();
  assert.equal(parser.readHead(latin1(`GET /${'a'.repeat(50_000)}`), 40_960, 100), -1);
  assert.deepEqual([parser.error, parser.isPastLine], ['TOO_LARGE', false]);
  parser.release();
});
