// What else sleeps: gevent's workers, on a file system that keeps no access times, and a server with WebSockets, which stays awake for
// as long as one is open.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isRoot } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';
import { gevent } from './idle/gevent.ts';
import { asgi, asleep, briefly, seen, site, sleeps } from './idle/sites.ts';

/** Runs hostd where `directory` is mounted noatime. As anybody but root nothing can be mounted. */
function withoutAccessTimes(
  directory: string,
  { uid, gid }: { uid: number; gid: number },
): readonly string[] {
  if (!isRoot) return [];
  const mount = `mount -t tmpfs -o noatime,mode=755,uid=${uid},gid=${gid} none "$0" && exec "$@"`;
  return ['unshare', '-m', 'sh', '-c', mount, directory];
}

describe('sleep when idle', { concurrency: true }, () => {
  test('gevent workers sleep and wake where no access times are kept, and again after a full disk has kept them awake', async t => {
    const found = await gevent();
    if ('why' in found) return t.skip(found.why);
    const place = makePlace(t);
    const sockets = place.directory('sockets');
    const green = await site(
      place,
      'green',
      { worker_class: 'gevent', on_demand: true, socket: `${sockets}/green.sock`, ...briefly },
      { env: { PYTHONPATH: found.path } },
    );
    const hostd = await startHostd(place, {
      apps: [green],
      under: withoutAccessTimes(sockets, green.account),
    });
    // Here hostd writes the note that it sleeps. As on a full disk, it cannot.
    const note = `${place.dir}/lib/asleep/.green.new`;
    mkdirSync(note);
    let sent = 0;
    const visitors = async () => {
      const burst = Array.from({ length: 4 }, async () => {
        sent += 1;
        const number = `${sent}`;
        assert.equal((await hostd.get(green.host, `/?${number}`)).text, number);
      });
      await Promise.all(burst);
    };
    await visitors();
    await until('the note to be missed', () => hostd.output().includes('green stays awake: '));
    rmdirSync(note);
    await asleep(hostd, 'green');
    await visitors();
    // gevent's workers may wait for connections that are kept open, when they are told to end.
    await asleep(hostd, 'green');
    assert.equal(seen(green).length, sent);
    assert.equal(new Set(seen(green)).size, sent);
  });

  test('a WebSocket wakes its site, and keeps it awake for as long as it is open; a server that binds its path by itself stays awake', {
    skip: needsVirtualenv('servers'),
  }, async t => {
    const place = makePlace(t);
    const uvicorn = `${virtualenv('servers').root}/bin/uvicorn`;
    const serving = async (name: string, on: string, keys = {}) => {
      const command = `${uvicorn} ${on} --ws wsproto --timeout-keep-alive 1 ${name}.asgi:application`;
      const app = await site(place, name, { command, ...keys });
      place.write(`webapps/${name}/${name}/${name}/asgi.py`, asgi);
      return app;
    };
    const live = await serving('live', '--fd 3', { on_demand: true });
    const own = await serving('own', `--uds ${place.dir}/webapps/own/run/gunicorn.sock`);
    const clock = await site(place, 'clock');
    const config = { proxy: { default_site: 'live' } };
    const hostd = await startHostd(place, { apps: [live, own, clock], config });
    const socket = new WebSocket(`ws://127.0.0.1:${hostd.port}/`);
    const echoed = async (text: string) => {
      socket.send(text);
      const [message] = await once(socket, 'message');
      assert.equal((message as MessageEvent).data, text);
    };
    await once(socket, 'open');
    await echoed('awake');
    // Twice as long as it takes to fall asleep.
    for (let round = 1; round <= 2; round += 1) {
      await until(`sleep ${round} of the other site`, () => sleeps(hostd, 'clock') === round);
      assert.equal((await hostd.get(clock.host, `/?${round}`)).text, `${round}`);
    }
    await until('it to be said', () =>
      /own stays awake: a program listens at .* by itself/.test(hostd.output()),
    );
    assert.equal(sleeps(hostd, own.name), 0);
    assert.equal(sleeps(hostd, 'live'), 1, 'on_demand, before anybody came');
    await echoed('still awake');
    socket.close();
    await once(socket, 'close');
    await asleep(hostd, 'live');
    assert.equal((await hostd.get(live.host, '/?5')).text, '5');
  });
});
