// Who is told of trouble, by real programs and a real https endpoint with a certificate authority of its own: what arrives, what is held
// back, what a hang costs, and that a kill -9 of hostd is told once.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { needsRoot, self, testAccounts } from './harness/accounts.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

interface Notice {
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  readonly test?: boolean;
  readonly events: readonly {
    readonly kind: string;
    readonly name: string;
    readonly cause: string;
    readonly recovered: boolean;
  }[];
}

/** A command that keeps each notice in a file of its own, and says who it is. */
async function teller(place: Place) {
  const { a } = await testAccounts();
  const box = place.directory('box');
  chownSync(box, a.uid, a.gid);
  const script = place.write(
    'tell.py',
    `#!/usr/bin/python3
import os, sys, tempfile
if os.path.exists(${JSON.stringify(`${place.dir}/hang`)}):
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(${JSON.stringify(box)} + "/hung", "w").close()
    time.sleep(100000)
data = sys.stdin.buffer.read()
fd, name = tempfile.mkstemp(dir=${JSON.stringify(box)}, prefix=".")
os.write(fd, data)
os.rename(name, ${JSON.stringify(box)} + "/%d" % os.stat(name).st_mtime_ns)
if len(sys.argv) > 1:
    print("no route to", sys.argv[1])
    sys.exit(3)
`,
  );
  chmodSync(script, 0o755);
  const notices = (): Notice[] =>
    readdirSync(box)
      .filter(name => /^\d+$/.test(name))
      .sort()
      .map(name => JSON.parse(readFileSync(`${box}/${name}`, 'utf8')) as Notice);
  return { script, box, notices, account: a };
}

const told = (notices: readonly Notice[]) =>
  notices.flatMap(({ events }) =>
    events.map(({ kind, name, recovered }) => `${name} ${kind}${recovered ? ' recovered' : ''}`),
  );

