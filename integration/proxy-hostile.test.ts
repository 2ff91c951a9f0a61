// What hostile clients and broken apps send, against a real worker: each line of cases.jsonl is one case.
// `send` is latin-1; ${rep:TEXT:N} stands for TEXT repeated N times. An app answers /r/KEY as answers.json says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { exchangeRaw, type ParsedReply, parseReplies, untilEnd } from './proxy/client.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { type Step, startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

interface Case {
  readonly group: string;
  readonly name: string;
  readonly send: string;
  /** Any of these; 0: ended without an answer. */
  readonly status?: readonly number[];
  readonly responses?: number;
  readonly responsesMax?: number;
  readonly closes?: boolean;
  /** Nothing comes, and the connection stays. */
  readonly isSilent?: boolean;
  /** Requests that may reach the app. */
  readonly requestsMax?: number;
  readonly appGets?: readonly string[];
  readonly appNeverGets?: readonly string[];
  /** Never at the beginning of what the app takes for a request. */
  readonly appNeverServes?: readonly string[];
  readonly bodyMax?: number;
  readonly bodyLacks?: readonly string[];
  readonly replyHas?: readonly string[];
  readonly replyLacks?: readonly string[];
  readonly secondsMax?: number;
}

const read = (file: string): string => readFileSync(new URL(`proxy/${file}`, import.meta.url), 'utf8');
const repeated = (text: string): string =>
  text.replace(/\$\{rep:([\s\S]*?):(\d+)\}/g, (_, what: string, times: string) => what.repeat(Number(times)));
const cases = read('cases.jsonl')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Case);
const answers = Object.entries(JSON.parse(read('answers.json')) as Record<string, readonly Step[]>).map(
  ([key, steps]) => [key, steps.map(step => (typeof step === 'string' ? repeated(step) : step))] as const,
);

let fixture: Fixture;
let upstreams: readonly Upstream[];
let worker: RunningWorker;

before(async () => {
  fixture = makeFixture('hostile');
  const scripts = Object.fromEntries(answers);
  upstreams = await Promise.all(fixture.sites.map(site => startUpstream(site.socket, scripts)));
  const limits = { upstreamGapMs: 800, queueMs: 200 };
  worker = await startWorker({ sites: fixture.sites, directory: fixture.directory, limits });
});

after(async () => {
  await worker?.stop();
  for (const upstream of upstreams ?? []) await upstream.close();
  fixture?.remove();
});

for (const hostile of cases) {
  test(`${hostile.group}: ${hostile.name}`, async () => {
    const received = forgetRequests();
    const reply = await exchangeRaw(worker.port, repeated(hostile.send), {
      answers: hostile.closes ? untilEnd : (hostile.responses ?? 1),
      quietMs: 250,
      ...(hostile.isSilent ? { waitMs: 1000 } : {}),
    });
    checkReply(hostile, reply.bytes, reply.closed);
    if (hostile.secondsMax !== undefined) assert.ok(reply.seconds <= hostile.secondsMax);
    checkApp(hostile, received());
    assert.equal(worker.process.exitCode, null, worker.errors());
  });
}

function forgetRequests(): () => readonly string[] {
  for (const upstream of upstreams) upstream.requests.length = 0;
  return () => upstreams.flatMap(upstream => upstream.requests).filter(text => text !== '');
}

function checkReply(hostile: Case, bytes: string, closed: boolean): void {
  const replies = parseReplies(bytes);
  const [first] = replies;
  if (hostile.status) assert.ok(hostile.status.includes(statusOf(bytes, first)), bytes.slice(0, 300));
  if (hostile.responses !== undefined) assert.equal(replies.length, hostile.responses);
  if (hostile.responsesMax !== undefined)
    assert.ok(replies.length <= hostile.responsesMax, bytes.slice(0, 500));
  if (hostile.closes) assert.ok(closed, 'the connection stays open');
  const bodies = replies.map(reply => reply.body).join('');
  if (hostile.bodyMax !== undefined) assert.ok(bodies.length <= hostile.bodyMax);
  for (const text of hostile.bodyLacks ?? []) assert.ok(!bodies.includes(text));
  for (const text of hostile.replyHas ?? []) assert.ok(bytes.includes(text));
  for (const text of hostile.replyLacks ?? []) assert.ok(!bytes.includes(text));
}

function statusOf(bytes: string, first: ParsedReply | undefined): number {
  return /^HTTP\/1\.1 101 /.test(bytes) ? 101 : (first?.status ?? 0);
}

function checkApp(hostile: Case, received: readonly string[]): void {
  // The cases spell bytes beyond ASCII, and control characters, as \xHH.
  const all = escaped(received.join('\n'));
  if (hostile.requestsMax !== undefined) assert.ok(received.length <= hostile.requestsMax, all);
  for (const text of hostile.appGets ?? []) assert.ok(all.includes(text), all);
  for (const text of hostile.appNeverGets ?? []) assert.ok(!all.includes(text), all);
  for (const text of hostile.appNeverServes ?? []) {
    for (const request of received) assert.ok(!request.slice(0, request.indexOf('\r\n')).includes(text), all);
  }
}

function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is escaped
  return text.replace(/[\\\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]/g, character =>
    character === '\\' ? '\\\\' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
