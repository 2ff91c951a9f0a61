// hostd dev with real Django projects: what it finds, how it fronts it, how it ends.

import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../scripts/free-port.ts';
import { startDev } from './dev/dev.ts';
import { writeProject } from './dev/project.ts';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { makePlace } from './harness/place.ts';
import { marked } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';

const skip = needsVirtualenv('recent');
const html = { headers: { accept: 'text/html' } };

test('two projects are found, run as who calls, and answer by name with what production would send', {
  skip,
}, async t => {
  const place = makePlace(t);
  writeProject(place, 'work/hello', 'hello');
  writeProject(place, 'work/goodbye', 'goodbye');
  const dev = await startDev(place, { args: ['work'] });
  for (const name of ['hello', 'goodbye']) {
    const { status, headers, text } = await dev.get(`${name}.localhost:${dev.port}`, '/', {
      headers: { 'X-Forwarded-For': '9.9.9.9', 'X-Forwarded-Proto': 'https' },
    });
    assert.equal(status, 200);
    assert.equal(headers['server'], 'hostd');
    const { seen, host, uid, name: module } = JSON.parse(text);
    assert.equal(module, `${name}.urls`);
    assert.equal(host, `${name}.localhost:${dev.port}`);
    assert.equal(uid, process.getuid?.());
    assert.equal(seen.HTTP_X_FORWARDED_FOR, '9.9.9.9, 127.0.0.1');
    assert.equal(seen.HTTP_X_FORWARDED_PROTO, 'http');
    assert.equal(seen.HTTP_X_REAL_IP, '127.0.0.1');
    assert.equal((await dev.get(`${name}.localhost`, '/static/a.txt')).text, `static of ${name}\n`);
  }
  const list = (await dev.get('localhost')).text;
  assert.match(list, new RegExp(`http://hello\\.localhost:${dev.port}/`));
  assert.match(list, /2 of 2 apps are running/);
  await dev.says(/^hello {3}\| .*Starting (WSGI )?development server/m);
  assert.ok(!dev.output().includes('\x1b'));
});

test('Ctrl-C ends everything within a second, and nothing is left, not even what has left its session', {
  skip,
}, async t => {
  const place = makePlace(t);
  const folder = writeProject(place, 'hello', 'hello');
  place.write(
    'hello/Procfile',
    `web: false\nstray: setsid sh -c 'trap "" TERM HUP; while :; do sleep 1; done' & exec sleep 600\nstubborn: trap '' TERM INT; while :; do sleep 1; done\n`,
  );
  const dev = await startDev(place, { args: [folder] });
  assert.equal((await dev.get('hello.localhost')).status, 200);
  assert.ok(marked(place.mark).length >= 5);
  const { code, ms } = await dev.stop();
  assert.equal(code, 0);
  assert.ok(ms < 5000, `it took ${ms} ms`);
  assert.deepEqual(marked(place.mark), []);
  assert.deepEqual(readdirSync(`${place.dir}/tmp`), []);
});

test('each mistake is one error with the next move, and everything else runs', { skip }, async t => {
  const place = makePlace(t);
  writeProject(place, 'a/hello', 'hello');
  writeProject(place, 'b/hello', 'hello');
  writeProject(place, 'broken', 'broken');
  place.write('broken/.venv/pyvenv.cfg', '');
  mkdirSync(`${place.dir}/broken/.venv/bin`);
  symlinkSync('/nowhere/python3', `${place.dir}/broken/.venv/bin/python`);
  place.directory('empty');
  place.directory('odd/Procfile');
  place.write('odd/package.json', '{');
  const args = [
    'a/hello',
    'b/hello',
    'broken',
    'empty',
    'odd',
    'nowhere',
    '--proxy',
    'x y=1',
    '--proxy',
    'far=https://example.test',
  ];
  const dev = await startDev(place, { args });
  const output = dev.output();
  for (const [said, move] of [
    [/cannot run ".*\/b\/hello" as "hello": ".*\/a\/hello" has this name/, /try: hostd dev hello-2=/],
    [
      /cannot use the virtualenv ".*\/broken\/\.venv": its bin\/python leads nowhere/,
      /try: rm -r .*\.venv && python3 -m venv/,
    ],
    [/cannot find anything to run in ".*\/empty"/, /try: hostd dev DIR, where manage\.py is/],
    [/cannot read ".*\/odd\/Procfile"/, /try: ls -l .*Procfile/],
    [/cannot read ".*\/odd\/package\.json"/, /try: python3 -m json\.tool/],
    [/cannot find "nowhere"/, /try: hostd dev DIR/],
    [/cannot use --proxy "x y=1"/, /try: --proxy x-y=http/],
    [/cannot use --proxy far= "https:\/\/example\.test"/, /try: http:\/\/127/],
  ] as const) {
    const line = output.split('\n').findIndex(text => said.test(text));
    assert.notEqual(line, -1, `${said} in\n${output}`);
    assert.match(output.split('\n')[line + 1] ?? '', move);
  }
  assert.equal((await dev.get('hello.localhost')).status, 200);
});

