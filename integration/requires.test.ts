// Programs that wait for a service: STARTING until it accepts connections, and not spawned before.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { marked } from './harness/processes.ts';
import { until } from './harness/until.ts';

test('a program is spawned when what it requires accepts connections, and status says what it waits for', async t => {
  const place = makePlace(t);
  const socket = `${place.dir}/service.sock`;
  const program = { command: 'sleep 1000', environment: place.env, requires: [`unix:${socket}`] };
  const starting = startHostd(place, {
    config: {
      proxy: { enabled: false },
      program: { needy: program, other: { ...program, autostart: false } },
    },
  });
  const server = createServer().on('connection', connection => connection.end());
  place.after(() => void server.close());
  // hostd counts as ready only once it has started everything, so that is not waited for yet.
  await until('hostd to look for the service', () =>
    marked(place.mark).some(p => p.command.includes('daemon/begin')),
  );
  assert.equal(marked(place.mark).filter(p => p.command === 'sleep 1000').length, 0);
  await new Promise<void>(resolve => server.listen(socket, resolve));
  const hostd = await starting;
  assert.equal((await hostd.state('needy', 'RUNNING')).state, 'RUNNING');
  // A second one waits in vain, says for what, and can be stopped.
  await new Promise(resolve => server.close(resolve));
  const start = hostd.hostctl('start', 'other');
  const waiting = await until('the wait', async () =>
    (await hostd.status()).find(p => p.name === 'other' && p.state === 'STARTING'),
  );
  assert.match(waiting.description, /^waits for unix:.*service\.sock/);
  assert.equal(waiting.pid, null);
  assert.equal((await hostd.hostctl('stop', 'other')).code, 0);
  assert.match((await start).stderr, /other: was stopped before it was running/);
});
