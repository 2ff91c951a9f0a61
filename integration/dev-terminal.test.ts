// hostd dev on a terminal: colours, keys, and a debugger that one can type into.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDev } from './dev/dev.ts';
import { writeProject } from './dev/project.ts';
import { makePlace } from './harness/place.ts';
import { marked } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const skip = needsVirtualenv('recent');

const esc = String.fromCharCode(27);
const coloured = (prefix: string) =>
  new RegExp(`${esc}\\[\\d+m${prefix}${esc}\\[0m [^]*Starting (WSGI )?development server`);

test('breakpoint() stops in the terminal: attach, look, go on, detach', { skip }, async t => {
  const place = makePlace(t);
  const folder = writeProject(place, 'hello', 'hello');
  const dev = await startDev(place, { args: [folder], terminal: true });
  await dev.says(/Starting (WSGI )?development server/);
  const answer = dev.get('hello.localhost', '/stop');
  await dev.says(/hello .*\|.*\(Pdb\)/);
  await dev.says(/hello waits for input: press a/);
  dev.type('a');
  await dev.says(/attached to hello/);
  dev.type('answer = "from the " + "debugger"\n');
  dev.type('p "seen: " + answer\n');
  await dev.says(/'seen: from the debugger'/);
  dev.type('c\n');
  assert.equal((await answer).text, 'from the debugger');
  dev.type('\x1d');
  await dev.says(/detached/);
  dev.type('h');
  await dev.says(/look at one app alone/);
});

test('each app has its colour; keys restart and stop one, and Ctrl-C leaves nothing', { skip }, async t => {
  const place = makePlace(t);
  writeProject(place, 'work/hello', 'hello');
  writeProject(place, 'work/goodbye', 'goodbye');
  const dev = await startDev(place, { args: ['work'], terminal: true });
  await dev.says(coloured('goodbye \\|'));
  await dev.says(coloured('hello   \\|'));
  dev.type('r');
  await dev.says(/which app is it to restart\? press its number first: 1 goodbye, 2 hello/);
  dev.type('2');
  await dev.says(/hello alone/);
  dev.type('s');
  await dev.says(/stopping hello/);
  await until('hello to be stopped', async () => (await dev.get('hello.localhost')).status === 503);
  assert.equal((await dev.get('goodbye.localhost')).status, 200);
  dev.type('s');
  await until('hello to be back', async () => (await dev.get('hello.localhost')).status === 200);
  // The last word wins: what is stopped while it starts stays so, and what is started while it stops comes back.
  dev.type('rs');
  await until('hello to be stopped', async () => (await dev.get('hello.localhost')).status === 503);
  assert.match((await dev.get('localhost')).text, /stopped/);
  dev.type('sss');
  await until('hello to be back', async () => (await dev.get('hello.localhost')).status === 200);
  dev.type('0\x03');
  const code = await dev.ended;
  assert.equal(code, 0);
  assert.deepEqual(marked(place.mark), []);
});