test('a port that was asked for and is in use is named with its owner', {
  skip,
}, async t => {
  const place = makePlace(t);
  const taken = createServer();
  const port = await new Promise<number>(resolve =>
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
  );
  t.after(() => taken.close());
  const dev = await startDev(place, { args: ['--proxy', 'x=1'], port, ready: null });
  assert.equal(await dev.ended, 1);
  assert.match(
    dev.output(),
    new RegExp(
      `cannot listen on port ${port}: it is in use by \\S+ \\(pid ${process.pid}\\)\\s+try: .*--port ${port + 1}`,
    ),
  );
});

test('without --port the next free one serves when 8000 is taken', async t => {
  const place = makePlace(t);
  const taken = createServer();
  t.after(() => taken.close());
  const listens = () =>
    new Promise<boolean>(resolve =>
      taken.once('error', () => resolve(false)).listen(8000, '127.0.0.1', () => resolve(true)),
    );
  // Another program may have it, and give it up any moment.
  await until('port 8000', listens, { timeout: 20_000 }).catch(() => {});
  const dev = await startDev(place, { args: ['--proxy', 'x=1'], port: null });
  assert.match(dev.output(), /cannot listen on port 8000: it is in use/);
  assert.match(dev.output(), /all apps: http:\/\/localhost:80(0[1-9]|1\d|20)\//);
});

test('a server that does not run yet has a page that loads again; then requests, WebSockets and events pass', async t => {
  const place = makePlace(t);
  const port = await freePort();
  const dev = await startDev(place, { args: ['--proxy', `front=http://localhost:${port}`] });
  const page = await dev.get('front.localhost', '/', html);
  assert.equal(page.status, 503);
  assert.match(page.text, /Nothing listens at[\s\S]*location\.reload/);
  assert.equal(
    (await dev.get('front.localhost', '/', { method: 'HEAD', headers: { 'X-Hostd-Waiting': '1' } })).status,
    503,
  );
  const server = createServer((req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: 1\n\n');
    setTimeout(() => res.end(`data: ${req.headers.host}\n\n`), 700);
  });
  server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await until(
    'hostd dev to see it',
    async () =>
      (await dev.get('front.localhost', '/', { method: 'HEAD', headers: { 'X-Hostd-Waiting': '1' } }))
        .status === 204,
  );

  const times: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const socket = connect(dev.port, '127.0.0.1', () =>
      socket.write('GET / HTTP/1.1\r\nHost: front.localhost\r\nConnection: close\r\n\r\n'),
    );
    socket.on('data', () => times.push(performance.now()));
    socket.on('error', reject);
    socket.on('end', () => resolve());
  });
  assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) > 500, 'the first event did not wait for the second');

  const echoed = await new Promise<string>((resolve, reject) => {
    let got = '';
    const socket = connect(dev.port, '127.0.0.1', () =>
      socket.write(
        'GET /hmr HTTP/1.1\r\nHost: front.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
    );
    socket.on('data', bytes => {
      got += bytes;
      if (got.includes('101') && !got.includes('ping')) socket.write('ping');
      if (got.endsWith('ping')) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
  });
  assert.match(echoed, /^HTTP\/1\.1 101 [\s\S]*ping$/);
});

test('names in the folder of names are served, also those that are added while it runs', {
  skip,
}, async t => {
  const place = makePlace(t);
  const server = createServer((_req, res) => res.end('by name')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const names = place.directory('home/.config/hostd/dev');
  writeFileSync(`${names}/one`, `${port}\n`);
  writeFileSync(`${names}/bad`, 'what?\n');
  const folder = writeProject(place, 'hello', 'hello');
  symlinkSync(folder, `${names}/linked`);
  const dev = await startDev(place, { args: ['--proxy', 'other=1'] });
  assert.match(dev.output(), /cannot use .*dev\/bad "what\?"/);
  assert.equal((await dev.get('one.localhost')).text, 'by name');
  assert.doesNotMatch(dev.output(), /Starting (WSGI )?development server/);
  assert.equal(JSON.parse((await dev.get('linked.localhost')).text).name, 'hello.urls');
  await dev.says(/linked +\| .*Starting (WSGI )?development server/);
  writeFileSync(`${names}/two`, `http://127.0.0.1:${port}`);
  assert.equal((await dev.get('two.localhost')).text, 'by name');
  const unknown = await dev.get('linkd.localhost', '/', html);
  assert.equal(unknown.status, 404);
  assert.match(unknown.text, /Did you mean <a href="[^"]*">linked/);
});

test('the file that production reads works as it is: its user is ignored, and that is said', {
  skip,
}, async t => {
  const place = makePlace(t);
  const folder = writeProject(place, 'hello', 'hello');
  const { root } = virtualenv('recent');
  place.write(
    'hello/hostd.toml',
    `[app.shop]
root = "/webapps/shop_django"
user = "shop"
group = "webapps"
project = "/webapps/shop_django/shop"
settings = "hello.settings"
wsgi = "hello.wsgi"
workers = 3
server_names = ["shop.test"]
[app.shop.env]
COLOUR = "blue"
[app.shop.program.beat]
command = "/bin/sh -c 'echo beat $COLOUR; exec sleep 1000'"
[app.own]
root = "${root}"
project = "${folder}"
settings = "hello.settings"
command = "${root}/bin/python -m gunicorn hello.wsgi --workers 1"
[app.other]
root = "/webapps/other"
nonsense = 1
`,
  );
  const dev = await startDev(place, { args: [folder] });
  assert.match(dev.output(), /shop: user "shop" is ignored: it runs as you/);
  assert.match(
    dev.output(),
    new RegExp(`root "/webapps/shop_django" is no virtualenv on this machine: ${root} stands for it`),
  );
  assert.match(dev.output(), /hostd\.toml:21:1: app "other": there is no key "nonsense"/);
  for (const host of ['shop.test', 'shop.localhost']) {
    const answer = await dev.get(host, '/', { headers: {} });
    // ALLOWED_HOSTS of a project in DEBUG has .localhost alone, in development as in production.
    assert.equal(answer.status, host === 'shop.test' ? 400 : 200);
  }
  assert.equal((await dev.get('shop.localhost', '/static/a.txt')).text, 'static of hello\n');
  // A command of the app's own gets the socket as in production.
  assert.equal((await dev.get('own.localhost')).status, 200);
  await dev.says(/shop:beat \| beat blue/);
  await dev.says(/gunicorn/i);
});

for (const server of ['gunicorn', 'uvicorn'] as const) {
  test(`with --server ${server}, static files come by Django's finders, and changed code is loaded`, {
    skip,
  }, async t => {
    const place = makePlace(t);
    const folder = writeProject(place, 'hello', 'hello');
    const dev = await startDev(place, { args: [folder, '--server', server] });
    assert.equal((await dev.get('hello.localhost')).status, 200);
    assert.equal((await dev.get('hello.localhost', '/static/a.txt')).text, 'static of hello\n');
    // gunicorn looks once a second, and must have seen the file as it was.
    await sleep(1500);
    place.write(
      'hello/hello/urls.py',
      'from django.http import HttpResponse\nfrom django.urls import path\nurlpatterns = [path("", lambda request: HttpResponse("changed"))]\n',
    );
    await until('the changed code', async () => (await dev.get('hello.localhost')).text === 'changed', {
      timeout: 120_000,
      every: 300,
    });
  });
}

test('an app that fell over shows its traceback, and the next page load starts it again', {
  skip,
}, async t => {
  const place = makePlace(t);
  const folder = writeProject(place, 'hello', 'hello');
  const bad = 'raise RuntimeError("no settings today")\n';
  const good = place.write('hello/hello/settings.py', bad);
  const dev = await startDev(place, { args: [folder, '--server', 'gunicorn'] });
  const page = await dev.get('hello.localhost', '/', html);
  // It fell over while it was asked, or before.
  assert.ok(page.status === 502 || page.status === 503, `${page.status}`);
  assert.match(page.text, /Traceback[\s\S]*RuntimeError: no settings today/);
  assert.match(page.text, /http-equiv="refresh"/);
  assert.match((await dev.get('localhost')).text, /failed/);
  writeProject(place, 'hello', 'hello');
  assert.ok(good);
  const again = await until('the app', async () => {
    const answer = await dev.get('hello.localhost', '/', html);
    return answer.status === 200 && answer;
  });
  assert.equal(JSON.parse(again.text).name, 'hello.urls');
});

test('what runserver cannot load is shown at once, and the page learns that it was mended', {
  skip,
}, async t => {
  const place = makePlace(t);
  const folder = writeProject(place, 'hello', 'hello');
  place.write('hello/hello/urls.py', 'import not_today\n');
  const dev = await startDev(place, { args: [folder] });
  const started = performance.now();
  const page = await dev.get('hello.localhost', '/', html);
  assert.ok(performance.now() - started < 20_000);
  assert.equal(page.status, 502);
  assert.match(page.text, /ModuleNotFoundError: No module named &#39;not_today&#39;/);
  await sleep(1200);
  writeProject(place, 'hello', 'hello');
  const waiting = { method: 'HEAD', headers: { 'X-Hostd-Waiting': '1' } };
  await until('it to be up', async () => (await dev.get('hello.localhost', '/', waiting)).status === 204, {
    timeout: 120_000,
    every: 200,
  });
  assert.equal((await dev.get('hello.localhost', '/', html)).status, 200);
});

test('with --lazy an app starts at its first request, which waits, and an idle one stops', {
  skip,
}, async t => {
  const place = makePlace(t);
  const folder = writeProject(place, 'hello', 'hello');
  const dev = await startDev(place, {
    args: [folder, '--lazy', '--idle', '0.02'],
    env: { HOSTD_DEV_IDLE_SECONDS: '1' },
  });
  assert.match((await dev.get('localhost')).text, /starts at the first request/);
  assert.equal((await dev.get('hello.localhost')).status, 200);
  await dev.says(/hello is stopped: nobody has asked for it/);
  // It may still be ending: then the request waits for it to be back.
  assert.equal((await dev.get('hello.localhost')).status, 200);
  await until('it to be down', async () =>
    (await dev.get('localhost')).text.includes('starts at the first request'),
  );
  assert.equal((await dev.get('hello.localhost')).status, 200);
});

test('node front ends get a site of their own and a port; scripts that only build run beside the project', {
  skip,
}, async t => {
  const place = makePlace(t);
  const folder = writeProject(place, 'shop', 'hello');
  const serve = `require('http').createServer((req, res) => res.end('front ' + req.url)).listen(process.env.PORT)`;
  place.write('shop/frontend/package.json', JSON.stringify({ scripts: { dev: 'node server.cjs' } }));
  place.write('shop/frontend/server.cjs', serve);
  place.write(
    'shop/theme/package.json',
    JSON.stringify({
      scripts: { dev: 'tailwindcss() { echo watching for classes; exec sleep 1000; }; tailwindcss' },
    }),
  );
  place.write(
    'shop/broken/package.json',
    JSON.stringify({ scripts: { dev: 'vite' }, devDependencies: { vite: '6' } }),
  );
  const dev = await startDev(place, { args: [folder] });
  assert.equal((await dev.get('shop-frontend.localhost', '/x')).text, 'front /x');
  assert.equal((await dev.get('shop.localhost')).status, 200);
  await dev.says(/shop:theme +\| watching for classes/);
  assert.match(
    dev.output(),
    /cannot run the front end in ".*\/broken": it has no node_modules\s+try: cd .*\/broken && npm install/,
  );
});

test('the virtualenv that poetry keeps is asked for; one that is missing is said', { skip }, async t => {
  const place = makePlace(t);
  const { root } = virtualenv('recent');
  const env = { VIRTUAL_ENV: '', PATH: `${place.dir}/bin:/usr/bin:/bin` };
  place.write(
    'bin/poetry',
    `#!/bin/sh\nif [ "$PWD" = "${place.dir}/kept" ]; then echo ${root}; else exit 1; fi\n`,
    0o755,
  );
  for (const name of ['kept', 'lost', 'piped']) writeProject(place, name, name);
  place.write('kept/poetry.lock', '');
  place.write('lost/pyproject.toml', '[tool.poetry]\nname = "lost"\n');
  place.write('piped/Pipfile', '');
  const dev = await startDev(place, { args: ['kept', 'lost', 'piped'], env });
  assert.match(dev.output(), /kept .*Python of poetry/);
  assert.equal((await dev.get('kept.localhost')).status, 200);
  assert.match(
    dev.output(),
    /virtualenv of ".*\/lost": poetry has none\s+try: cd .*\/lost && poetry install/,
  );
  assert.match(
    dev.output(),
    /virtualenv of ".*\/piped": pipenv is not installed\s+try: install pipenv, or: python3 -m venv/,
  );
});

test('nobody needs to be root: another user runs it, with a socket and a port of its own', {
  skip: needsRoot || skip,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const folder = writeProject(place, 'hello', 'hello');
  for (const path of ['home', 'tmp']) chownSync(place.directory(path, 0o755), a.uid, a.gid);
  const dev = await startDev(place, { args: [folder, '--server', 'gunicorn'], as: a });
  assert.equal(JSON.parse((await dev.get('hello.localhost')).text).uid, a.uid);
  const { code, ms } = await dev.stop();
  assert.equal(code, 0);
  assert.ok(ms < 5000, `it took ${ms} ms`);
});
