// Apps that are served elsewhere: requests find servers that answer, and an app moves there and back without a lost one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { isRoot, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { type LoadReport, startLoad } from './harness/load.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';
import { writeApp } from './harness/write-app.ts';
import { end, type Server, startFull, startServer } from './upstreams/start.ts';

const host = 'shop.test';

function shop(addresses: readonly string[], more = ''): string {
  return `[app.shop]\nserver_names = ["${host}"]\nupstreams = ${JSON.stringify(addresses)}\n${more}`;
}

function start(place: Place, addresses: readonly string[], more = '', env: Record<string, string> = {}) {
  return startHostd(place, { files: { 'shop.toml': shop(addresses, more) }, env });
}

/** The addresses that `hostctl status` says are left out, with the reason. */
async function leftOut(hostd: Hostd): Promise<readonly (readonly [string, string])[]> {
  const found = (await hostd.status()).find(({ name }) => name === 'shop');
  return (found?.upstreams ?? []).flatMap(({ address, fault }) => (fault === null ? [] : [[address, fault]]));
}

async function names(hostd: Hostd, count: number): Promise<ReadonlySet<string>> {
  const answers = await Promise.all(Array.from({ length: count }, () => hostd.get(host)));
  return new Set(answers.map(({ text }) => text));
}

function assertNoneFailed({ refused, reset, statuses, other }: LoadReport): void {
  assert.deepEqual({ refused, reset, statuses, other }, { refused: 0, reset: 0, statuses: {}, other: {} });
}

test('a server elsewhere is killed under load and comes back: no request fails, and status tells of it', async t => {
  const place = makePlace(t);
  const [one, two] = [await startServer(place, 'one'), await startServer(place, 'two')];
  const hostd = await start(place, [one.address, two.address]);
  assert.deepEqual(await names(hostd, 8), new Set(['one', 'two']));
  const load = startLoad({ to: { port: hostd.port }, host, clients: 6, atMost: 60_000 });
  await until('requests to be served', () => load.report().ok > 100);
  await end(one.child);
  await until('it to be left out', async () => (await leftOut(hostd))[0]?.[0] === one.address);
  const { stdout, code } = await hostd.hostctl('status', 'shop');
  assert.match(
    stdout,
    new RegExp(`^shop +RUNNING +elsewhere: 1 of 2, left out: ${one.address} \\(it .*\\)\\n$`),
  );
  assert.equal(code, 0);
  const again = await startServer(place, 'again', { port: one.port });
  await until('it to be asked again', async () => ((await again.counts())['GET /'] ?? 0) > 10);
  await until('it not to be left out', async () => (await leftOut(hostd)).length === 0);
  await until('that to be told', async () =>
    (await hostd.hostctl('events', 'shop')).stdout.includes('all 2 get requests again'),
  );
  assertNoneFailed(await load.stop());
  await Promise.all([end(again.child), end(two.child)]);
  assert.equal((await hostd.get(host)).status, 502);
  await until(
    'status to say that nobody is left',
    async () => (await hostd.hostctl('status', 'shop')).code === 3,
  );
  for (const words of [
    ['restart', 'shop'],
    ['logs', 'shop'],
    ['exec', 'shop', '--', 'id'],
  ]) {
    const refused = await hostd.hostctl(...words);
    assert.notEqual(refused.code, 0);
    assert.match(
      refused.stderr,
      /shop: nothing of it runs here: it has upstreams\n {2}try: hostctl status shop/,
    );
  }
  const { stdout: told } = await hostd.hostctl('events', 'shop', '--json');
  const events = told
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { kind: string; cause: string });
  const back = events.findIndex(({ kind }) => kind === 'upstream-back');
  assert.match(events[0]?.cause ?? '', new RegExp(`^${one.address} \\(it .*\\); 1 of 2 get requests$`));
  assert.equal(events[back]?.cause, 'all 2 get requests again');
  await until('the event of the last', async () =>
    (await hostd.hostctl('events', 'shop')).stdout.includes('; 0 of 2 get requests'),
  );
  const { stdout: errors } = await hostd.hostctl('logs', 'shop', '--errors');
  assert.match(errors, new RegExp(`"upstream":"${one.address}"`));
  const doctor = await hostd.hostctl('doctor', 'shop');
  assert.equal(doctor.code, 1);
  for (const { address } of [one, two])
    assert.match(
      doctor.stdout,
      new RegExp(`error: program: its upstream ${address} gives no answer: ECONNREFUSED`),
    );
  assert.match(doctor.stdout, /error: request: a request for "shop.test" is answered with 502/);
});

