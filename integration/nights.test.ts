// Three o'clock in the morning: what breaks, what a visitor of the broken site and of another one sees, what one command tells the
// operator, and that the way out which it names works. Two sites under one hostd for each kind of night.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { run } from '../scripts/run.ts';
import { needsPostgresql, startCluster } from './create/cluster.ts';
import { isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { testInOwnMounts } from './harness/own-mounts.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { makePemBetween } from './proxy/pem.ts';

const tiny = readFileSync(new URL('harness/tiny_wsgi.py', import.meta.url), 'utf8');

async function night(
  t: TestContext,
  options: Parameters<typeof tinyApp>[1] = {},
  config: Parameters<typeof startHostd>[1] = {},
) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const one = await tinyApp(place, { name: 'one', account, ...options });
  const two = await tinyApp(place, { name: 'two', account });
  const hostd = await startHostd(place, { ...config, apps: [one, two] });
  const wsgi = `${one.root}/one/one/wsgi.py`;
  const description = async () =>
    (await hostd.status()).find(({ name }) => name === 'one')?.description ?? '';
  const check = async (...options: string[]) => (await hostd.hostctl('check', ...options)).stdout;
  const errors = async () => (await hostd.hostctl('logs', 'one', '--errors')).stdout;
  const own = async () => (await hostd.hostctl('logs', 'one')).stdout;
  return { place, one, two, hostd, wsgi, description, check, errors, own };
}

/** The other site's visitors notice nothing. */
async function othersAreServed(hostd: Hostd, host: string): Promise<void> {
  const began = performance.now();
  assert.equal((await hostd.get(host)).status, 200);
  assert.ok(performance.now() - began < 7000);
}

/** The way out, as it is printed behind "try: ", typed by a shell. */
async function type(hostd: Hostd, command: string): Promise<void> {
  const env = {
    PATH: `${join(import.meta.dirname, '../bin')}:${process.env['PATH']}`,
    HOSTD_SOCKET: hostd.socket,
    HOSTD_CONFIG: hostd.config,
  };
  const { code, stderr } = await run(['sh', '-c', command], { env });
  assert.equal(code, 0, `${command}: ${stderr}`);
}

test('the database is down: 500 at once and its own words in the log; a restart waits, says for what, and goes on by itself', {
  skip: needsPostgresql || needsRoot,
}, async t => {
  const place = makePlace(t);
  const cluster = await startCluster(place);
  const socket = `${cluster.env['PGHOST']}/.s.PGSQL.5432`;
  chmodSync(`${place.dir}/pg`, 0o755);
  // A query by hand: an SSLRequest, which PostgreSQL answers with one byte.
  const source = `import socket
def application(environ, start_response):
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(${JSON.stringify(socket)})
    except OSError as error:
        # As Django's OperationalError is none.
        raise RuntimeError("cannot connect to the database") from error
    s.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
    body = s.recv(1)
    start_response("200 OK", [])
    return [b"database says " + body]
`;
  const { a: account } = await testAccounts();
  const one = await tinyApp(place, { name: 'one', account, source, keys: { requires: [`unix:${socket}`] } });
  const two = await tinyApp(place, { name: 'two', account });
  const hostd = await startHostd(place, { apps: [one, two] });
  assert.match((await hostd.get(one.host)).text, /^database says [NS]$/);
  await cluster.stop();
  const began = performance.now();
  assert.equal((await hostd.get(one.host)).status, 500);
  assert.ok(performance.now() - began < 7000);
  await othersAreServed(hostd, two.host);
  await until('the log to have the cause', async () =>
    /cannot connect to the database/.test((await hostd.hostctl('logs', 'one')).stdout),
  );
  const restarting = hostd.hostctl('restart', 'one');
  const waits = await until('status to say what is waited for', async () =>
    (await hostd.status()).find(
      ({ name, state, description }) =>
        name === 'one' && state === 'STARTING' && description.includes('waits for'),
    ),
  );
  assert.match(waits.description, /waits for unix:.*\.s\.PGSQL\.5432/);
  const down = await until('visitors to be told', async () => {
    const answer = await hostd.get(one.host);
    return answer.status === 503 && answer;
  });
  assert.ok(down.headers['retry-after']);
  await othersAreServed(hostd, two.host);
  await cluster.start();
  assert.equal((await restarting).code, 0);
  assert.match((await hostd.get(one.host)).text, /^database says/);
});

