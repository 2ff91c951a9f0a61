// Posts one notice of [notify] to a URL, again and again until it has arrived or the time is over, and says so on a pipe. Runs as a user
// without rights, since what answers is a stranger. Ends when hostd has ended. The URL may have a secret in it: nothing of it is said.

import { readFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';
import { nameProcess } from '../process-name.ts';
import { longestDelivery, longestTry, type PostAnswer, type PostOrder } from '../protocol/notify.ts';

const orderFd = 3;
const answerFd = 4;
/** hostd holds the other end while it lives. */
const lifeFd = 5;
/** Milliseconds between two tries, at first and at most. */
const firstPause = 1000;
const longestPause = 60_000;
/** Bytes of an answer that are read at most. */
const mostRead = 64 * 1024;

interface Tried {
  readonly ok: boolean;
  readonly what: string;
  readonly isFinal: boolean;
}

async function post({ url, body }: PostOrder, dispatcher: Agent): Promise<Tried> {
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'hostd-notify' },
      body,
      dispatcher,
      signal: AbortSignal.timeout(longestTry),
    });
    await answer.body.dump({ limit: mostRead });
    const { statusCode } = answer;
    const ok = statusCode >= 200 && statusCode < 300;
    // Too many, or too slow: it may be better later. Any other fault of ours stays one.
    const isFinal = statusCode < 500 && statusCode !== 408 && statusCode !== 425 && statusCode !== 429;
    return { ok, what: `HTTP ${statusCode}`, isFinal: ok || isFinal };
  } catch (error) {
    return { ok: false, what: codeOf(error), isFinal: false };
  }
}

/** Never the message: it may have the URL in it. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  if (error.name === 'TimeoutError') return `no answer within ${longestTry / 1000} s`;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

async function main(): Promise<void> {
  nameProcess('hostd-notify');
  const order = JSON.parse(readFileSync(orderFd, 'utf8')) as PostOrder;
  const life = new Socket({ fd: lifeFd, readable: true, writable: false });
  life.on('close', () => process.exit(1)).on('error', () => {});
  life.resume();
  const dispatcher = new Agent({
    connect: {
      timeout: longestTry,
      ...(order.ca === null ? {} : { ca: [...rootCertificates, order.ca] }),
    },
  });
  const end = performance.now() + longestDelivery;
  for (let tries = 1, wait = firstPause; ; tries += 1, wait = Math.min(2 * wait, longestPause)) {
    const { ok, what, isFinal } = await post(order, dispatcher);
    if (isFinal || order.once || performance.now() + wait > end) {
      writeSync(answerFd, `${JSON.stringify({ ok, what, tries } satisfies PostAnswer)}\n`);
      process.exit(0);
    }
    await sleep(wait);
  }
}

await main();