test('the next hostd hears of upstreams from the workers that it has taken over, and tells nothing twice', async t => {
  const place = makePlace(t);
  const [one, two] = [await startServer(place, 'one'), await startServer(place, 'two')];
  let hostd = await start(place, [one.address, two.address]);
  const { pid: worker } = await hostd.state('hostd-proxy', 'RUNNING');
  const told = async () => {
    const { stdout } = await hostd.hostctl('events', 'shop', '--json');
    return stdout.split('\n').flatMap(line => {
      const { kind, cause } = JSON.parse(line || '{}') as { kind?: string; cause?: string };
      return kind?.startsWith('upstream-') ? [`${kind}: ${cause?.replace(/ \(it .*\)/, '')}`] : [];
    });
  };
  const out = `upstream-out: ${one.address}; 1 of 2 get requests`;
  const back = 'upstream-back: all 2 get requests again';
  // Told by the one hostd: known to the next.
  await end(one.child);
  await until('it to be told', async () => {
    await hostd.get(host);
    return (await told()).length > 0;
  });
  await hostd.kill9();
  hostd = await hostd.again();
  assert.equal((await leftOut(hostd))[0]?.[0], one.address);
  // What happens under the next, and while there is none.
  const again = await startServer(place, 'again', { port: one.port });
  await until('it not to be left out', async () => {
    await hostd.get(host);
    return (await told()).includes(back);
  });
  await hostd.kill9();
  await end(again.child);
  for (let count = 0; count < 8; count++) assert.equal((await hostd.get(host)).text, 'two');
  hostd = await hostd.again();
  assert.equal((await leftOut(hostd))[0]?.[0], one.address);
  await until('that to be told', async () => (await told()).length > 2);
  assert.deepEqual(await told(), [out, back, out]);
  assert.equal((await hostd.state('hostd-proxy', 'RUNNING')).pid, worker, 'the worker is the same');
});

test('a server that accepts nobody costs nobody an answer, and a slow one gets fewer requests', async t => {
  const place = makePlace(t);
  const full = await startFull(place);
  const [quick, slow] = [await startServer(place, 'quick'), await startServer(place, 'slow')];
  const hostd = await start(place, [full.address, quick.address, slow.address]);
  const load = startLoad({ to: { port: hostd.port }, host, clients: 6, atMost: 60_000 });
  await until('it to be left out', async () =>
    (await leftOut(hostd)).some(([, fault]) => fault === 'timeout'),
  );
  assertNoneFailed(await load.stop());
  // While the slow one has a request that it never answers, the other gets all that come one by one.
  const held = hostd.get(host, '/only?by=quick', { timeout: 120_000 }).then(({ text }) => text);
  const isHeld = await Promise.race([
    held.then(() => false),
    until('the slow one to have it', async () => (await slow.counts())['GET /only'] === 1),
  ]);
  if (isHeld) for (let count = 0; count < 4; count++) assert.equal((await hostd.get(host)).text, 'quick');
  await end(slow.child);
  assert.equal(await held, 'quick');
});