test('all workers hang: status counts who waits and says that all are busy, others are served', async t => {
  const { one, two, hostd, description } = await night(t, { keys: { workers: 2 } });
  const hanging = Array.from({ length: 4 }, () => hostd.get(one.host, '/slow?s=8', { timeout: 120_000 }));
  await until('status to say it', async () =>
    /; all its workers are busy \(2\): 4 requests wait for its answer, the oldest for \d+ s$/.test(
      await description(),
    ),
  );
  await othersAreServed(hostd, two.host);
  const [status] = JSON.parse((await hostd.hostctl('status', 'one', '--json')).stdout);
  assert.equal(status.site.waiting_requests, 4);
  assert.ok(status.site.oldest_request_seconds >= 3);
  // A restart is the way out: those who wait are answered by the new workers, or told that their request was lost.
  await type(hostd, 'hostctl restart one');
  assert.equal((await hostd.get(one.host)).status, 200);
  for (const answer of await Promise.all(hanging))
    assert.ok([200, 502].includes(answer.status), `${answer.status}`);
  await until('nobody to wait', async () => !/wait/.test(await description()));
});

test('a syntax error: a reload keeps the old code, a restart names the line, and the mended code serves', async t => {
  const { one, two, hostd, wsgi, description, check, own } = await night(t);
  writeFileSync(wsgi, `${tiny}\nX = (\n`);
  const reload = await hostd.hostctl('reload', 'one');
  assert.equal(reload.code, 1);
  assert.match(reload.stderr, /SyntaxError/);
  assert.equal((await hostd.get(one.host)).status, 200, 'the old code serves');
  const restart = await hostd.hostctl('restart', 'one');
  assert.equal(restart.code, 1);
  assert.match(restart.stderr, /wsgi\.py[\s\S]*SyntaxError/);
  const down = await until('visitors to be told', async () => {
    const answer = await hostd.get(one.host);
    return answer.status === 503 && answer;
  });
  assert.ok(down.headers['retry-after']);
  await othersAreServed(hostd, two.host);
  assert.match(await description(), /exited|exit status/);
  assert.match(await own(), /SyntaxError/);
  const deep = await check('--deep');
  assert.match(
    deep,
    /one\.toml:\d+:\d+: app "one": cannot import wsgi "one\.wsgi": SyntaxError: .* \(.*wsgi\.py:\d+\)/,
  );
  assert.match(deep, /try: hostctl exec one -- python -c "import one\.wsgi"/);
  writeFileSync(wsgi, tiny);
  await type(hostd, 'hostctl restart one');
  assert.equal((await hostd.get(one.host)).status, 200);
});

