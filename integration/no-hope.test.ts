// A visitor never hangs: a site that crashes at every start, or waits for its database, is answered 503 with Retry-After within a
// few seconds, and is back as soon as it can be.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

async function oneSite(t: TestContext, keys = {}) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { name: 'one', account, keys });
  return { place, app, hostd: await startHostd(place, { apps: [app] }) };
}

const unavailable = (hostd: Hostd, host: string) =>
  until('the site to say that it is down', async () => {
    const { status, headers } = await hostd.get(host);
    return status === 503 && headers['retry-after'] !== undefined;
  });

test('a site that crashes at every start is answered 503, and serves as soon as it is mended', async t => {
  const { place, app, hostd } = await oneSite(t);
  const wsgi = 'webapps/one/one/one/wsgi.py';
  place.write(wsgi, 'raise RuntimeError("no such luck")\n');
  const restart = hostd.hostctl('restart', 'one');
  await unavailable(hostd, app.host);
  assert.equal((await hostd.status()).find(({ name }) => name === 'one')?.state, 'BACKOFF');
  await restart;
  place.write(wsgi, 'def application(environ, start):\n    start("200 OK", [])\n    return [b"back"]\n');
  await hostd.hostctl('restart', 'one');
  assert.equal((await hostd.get(app.host)).text, 'back');
});

test('a site that waits for its database is answered 503, and serves when it is there', async t => {
  const port = await freePort();
  const database = createServer(socket => socket.destroy());
  const listen = () => new Promise<void>(resolve => database.listen(port, '127.0.0.1', resolve));
  await listen();
  const { app, hostd, place } = await oneSite(t, { requires: [`127.0.0.1:${port}`] });
  place.after(() => void database.close());
  assert.equal((await hostd.get(app.host)).status, 200);
  await new Promise(resolve => database.close(resolve));
  const restart = hostd.hostctl('restart', 'one');
  await unavailable(hostd, app.host);
  await listen();
  await until('the site to serve again', async () => (await hostd.get(app.host)).status === 200);
  assert.equal((await restart).code, 0);
});