test('what a server has cut off is asked of another, but a POST is sent once', async t => {
  const place = makePlace(t);
  const [one, two] = [await startServer(place, 'one'), await startServer(place, 'two')];
  const hostd = await start(place, [one.address, two.address]);
  const sum = async (key: string) => {
    const counts = await Promise.all([one, two].map(server => server.counts()));
    return counts.reduce((all, count) => all + (count[key] ?? 0), 0);
  };
  assert.equal((await hostd.get(host, '/reset')).status, 502);
  assert.equal(await sum('GET /reset'), 2);
  assert.equal((await hostd.get(host, '/reset', { method: 'POST', body: 'x' })).status, 502);
  assert.equal(await sum('POST /reset'), 1);

  const half = async () => (await hostd.get(host, '/half?by=two')).text.trim();
  assert.deepEqual([await half(), await half(), await half()], ['two', 'two', 'two']);
  assert.ok((await sum('GET /half')) > 3);
});

test('an unhealthy server is left out until it is well', async t => {
  const place = makePlace(t);
  const [one, two] = [await startServer(place, 'one'), await startServer(place, 'two')];
  const keys = 'health = "/healthz"\nhealth_interval = "1s"\nhealth_failures = 1\n';
  const hostd = await start(place, [one.address, two.address], keys);
  const say = (server: Server, what: string) => fetch(`http://${server.address}/ill?${what}`);
  await say(one, 'yes');
  await until('it to be left out', async () => (await leftOut(hostd))[0]?.[1] === 'health');
  assert.deepEqual(await names(hostd, 8), new Set(['two']));
  await say(one, 'no');
  await until('it to be back', async () => (await leftOut(hostd)).length === 0);
  assert.deepEqual(await names(hostd, 8), new Set(['one', 'two']));
});

