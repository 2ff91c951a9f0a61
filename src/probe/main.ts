// The health probe: asks a path of an app over its socket until the answer is good, or once, and tells the answer on fd 3. Runs as the
// proxy's user, since root must not parse an app's answer. Ends when the app is healthy, after the only answer if it asks once, or
// when hostd ends it.

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

async function ask(client: Client, question: ProbeQuestion): Promise<ProbeAnswer> {
  const { path, host, secure } = question;
  try {
    const { statusCode, headers, body } = await client.request({
      method: 'GET',
      path,
      headers: { host, 'user-agent': 'hostd-probe', 'x-forwarded-proto': secure ? 'https' : 'http' },
    });
    await body.dump();
    const { location } = headers;
    // A proxy in front of hostd's speaks TLS. Visitors see the page that the redirect leads to.
    if (!secure && typeof location === 'string' && isRedirect(statusCode) && location.startsWith('https://'))
      return await ask(client, { ...question, secure: true });
    return statusCode >= 200 && statusCode < 400
      ? { kind: 'healthy' }
      : { kind: 'unhealthy', status: statusCode, why: `HTTP ${statusCode}` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { kind: 'unhealthy', status: 0, why: code.slice(0, 100) };
  }
}

function isRedirect(status: number): boolean {
  return status >= 301 && status <= 308;
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
    if (answer.kind === 'healthy' || question.once) process.exit(0);
    await sleep(pause);
  }
}

await main();
