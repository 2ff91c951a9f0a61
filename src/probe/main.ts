// The health probe: asks an app's health path over its socket until the answer is good, and says so on fd 3. Runs as the
// proxy's user, since what the app answers is not for root to parse. Ends when healthy, or when hostd ends it.

import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import { nameProcess } from '../process-name.ts';
import { encodeAnswer, type ProbeAnswer, type ProbeQuestion } from '../protocol/probe.ts';

const answerFd = 3;
/** Milliseconds: for one answer; between two questions, at first and at most. */
const longestAnswer = 10_000;
const firstPause = 50;
const longestPause = 2000;

async function ask(client: Client, { path, host }: ProbeQuestion): Promise<ProbeAnswer> {
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path,
      headers: { host, 'user-agent': 'hostd-probe' },
    });
    await body.dump();
    return statusCode >= 200 && statusCode < 400
      ? { kind: 'healthy' }
      : { kind: 'unhealthy', why: `HTTP ${statusCode}` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { kind: 'unhealthy', why: code.slice(0, 100) };
  }
}

async function main(): Promise<void> {
  nameProcess('hostd-probe');
  const question = JSON.parse(process.env['HOSTD_PROBE'] ?? '') as ProbeQuestion;
  const client = new Client('http://app', {
    socketPath: question.socket,
    headersTimeout: longestAnswer,
    bodyTimeout: longestAnswer,
    pipelining: 1,
  });
  let last = '';
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    const answer = await ask(client, question);
    const line = encodeAnswer(answer);
    if (line !== last) writeSync(answerFd, line);
    last = line;
    if (answer.kind === 'healthy') process.exit(0);
    await sleep(pause);
  }
}

await main();