function authority(place: Place) {
  const keys = place.directory('keys');
  const run = (...args: readonly string[]) =>
    execFileSync('openssl', [...args], { stdio: 'pipe', cwd: keys });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run('req', '-x509', ...curve, '-subj', '/CN=Own CA', '-days', '9', '-keyout', 'ca.key', '-out', 'ca.pem');
  run('req', ...curve, '-subj', '/CN=localhost', '-keyout', 'own.key', '-out', 'own.csr');
  place.write('keys/san', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  run(
    'x509',
    '-req',
    '-in',
    'own.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-days',
    '9',
    '-extfile',
    'san',
    '-out',
    'own.pem',
  );
  return {
    ca: `${keys}/ca.pem`,
    key: readFileSync(`${keys}/own.key`),
    cert: readFileSync(`${keys}/own.pem`),
  };
}

/** An https endpoint that answers with `status`, in turn; null: it does not answer. */
async function endpoint(
  t: TestContext,
  { key, cert }: ReturnType<typeof authority>,
  statuses: (number | null)[],
) {
  const notices: Notice[] = [];
  const paths: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    let body = '';
    request.on('data', chunk => (body += chunk));
    request.on('end', () => {
      paths.push(request.url ?? '');
      const status = statuses.length > 1 ? statuses.shift() : statuses[0];
      if (status == null) return;
      if (status < 300) notices.push(JSON.parse(body) as Notice);
      response.writeHead(status, { connection: 'close' }).end('x'.repeat(100_000));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { notices, paths, port: (server.address() as AddressInfo).port };
}

const failing = { command: '/bin/false', startretries: 0, startsecs: 1, autostart: false };

function start(place: Place, notify: Record<string, string | string[]>, accountName: string): Promise<Hostd> {
  return startHostd(place, {
    config: {
      proxy: { enabled: false },
      notify,
      program: {
        bad: { ...failing, user: accountName },
        worse: { ...failing, user: accountName },
        good: { command: '/bin/sleep 100000', user: accountName },
      },
    },
  });
}

test('a command is told as its user, of trouble that comes together at once; a kill -9 is told by the next hostd, and nothing twice', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { script, box, notices, account } = await teller(place);
  const hostd = await start(place, { command: [script], user: account.name }, self().name);
  assert.match((await hostd.hostctl('notify', '--test')).stdout, /^command: told: exit status 0\n$/);
  const [tried] = notices();
  assert.ok(tried?.test && /a test/.test(tried.subject));
  const [file = ''] = readdirSync(box).filter(name => /^\d+$/.test(name));
  assert.equal(statSync(`${box}/${file}`).uid, account.uid);

  await Promise.all([hostd.hostctl('start', 'bad'), hostd.hostctl('start', 'worse')]);
  await until('both to be told', () => told(notices()).filter(what => /fatal/.test(what)).length === 2, {
    timeout: 30_000,
  });
  assert.ok(told(notices()).includes('bad fatal') && told(notices()).includes('worse fatal'));
  const texts = notices().map(({ text }) => text);
  assert.match(texts.join('\n'), /^bad: FATAL: exited too quickly \(exit status 1\)$/m);
  await until('both to be written down', () => {
    const { troubles } = JSON.parse(readFileSync(`${place.dir}/lib/notify/command.json`, 'utf8'));
    return (troubles as { isTold: boolean }[]).filter(({ isTold }) => isTold).length === 2;
  });
  assert.equal(statSync(`${place.dir}/lib/notify/command.json`).mode & 0o777, 0o600);

  await hostd.kill9();
  const next = await hostd.again();
  await until('the death to be told', () => told(notices()).includes('hostd hostd-died'), {
    timeout: 30_000,
  });
  await next.state('good', 'RUNNING');
  assert.equal(told(notices()).filter(what => what === 'bad fatal').length, 1);

  // In the middle of a notice: it is told by the next one.
  place.write('hang', '');
  await next.hostctl('signal', 'KILL', 'good');
  place.write('etc/apps.d/x.toml', '[program.x]\ncommand = 3\n');
  await next.hostctl('update');
  await until('it to hang', () => existsSync(`${box}/hung`), { timeout: 30_000 });
  await next.kill9();
  execFileSync('rm', [`${place.dir}/hang`]);
  const third = await next.again();
  await until('the problem to be told', () => told(notices()).some(what => /config-problem/.test(what)), {
    timeout: 30_000,
  });
  await until(
    'what hung to be gone',
    () =>
      !/tell\.py/.test(
        execFileSync('ps', ['-eo', 'args'])
          .toString()
          .replaceAll(/.*ps -eo.*/g, '')
          .split('\n')
          .filter(line => line.includes(place.dir))
          .join('\n'),
      ),
  );
  assert.equal(await third.stop(), 0);
});

test('a command that fails or is not there: the test says why, events have it, and hostd stays', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { script, account } = await teller(place);
  const hostd = await start(place, { command: [script, 'ops'], user: account.name }, self().name);
  const failed = await hostd.hostctl('notify', '--test');
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /command: cannot tell: exit status 3: no route to ops/);
  await hostd.hostctl('start', 'bad');
  await until('the failure to be an event', async () =>
    /not told +command: exit status 3/.test((await hostd.hostctl('events', 'hostd')).stdout),
  );
  place.write(
    'etc/hostd.toml',
    readFileSync(hostd.config, 'utf8').replace(/^command = \[.*tell\.py.*$/m, 'command = ["/nowhere/tell"]'),
  );
  await hostd.hostctl('update');
  const missing = await hostd.hostctl('notify', '--test');
  assert.match(missing.stderr, /cannot find command "\/nowhere\/tell"/);
  const without = readFileSync(hostd.config, 'utf8').replace(/^\[notify\][^[]*/m, '');
  place.write('etc/hostd.toml', without);
  await hostd.hostctl('update');
  const none = await hostd.hostctl('notify', '--test');
  assert.equal(none.code, 1);
  assert.match(none.stderr, /neither command nor url/);
});

test('a webhook: posted by a process without rights, believed by its own authority, tried again; its secret is shown nowhere', async t => {
  const place = makePlace(t);
  const files = authority(place);
  const { notices, paths, port } = await endpoint(t, files, [204, 500, 503, 200]);
  const secret = '/services/s3cret?token=t0ken';
  const url = `https://localhost:${port}${secret}`;
  const hostd = await start(place, { url, ca_file: files.ca }, self().name);
  assert.match((await hostd.hostctl('notify', '--test')).stdout, /^url: told: HTTP 204\n$/);
  await hostd.hostctl('start', 'bad');
  await until('it to be told', () => told(notices).includes('bad fatal'), { timeout: 40_000 });
  assert.equal(paths.length, 4, 'one for the test, two that failed, and the last');
  assert.ok(paths.every(path => path === secret));

  // Without its authority nobody is told, and the reason is said.
  place.write('etc/hostd.toml', readFileSync(hostd.config, 'utf8').replace(/^ca_file.*\n/m, ''));
  await hostd.hostctl('update');
  const distrusted = await hostd.hostctl('notify', '--test');
  assert.equal(distrusted.code, 1);
  assert.match(
    distrusted.stderr,
    /url: cannot tell: (UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)/,
  );
  place.write('etc/hostd.toml', readFileSync(hostd.config, 'utf8').replace('https://', 'htps://'));
  const problem = await hostd.hostctl('check');
  assert.match(problem.stdout, /cannot use url/);
  const shown = [
    hostd.output(),
    problem.stdout,
    distrusted.stderr,
    (await hostd.hostctl('events')).stdout,
    execFileSync('ps', ['-eo', 'args']).toString(),
  ];
  for (const text of shown) assert.doesNotMatch(text, /s3cret|t0ken/);
});

test('an endpoint that never answers costs nobody anything', async t => {
  const place = makePlace(t);
  const files = authority(place);
  const { paths, port } = await endpoint(t, files, [null]);
  const hostd = await start(place, { url: `https://localhost:${port}/`, ca_file: files.ca }, self().name);
  await hostd.hostctl('start', 'bad');
  await until('it to be asked', () => paths.length > 0, { timeout: 30_000 });
  const busy = await hostd.hostctl('notify', '--test');
  assert.match(busy.stderr, /url: busy/);
  assert.equal((await hostd.hostctl('restart', 'good')).code, 0);
  const began = performance.now();
  assert.equal(await hostd.stop(), 0);
  assert.ok(performance.now() - began < 20_000);
  await until(
    'the one that posts to have ended',
    () => !/hostd-notify/.test(execFileSync('ps', ['-eo', 'comm']).toString()),
  );
});
