// The page in the browser, spoken to as browsers, other sites' pages, other users and clients on the network would.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { ask } from '../scripts/http.ts';
import { run } from '../scripts/run.ts';
import { groupOf, isRoot, needsRoot, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { testInOwnMounts } from './harness/own-mounts.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { makePemBetween } from './proxy/pem.ts';
import { digest, hiddenFields, noticeOf, password, user, visitor } from './web/visitor.ts';

/** The hostd-web of a hostd; one that has ended is none, also where nobody has asked for its end yet. */
function webOf(hostd: number): number | undefined {
  const { stdout: children } = spawnSync('ps', ['-o', 'pid=,stat=,comm=', '--ppid', String(hostd)], {
    encoding: 'utf8',
  });
  const pid = /^ *(\d+) +[^Z ]\S* +hostd-web$/m.exec(children)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

const evil = `<script>alert('x')</script>`;

test('everything is seen and done, nothing by strangers, and hostd-web and hostd may die', {
  skip: needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const port = await freePort();
  const tls = await freePort();
  const pem = makePemBetween(
    place.directory('keys'),
    'ops',
    [Date.now() - 86_400_000, Date.now() + 60 * 86_400_000],
    'ops.test',
  );
  const app = await tinyApp(place, { name: 'hello', account: a });
  const talk = place.write(
    'talk',
    `#!/bin/sh\necho "${evil}"\nprintf '\\033[2J'\nexec sleep 100000\n`,
    0o755,
  );
  const hostd = await startHostd(place, {
    apps: [app],
    files: {
      'ops.toml': `[app.ops]\nserver_names = ["ops.test"]\nupstreams = ["127.0.0.1:${port}"]\ncertificate = "${pem.certificate}"\ncertificate_key = "${pem.key}"\n`,
    },
    config: {
      proxy: { tls_listen: [`127.0.0.1:${tls}`] },
      web: {
        listen: `127.0.0.1:${port}`,
        user,
        password: digest,
        server_names: ['ops.test'],
        trusted_proxies: ['127.0.0.1'],
      },
      program: {
        talk: { command: talk, user: a.name, startsecs: 0 },
        down: { command: '/bin/false', user: a.name, autorestart: false, startretries: 0 },
      },
    },
  });
  for (const name of ['hello', 'talk']) await hostd.state(name, 'RUNNING');
  const to = { port };
  const admin = visitor(to);
  await until('the page', async () => (await admin.get('/login').catch(() => null))?.status === 200);

  await t.test('it has no rights, and its memory is closed', () => {
    const pid = webOf(hostd.pid) ?? assert.fail('there is no hostd-web');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.match(status, /^NoNewPrivs:\t1$/m);
    if (!isRoot) return;
    assert.match(status, /^Uid:\t(?!0\t)/m);
    assert.match(status, /^CapEff:\t0+$/m);
    assert.equal(statSync(`/proc/${pid}/environ`).uid, 0);
  });

  await t.test('without a login there is the login, and nothing else', async () => {
    for (const path of [
      '/',
      '/events',
      '/programs/hello',
      '/programs/hello/log/follow',
      '/programs/hello/stop',
    ])
      assert.match(String((await admin.get(path)).headers.location), /^\/login/, path);
    assert.equal((await admin.post('/programs/hello/stop', {})).status, 403);
    assert.equal((await admin.get('/login?next=//evil.test')).text.includes('evil'), false);
    for (const [name, secret] of [
      [user, 'wrong'],
      ['wrong', password],
      [user, ''],
    ] as const)
      assert.equal((await admin.logIn(name, secret)).status, 403);
    const answer = await admin.logIn();
    assert.equal(answer.status, 303);
    assert.match(String(answer.headers['set-cookie']), /; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  await t.test(
    'all apps, an app, its events and its log are shown, and what they wrote is text',
    async () => {
      const all = await admin.get('/');
      assert.match(all.text, /<a href="\/programs\/hello">hello<\/a>/);
      assert.match(all.text, /RUNNING.*pid \d+, uptime/s);
      assert.match(
        String(all.headers['content-security-policy']),
        /^default-src 'none'; .*frame-ancestors 'none'/,
      );
      assert.equal(all.headers['cache-control'], 'no-store');
      await hostd.get(app.host);
      const one = (await admin.get('/programs/hello')).text;
      assert.match(one, /hello\.test/);
      assert.match(one, /gunicorn/);
      assert.match(one, /STARTING/, 'an event');
      for (const path of ['/programs/talk', '/programs/talk/log'])
        assert.ok(
          await until(`the line on ${path}`, async () => {
            const { text } = await admin.get(path);
            assert.ok(!text.includes('<script>alert') && !text.includes('\u001b'));
            return text.includes('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;');
          }),
        );
      assert.match((await admin.get('/events')).text, /<h1>Events<\/h1>/);
      assert.equal(
        (
          await ask({
            to,
            host: `127.0.0.1:${port}`,
            path: '/programs/talk/log/follow',
            method: 'HEAD',
            headers: { cookie: admin.cookie },
          })
        ).status,
        404,
      );
      for (const [old, now] of [
        ['/index.html', '/'],
        ['/tail.html?processname=hello', '/programs/hello/log'],
        ['/logtail/hello/stderr', '/programs/hello/log/follow?channel=stderr'],
      ] as const)
        assert.equal((await admin.get(old)).headers.location, now);
      for (const path of [
        '/programs/nobody',
        '/programs/all',
        '/programs/%zz',
        '/programs/..%2f..',
        '/nothing',
      ])
        assert.equal((await admin.get(path)).status, 404, path);
    },
  );

  await t.test('a log is followed until the session ends', async () => {
    const other = visitor(to);
    await other.logIn();
    let heard = '';
    const log = connect(port, '127.0.0.1');
    log.on('data', data => (heard += data.toString('latin1')));
    const closed = new Promise(resolve => log.once('close', resolve));
    const head = `GET /programs/talk/log/follow HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${other.cookie}\r\nConnection: close\r\n\r\n`;
    log.write(head);
    await until('the log', () => heard.includes(evil));
    assert.match(heard, /Content-Type: text\/plain.*nosniff|nosniff.*Content-Type: text\/plain/s);
    const { text } = await other.get('/');
    assert.equal((await other.post('/logout', hiddenFields(text, '/logout'))).status, 303);
    await closed;
    assert.match(String((await other.get('/')).headers.location), /^\/login/);
  });

  await t.test('each switch asks first, does it once, and says what was done and by whom', async () => {
    assert.match((await admin.get('/programs/talk/stop')).text, /<h1>Stop talk\?<\/h1>/);
    assert.equal((await hostd.status()).find(({ name }) => name === 'talk')?.state, 'RUNNING');
    assert.match(noticeOf(await admin.confirm('/programs/talk/stop')), /talk: stopped/);
    await hostd.state('talk', 'STOPPED');
    assert.match(noticeOf(await admin.confirm('/programs/talk/start')), /talk: started/);
    assert.match(noticeOf(await admin.confirm('/programs/talk/restart')), /talk: restarted/);
    assert.match(noticeOf(await admin.confirm('/programs/hello/reload')), /hello: reloaded/);
    assert.match(noticeOf(await admin.confirm('/programs/hello/scale', { workers: '2' })), /hello: .*2/);
    assert.match(
      noticeOf(await admin.confirm('/programs/hello/scale', { workers: '0' })),
      /Nothing was done/,
    );
    assert.match(
      noticeOf(await admin.confirm('/programs/hello/maintenance', { retry: '60' })),
      /maintenance on/,
    );
    assert.equal((await hostd.get(app.host)).status, 503);
    assert.match(noticeOf(await admin.confirm('/programs/hello/maintenance')), /maintenance off/);
    assert.match(noticeOf(await admin.confirm('/programs/talk/rotate')), /talk: put aside/);
    const { stdout } = await hostd.hostctl('events', 'talk', '--json');
    assert.match(stdout, /"by":"admin \(web\)"/);
    assert.match(noticeOf(await admin.confirm('/programs/down/start')), /down: /);
  });

  await t.test(
    'the doctor says what is wrong, once for all who ask, and what an app makes it say is text',
    async () => {
      const path = '/programs/hello/doctor';
      const fields = hiddenFields((await admin.get('/programs/hello')).text, path);
      assert.equal((await admin.post(path, { token: 'x' })).status, 403);
      assert.equal((await admin.post(path, fields, { origin: 'http://evil.test' })).status, 403);
      const module = `${app.root}/hello/hello/wsgi.py`;
      const kept = readFileSync(module, 'utf8');
      writeFileSync(module, `raise RuntimeError(${JSON.stringify(evil)})\n`);
      const answers = await Promise.all([1, 2, 3].map(() => admin.post(path, fields)));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [303]);
      const said = await until('what it says', async () => {
        const { text } = await admin.get(path);
        return text.includes('RuntimeError') && text;
      });
      writeFileSync(module, kept);
      assert.ok(!said.includes('<script>alert'));
      assert.match(said, /&lt;script&gt;alert/);
      assert.match(said, /<b>code<\/b>: .*<code>/s);
      assert.match((await admin.get('/programs/hello')).text, /The doctor: .*ago\./);
      assert.equal(hostd.output().split('asks for doctor').length - 1, 1);
      assert.equal((await admin.get('/programs/nobody/doctor')).status, 404);
    },
  );

  await t.test('a form is sent once, by its own session, from its own page', async () => {
    const page = (await admin.get('/programs/talk/stop')).text;
    const fields = hiddenFields(page, '/programs/talk/stop');
    const stranger = visitor(to);
    await stranger.logIn();
    await stranger.post('/programs/talk/stop', fields);
    for (const headers of [
      { origin: 'http://evil.test' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${port + 1}` },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ])
      assert.equal((await admin.post('/programs/talk/stop', fields, headers)).status, 403);
    assert.equal(
      (await admin.get('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' })).status,
      403,
    );
    for (const form of ['', 'x', `${fields['form']}x`])
      assert.equal((await admin.post('/programs/talk/stop', { form })).status, 303);
    assert.equal((await admin.post('/logout', { token: 'x' })).status, 403);
    assert.equal((await hostd.status()).find(({ name }) => name === 'talk')?.state, 'RUNNING');
    await admin.post('/programs/talk/stop', fields);
    await hostd.state('talk', 'STOPPED');
    await hostd.hostctl('start', 'talk');
    await admin.post('/programs/talk/stop', fields);
    assert.match(
      noticeOf((await admin.get('/programs/talk')).text),
      /Nothing was done: this form was sent before/,
    );
    assert.equal((await hostd.status()).find(({ name }) => name === 'talk')?.state, 'RUNNING');
  });

  await t.test('a name that leads here is not answered, and another cookie is none', async () => {
    for (const host of ['evil.test', `evil.test:${port}`, '127.0.0.1.evil.test'])
      assert.equal((await visitor(to, host).get('/login')).status, 421, host);
    const other = visitor(to);
    for (const cookie of ['hostd_session=', 'hostd_session=x', `hostd_session=${'x'.repeat(2000)}`, 'a=b']) {
      other.cookie = cookie;
      assert.match(String((await other.get('/')).headers.location), /^\/login/);
    }
    other.cookie = `hostd_session=x; ${admin.cookie}`;
    assert.equal((await other.get('/')).status, 200, 'another server of this name has set one, too');
    if (!isRoot) return;
    // An app on another port is sent this page's cookie by the browser. It is of no use to the app's user.
    const stolen: [string, ...string[]] = [
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{redirect_url}',
      '-H',
      `Cookie: ${admin.cookie}`,
    ];
    const tried = await run([...stolen, `http://127.0.0.1:${port}/`], {
      as: b,
      env: { PATH: process.env['PATH'], ...place.env },
    });
    if (tried.code !== null && tried.stderr === '') assert.match(tried.stdout, /\/login$/);
  });

  await t.test(
    'behind hostd’s own proxy it has a host name, https, and each client’s own tries',
    async () => {
      const env = { PATH: process.env['PATH'], ...place.env };
      const curl = async (path: string, ...more: readonly string[]) => {
        const there = ['--resolve', `ops.test:${tls}:127.0.0.1`, `https://ops.test:${tls}${path}`];
        return (await run(['curl', '-ski', ...more, ...there], { env })).stdout;
      };
      const form = ['-d', new URLSearchParams({ user, password }).toString()];
      const own = `https://ops.test:${tls}`;
      const entered = await curl('/login', ...form, '-H', `Origin: ${own}`);
      assert.match(entered, /^HTTP\/1\.1 303 /);
      const [, cookie = ''] = /^set-cookie: (hostd_session=[^;]+); .*; Secure\r$/im.exec(entered) ?? [];
      assert.match(await curl('/programs/hello', '-H', `Cookie: ${cookie}`), /RUNNING/);
      // The page itself is an app that is served elsewhere: there is nothing to start or stop.
      const { text } = await admin.get('/programs/ops');
      assert.match(text, new RegExp(`127.0.0.1:${port}</td><td>.*gets requests`));
      assert.ok(text.includes('/programs/ops/maintenance') && text.includes('/programs/ops/doctor'));
      for (const action of ['start', 'stop', 'restart', 'reload', 'scale', 'rotate']) {
        assert.ok(!text.includes(`/programs/ops/${action}`), action);
        assert.equal((await admin.get(`/programs/ops/${action}`)).status, 409);
      }
      assert.match(await curl('/login', ...form, '-H', `Origin: http://ops.test:${tls}`), /^HTTP\/1\.1 403 /);
      // Past the proxy the cookie is of no use, and another user's words about where he comes from count for nothing.
      const past = visitor(to);
      past.cookie = cookie;
      assert.match(String((await past.get('/')).headers.location), /^\/login/);
      const claims = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' };
      const by = { ...claims, origin: `http://127.0.0.1:${port}` };
      assert.equal(
        (await past.post('/login', { user, password }, by)).status,
        403,
        'hostd’s user may be a proxy',
      );
      if (!isRoot) return;
      const fields = Object.entries(by).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
      const other = await run(['curl', '-si', ...form, ...fields, `http://127.0.0.1:${port}/login`], {
        as: b,
        env,
      });
      if (other.code !== 0) return;
      assert.match(other.stdout, /^HTTP\/1\.1 303 /);
      assert.doesNotMatch(other.stdout, /; Secure/);
    },
  );

  await t.test('whoever guesses passwords uses up his own tries, and nobody else’s', async () => {
    let last = 0;
    for (let i = 0; i < 1000 && last !== 429; i++)
      last = (await visitor(to).logIn(user, 'guess-guess')).status;
    assert.equal(last, 429);
    assert.equal((await admin.get('/')).status, 200, 'who is logged in stays so');
    if (!isRoot) return;
    const curl: [string, ...string[]] = [
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-d',
      `user=${user}&password=${password}`,
    ];
    const tried = await run([...curl, `http://127.0.0.1:${port}/login`], {
      as: b,
      env: { PATH: process.env['PATH'], ...place.env },
    });
    if (tried.code === 0) assert.equal(tried.stdout, '303', 'another user has tries of his own');
  });

  await t.test(
    'long heads and forms are refused, and connections that are held open keep nobody out',
    async () => {
      const long = await raw(port, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      assert.match(long, /^HTTP\/1\.1 431 /);
      const form = `POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999\r\n\r\n`;
      assert.match(await raw(port, form + 'x'.repeat(20_000)), /^HTTP\/1\.1 413 /);
      assert.match(
        await raw(
          port,
          'POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx',
        ),
        / 413 /,
      );
      assert.match(await raw(port, 'BREW / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'), /^HTTP\/1\.1 4/);
      assert.match(await raw(port, 'DELETE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'), / 405 /);
      assert.match(await raw(port, 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
      const held = Array.from({ length: 300 }, (_, i) => {
        const socket = connect(port, '127.0.0.1').on('error', () => {});
        if (i % 2 === 0)
          socket.write('POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nX-Slow: ');
        return socket;
      });
      for (let i = 0; i < 10; i++) assert.equal((await admin.get('/')).status, 200);
      for (const socket of held) socket.destroy();
    },
  );

  /** A connection that was accepted by a process that dies has no answer. */
  const status = (asked: Promise<{ readonly status: number }>) =>
    asked.then(
      answer => answer.status,
      () => 0,
    );
  const first = webOf(hostd.pid) ?? 0;
  process.kill(first, 'SIGKILL');
  await until('another hostd-web', () => (webOf(hostd.pid) ?? first) !== first);
  await until('the page', async () => (await status(admin.get('/login'))) === 200);
  assert.match(String((await admin.get('/')).headers.location), /^\/login/, 'sessions end with it');
  const second = webOf(hostd.pid) ?? 0;
  await hostd.kill9();
  await until('hostd-web to end with hostd', () => !isAlive(second));
  const next = await hostd.again();
  await until('the page of the next hostd', async () => (await status(admin.logIn())) === 303);
  const third = webOf(next.pid) ?? 0;
  await next.hostctl('upgrade');
  await until('a hostd-web of the new version', () => (webOf(next.pid) ?? third) !== third);
  await until('the page after an upgrade', async () => (await status(admin.logIn())) === 303);
  assert.match((await admin.get('/programs/hello')).text, /RUNNING/);
});

test('on a unix socket the kernel says who comes, and what is only to be looked at is not changed', async t => {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const socket = `${place.directory('web')}/w.sock`;
  const hostd = await startHostd(place, {
    config: {
      ...(isRoot ? { control: { group: groupOf(a) } } : {}),
      proxy: { enabled: false },
      web: { listen: socket, may: 'read', server_names: ['ops.test'] },
      program: { cat: { command: '/bin/cat', user: a.name, startsecs: 0 } },
    },
  });
  const who = visitor({ socketPath: socket }, 'ops.test');
  await until('the page', async () => (await who.get('/login').catch(() => null))?.status === 200);
  assert.match((await who.get('/login')).text, isRoot ? /You are root on this machine/ : /You are /);
  assert.equal((await who.logIn('', '')).status, 303);
  const page = (await who.get('/programs/cat')).text;
  assert.match(page, /RUNNING/);
  assert.ok(!page.includes('/programs/cat/stop'));
  assert.equal((await who.get('/programs/cat/stop')).status, 403);
  assert.equal((await who.post('/programs/cat/stop', { form: 'x' })).status, 403);
  const token = hiddenFields(page, '/logout')['token'] ?? '';
  assert.equal((await who.post('/programs/cat/doctor', { token })).status, 403);
  assert.equal((await hostd.status()).find(({ name }) => name === 'cat')?.state, 'RUNNING');

  await t.test('it is as closed as the control socket', { skip: needsRoot }, async () => {
    const { mode, gid } = statSync(socket);
    assert.deepEqual([mode & 0o777, gid], [0o660, a.gid]);
    const { stderr } = await run(
      ['python3', '-c', `import socket; socket.socket(socket.AF_UNIX).connect(${JSON.stringify(socket)})`],
      { as: { ...b, gid: 65534 }, env: { PATH: process.env['PATH'], ...place.env } },
    );
    assert.match(stderr, /PermissionError/);
  });

  await t.test('nobody else finds the socket by which it asks root', () => {
    assert.deepEqual(readdirSync(`${place.dir}/run/web`), []);
  });

  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const without = readFileSync(hostd.config, 'utf8').replace(/\[web\][^[]*/, '');
  const elsewhere = without.replace(/^state_dir = .*$/m, `state_dir = "${place.dir}/lib2"`);
  place.write('etc/hostd.toml', `${elsewhere}\n[metrics]\nlisten = "127.0.0.1:${port}"\n`);
  const { stdout, stderr, code } = await hostd.hostctl('update');
  assert.match(stdout, /^\[hostd\]: changed \(state_dir\), and in force when hostd is stopped and started$/m);
  assert.match(stdout, /^\[web\]: updated \(listen, may, server_names\)$/m);
  assert.match(stderr, /\[metrics\]: cannot serve metrics: .* it is used by /);
  assert.equal(code, 1);
  assert.match((await hostd.hostctl('upgrade')).stderr, /cannot upgrade: hostd runs with another state_dir/);
  other.close();
  await until(
    'metrics, when the other program is gone',
    async () => (await ask({ to: { port }, host: 'x', path: '/metrics' }).catch(() => null))?.status === 200,
  );
  const kinds = (await hostd.hostctl('events', 'hostd', '--json')).stdout.matchAll(
    /"kind":"((?:not-)?served)"/g,
  );
  assert.deepEqual(
    [...kinds].map(([, kind]) => kind),
    ['not-served', 'served'],
  );
  await until('the page to be gone', async () => {
    const answer = await ask({ to: { socketPath: socket }, host: 'ops.test', path: '/login' }).catch(
      () => null,
    );
    return answer === null;
  });
});

testInOwnMounts(
  import.meta.url,
  'where the disk of the logs is full, who operates still gets in',
  async t => {
    const place = makePlace(t);
    const { a } = await testAccounts();
    const logs = place.directory('log');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', logs]);
    place.after(() => void execFileSync('umount', ['-l', logs]));
    const port = await freePort();
    const hostd = await startHostd(place, {
      config: {
        proxy: { enabled: false },
        web: { listen: `127.0.0.1:${port}`, user, password: digest },
        program: { cat: { command: '/bin/cat', user: a.name, startsecs: 0, stdout_logfile: 'NONE' } },
      },
    });
    const admin = visitor({ port });
    await until('the page', async () => (await admin.get('/login').catch(() => null))?.status === 200);
    const before = webOf(hostd.pid);
    assert.throws(() => {
      for (;;) appendFileSync(`${logs}/full`, Buffer.alloc(4096));
    }, /ENOSPC/);
    for (let i = 0; i < 3; i++) {
      assert.equal((await admin.logIn(user, 'wrong')).status, 403);
      assert.equal((await admin.logIn()).status, 303);
    }
    assert.match((await admin.get('/')).text, /RUNNING/);
    assert.equal(webOf(hostd.pid), before);
  },
);

test('hostctl web password makes a line for [web], and refuses what is too short', async () => {
  const make = (text: string) =>
    run(['sh', '-c', `printf '%s' "$0" | ${checkout}/bin/hostctl web password`, text], {
      env: { PATH: process.env['PATH'] },
    });
  const made = await make('a long passphrase\n');
  assert.match(made.stdout, /^password = "\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}"\n$/);
  const short = await make('short');
  assert.deepEqual([short.code, short.stdout], [2, '']);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What comes back for these bytes until the other end closes or has answered. */
function raw(port: number, text: string): Promise<string> {
  return new Promise(resolve => {
    let heard = '';
    const socket = connect(port, '127.0.0.1');
    const late = setTimeout(() => socket.destroy(), 60_000);
    socket.on('error', () => {});
    socket.on('data', data => {
      heard += data.toString('latin1');
      if (heard.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => {
      clearTimeout(late);
      resolve(heard);
    });
    socket.write(text);
  });
}