test('headers, WebSockets, files of this machine and maintenance are as for an app that runs here', async t => {
  const place = makePlace(t);
  const one = await startServer(place, 'one');
  place.write('static/site.css', 'body {}');
  const hostd = await start(place, [one.address], `static = "${place.dir}/static"\n`);
  const headers = { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https' };
  const seen = JSON.parse((await hostd.get(host, '/headers', { headers })).text) as Record<string, string>;
  assert.deepEqual(
    [seen['host'], seen['x-forwarded-for'], seen['x-forwarded-proto'], seen['x-real-ip']],
    [host, '6.6.6.6, 127.0.0.1', 'http', '127.0.0.1'],
  );
  assert.equal((await hostd.get(host, '/static/site.css')).text, 'body {}');
  assert.equal(await echo(hostd.port, 'hello'), 'hello');
  // It could be a load balancer's address, so what may be repeated is. The first request ends the connection that was kept.
  const resets = async (method: string) => {
    const before = (await one.counts())[`${method} /reset`] ?? 0;
    assert.equal((await hostd.get(host, '/reset', { method })).status, 502);
    return ((await one.counts())[`${method} /reset`] ?? 0) - before;
  };
  await resets('GET');
  assert.deepEqual([await resets('GET'), await resets('POST')], [2, 1]);
  assert.equal((await hostd.hostctl('maintenance', 'shop', 'on')).code, 0);
  assert.equal((await hostd.get(host)).status, 503);
  assert.equal((await hostd.get(host, '/static/site.css')).status, 200);
  assert.equal((await hostd.hostctl('maintenance', 'shop', 'off')).code, 0);
  assert.equal((await hostd.get(host)).text, 'one');
  const log = `${place.dir}/log/shop/nginx-access.log`;
  await until('the access log', () => existsSync(log));
});

/** What comes back of a text that is sent after a WebSocket's handshake. */
function echo(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let all = '';
    socket.on('error', reject);
    socket.on('data', bytes => {
      all += bytes;
      const [head, ...rest] = all.split('\r\n\r\n');
      if (head === undefined || rest.length === 0) return;
      if (!head.startsWith('HTTP/1.1 101 ')) reject(new Error(head));
      else if (rest.join('') === '') socket.write(text);
      else {
        socket.destroy();
        resolve(rest.join(''));
      }
    });
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGVsbG8gaGVsbG8gaGVsbA==\r\n\r\n`,
    );
  });
}

test('an app moves away, to other addresses and back under load, and no request fails', async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const app = await tinyApp(place, { name: 'shop', account: a });
  const [one, two] = [await startServer(place, 'one'), await startServer(place, 'two')];
  const hostd = await startHostd(place, { apps: [app] });
  const load = startLoad({ to: { port: hostd.port }, host, clients: 4, path: '/?ms=5', atMost: 60_000 });
  const moveTo = async (addresses: readonly string[]) => {
    const before = load.report().ok;
    await until('requests to be served', () => load.report().ok > before + 50);
    writeApp(place, {
      ...app,
      table: { ...app.table, ...(addresses.length === 0 ? {} : { upstreams: addresses }) },
    });
    // Two operators at once: the second finds the new configuration in force, and the move under way.
    const updates = await Promise.all([hostd.hostctl('update'), hostd.hostctl('update')]);
    for (const { code, stdout, stderr } of updates) assert.equal(code, 0, stdout + stderr);
    return (await hostd.get(host)).text;
  };
  assert.equal(await moveTo([one.address]), 'one');
  assert.deepEqual(
    (await hostd.status()).map(({ name, pid }) => [name, pid !== null]),
    [
      ['hostd-proxy', true],
      ['shop', false],
    ],
  );
  assert.equal(await moveTo([two.address]), 'two');
  assert.match(await moveTo([]), /^shop\.wsgi /);
  const before = load.report().ok;
  await until('requests to be served', () => load.report().ok > before + 50);
  assertNoneFailed(await load.stop());
});

test('a request is asked elsewhere when its server is gone without a word', {
  skip: !isRoot && 'needs root',
}, async t => {
  const place = makePlace(t);
  const id = String(process.pid % 1_000_000);
  const [space, outside, inside] = [`hostd-${id}`, `hoo${id}`, `hoi${id}`];
  const net = `198.18.${process.pid % 250}`;
  const ip = (...args: string[]) => spawnSync('ip', args, { encoding: 'utf8' });
  place.after(() => void ip('netns', 'del', space));
  place.after(() => void ip('link', 'del', outside));
  for (const words of [
    `netns add ${space}`,
    `link add ${outside} type veth peer name ${inside} netns ${space}`,
    `addr add ${net}.1/30 dev ${outside}`,
    `link set ${outside} up`,
    `-n ${space} addr add ${net}.2/30 dev ${inside}`,
    `-n ${space} link set ${inside} up`,
  ]) {
    const { status, stderr } = ip(...words.split(' '));
    if (status !== 0) return t.skip(`no network namespaces here: ${stderr}`);
  }
  const far = await startServer(place, 'far', { host: `${net}.2`, under: ['ip', 'netns', 'exec', space] });
  const near = await startServer(place, 'near');
  const hostd = await start(place, [far.address, near.address]);
  const asked = async () => {
    const counts = (await (await fetch(`http://${far.address}/counts`)).json()) as Record<string, number>;
    return counts['GET /only'] === 1;
  };
  let waits = hostd.get(host, '/only?by=near', { timeout: 120_000 });
  while (!(await Promise.race([waits.then(() => false), until('the far one to be asked', asked)])))
    waits = hostd.get(host, '/only?by=near', { timeout: 120_000 });
  // Its answers, and the acknowledgements of its kernel, go nowhere from now on.
  assert.equal(ip('-n', space, 'route', 'add', 'blackhole', `${net}.1/32`).status, 0);
  const since = performance.now();
  assert.equal((await waits).text, 'near');
  assert.ok(performance.now() - since < 50_000, 'long before proxy_read_timeout');
  assert.deepEqual(await names(hostd, 4), new Set(['near']));
});
