// While nobody looks and nobody comes, hostd and its own processes sleep: no timer of theirs is armed that would wake them again and again.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { ask } from '../scripts/http.ts';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { digest, user } from './web/visitor.ts';

/** epoll_pwait(2) by its number, as the kernel names what a thread waits in (proc_pid_syscall(5)). */
const waits = { x64: '281', arm64: '22' }[process.arch as string];

/** Milliseconds. V8 would look at its heap every 8 s, for ever. What a start or a connection leaves is over later, once. */
const soon = 8500;

/** Threads of these processes that a timer is going to wake, each with the milliseconds that it waits. */
function timers(pids: readonly number[]): string[] {
  return pids.flatMap(pid =>
    readdirSync(`/proc/${pid}/task`).flatMap(task => {
      const thread = `/proc/${pid}/task/${task}`;
      const [call, , , , ms] = readFileSync(`${thread}/syscall`, 'utf8').split(' ');
      const name = [`/proc/${pid}`, thread]
        .map(path => readFileSync(`${path}/comm`, 'utf8').trim())
        .join(', ');
      if (call?.startsWith('running')) return [`${name} runs`];
      const wait = Number(ms) | 0;
      return call === waits && wait >= 0 && wait < soon ? [`${name} wakes in ${wait} ms`] : [];
    }),
  );
}

/** hostd and those of its own programs that run. */
function ownProcesses(hostd: number): number[] {
  const children = readFileSync(`/proc/${hostd}/task/${hostd}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  return [hostd, ...children.filter(pid => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('hostd-'))];
}

test('nothing wakes hostd, its proxy, its page or its metrics while nobody comes', {
  skip:
    needsRoot || (waits === undefined && `the numbers of system calls on ${process.arch} are not known here`),
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const apps = [await tinyApp(place, { account: a }), await tinyApp(place, { name: 'other', account: a })];
  const [metrics, web] = [await freePort(), await freePort()];
  const hostd = await startHostd(place, {
    apps,
    config: {
      metrics: { listen: `127.0.0.1:${metrics}` },
      web: { listen: `127.0.0.1:${web}`, user, password: digest },
    },
  });
  for (const { name } of apps) await hostd.state(name, 'RUNNING');
  for (const port of [metrics, web])
    assert.ok((await ask({ to: { port }, host: 'localhost', path: '/' })).status < 500);
  const pids = ownProcesses(hostd.pid);
  assert.equal(pids.length, 4, 'hostd, its proxy, its page, its metrics');
  const seen = new Set<string>();
  await until('every timer to be over', () => {
    const armed = timers(pids);
    for (const one of armed) seen.add(one);
    return armed.length === 0;
  }).catch(error => assert.fail(`${error.message}:\n${[...seen].slice(-20).join('\n')}`));
});