test('a worker that is killed for memory: 502 for its request, the log names it, and the next one is served', async t => {
  const { one, two, hostd, wsgi, errors, own } = await night(t);
  writeFileSync(
    wsgi,
    `${tiny}
_answer = answer
def answer(environ, query):
    if environ["PATH_INFO"] == "/killed":
        # As the kernel does when memory runs out.
        os.kill(os.getpid(), 9)
    if environ["PATH_INFO"] == "/memory":
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
        return "200 OK", "text/plain", b"x" * (1 << 30)
    return _answer(environ, query)
`,
  );
  await type(hostd, 'hostctl reload one');
  assert.equal((await hostd.get(one.host, '/memory', {})).status, 500);
  await until('its own words', async () => /MemoryError/.test(await own()));
  const killed = await hostd.get(one.host, '/killed?x=1', { headers: { 'X-Request-Id': 'night-of-memory' } });
  assert.equal(killed.status, 502);
  const line = (await errors()).split('\n').find(text => text.includes('night-of-memory')) ?? '';
  assert.match(line, /"cause":"bad answer.*"method":"GET","uri":"\/killed\?x=1"/);
  assert.equal((await hostd.get(one.host)).status, 200);
  await othersAreServed(hostd, two.host);
  await until('gunicorn to say it', async () => /signal 9|SIGKILL/i.test(await own()));
});

test('static files that the proxy may not read: 403, its cause in the error log, check has the chmod', {
  skip: needsRoot,
}, async t => {
  const { place, one, two, hostd, check, errors } = await night(t);
  place.write('webapps/one/static/a.css', 'a {}');
  assert.equal((await hostd.get(one.host, '/static/a.css')).status, 200);
  chmodSync(`${one.root}/static`, 0o700);
  chownSync(`${one.root}/static`, one.account.uid, one.account.gid);
  // Small files are believed for a moment.
  await until('the refusal', async () => (await hostd.get(one.host, '/static/a.css')).status === 403);
  await othersAreServed(hostd, two.host);
  assert.match(await errors(), /static.*(EACCES|ermission|may not)/);
  const said = await check();
  assert.match(said, /one\.toml:\d+:\d+: app "one": static ".*": "www-data" may not read /);
  await type(hostd, /static .*\n {2}try: (chmod .*)/.exec(said)?.[1] ?? 'false');
  assert.equal((await hostd.get(one.host, '/static/a.css')).status, 200);
});

test('an expired certificate: without a better one it is served, and status, check and hostd’s log say so; a renewal ends it', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const keys = place.directory('keys');
  const day = 86_400_000;
  const make = (name: string, from: number, until: number) =>
    makePemBetween(keys, name, [Date.now() + from * day, Date.now() + until * day], 'one.test');
  const old = make('old', -9, -1);
  const live = { certificate: `${keys}/live.pem`, certificate_key: `${keys}/live.key` };
  const use = (files: typeof old) => {
    copyFileSync(files.certificate, live.certificate);
    copyFileSync(files.key, live.certificate_key);
  };
  use(old);
  const one = await tinyApp(place, { name: 'one', account, keys: live });
  const two = await tinyApp(place, { name: 'two', account });
  const port = await freePort();
  const hostd = await startHostd(place, {
    apps: [one, two],
    config: { proxy: { tls_listen: [`127.0.0.1:${port}`] } },
  });
  await othersAreServed(hostd, two.host);
  const fault = /its certificate is valid no more since \d{4}-\d\d-\d\d/;
  assert.match((await hostd.hostctl('status', 'one')).stdout, fault);
  assert.match(hostd.output(), fault);
  const check = await hostd.hostctl('check');
  assert.equal(check.code, 1);
  assert.match(
    check.stdout,
    /one\.toml:\d+:\d+: app "one": its certificate is valid no more since .*\n {2}try: certbot /,
  );
  use(make('new', -1, 80));
  await until(
    'the renewal to be noticed',
    async () => /; certificate until \d{4}-/.test((await hostd.hostctl('status', 'one')).stdout),
    { every: 300 },
  );
  assert.equal((await hostd.hostctl('check')).code, 0);
});

testInOwnMounts(
  import.meta.url,
  'a full disk: both sites are served, hostd says it once, check says which, and room ends it',
  async t => {
    const place = makePlace(t);
    const account = (await testAccounts()).a;
    const one = await tinyApp(place, { name: 'one', account });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=755', 'none', `${one.root}/logs`]);
    place.after(() => void execFileSync('umount', ['-l', `${one.root}/logs`]));
    chownSync(`${one.root}/logs`, account.uid, account.gid);
    const two = await tinyApp(place, { name: 'two', account });
    const hostd = await startHostd(place, { apps: [one, two] });
    const fill = `${one.root}/logs/fill`;
    try {
      writeFileSync(fill, Buffer.alloc(1 << 20));
    } catch {
      assert.ok(statSync(fill).size > 0);
    }
    for (let n = 0; n < 3; n++) assert.equal((await hostd.get(one.host, '/stderr?t=hello')).status, 200);
    await othersAreServed(hostd, two.host);
    assert.match(
      (await hostd.hostctl('status', 'one')).stdout,
      /; no space left for ".*": what is written to it is lost/,
    );
    await until('hostd to have said it', () =>
      /no space left for .*one.*: what is written/.test(hostd.output()),
    );
    const check = await hostd.hostctl('check');
    assert.equal(check.code, 1);
    assert.match(
      check.stdout,
      /one\.toml:\d+:\d+: app "one": logs ".*": its file system is full\n {2}try: df -h /,
    );
    execFileSync('rm', [fill]);
    assert.ok(!existsSync(fill));
    await until(
      'hostd to see the room',
      async () => {
        await hostd.get(one.host, '/stderr?t=again');
        return /there is space for/.test(hostd.output());
      },
      { every: 300 },
    );
    assert.equal((await hostd.hostctl('check')).code, 0);
  },
);
