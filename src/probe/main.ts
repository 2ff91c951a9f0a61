// The health probe: asks a path of an app over its socket until the answer is good, or once, and tells the answer on fd 3. Runs as the
// proxy's user, since root must not parse an app's answer. Ends when the app is healthy, after the only answer if it asks once, or
// when hostd ends it.

import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import { nameProcess } from '../process-name.ts';
import { encodeAnswer, type ProbeQuestion } from '../protocol/probe.ts';
import { ask } from './ask.ts';

const answerFd = 3;
/** Milliseconds: for one answer, its body included; between two questions, at first and at most. */
const longestAnswer = 10_000;
const firstPause = 50;
const longestPause = 2000;

async function main(): Promise<void> {
  nameProcess('hostd-probe');
  const question = JSON.parse(process.env['HOSTD_PROBE'] ?? '') as ProbeQuestion;
  const client = new Client('http://app', {
    socketPath: question.socket,
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
  });
  let last = '';
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    const answer = await ask(client, question, longestAnswer);
    const line = encodeAnswer(answer);
    if (line !== last) writeSync(answerFd, line);
    last = line;
    if (answer.kind === 'healthy' || question.once) process.exit(0);
    await sleep(pause);
  }
}

await main();
