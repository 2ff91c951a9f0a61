// The held socket is true, always: whatever happens to its file while the site runs, the path is the socket again at once, with its
// owner, group and mode, and nobody has to type anything.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { type TestApp, tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

async function site(t: TestContext) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { name: 'one', account });
  const hostd = await startHostd(place, { apps: [app] });
  assert.equal((await hostd.get(app.host)).status, 200);
  return { place, account, app, hostd, rights: rightsOf(app.socket) };
}

function rightsOf(path: string): string {
  const { uid, gid, mode } = lstatSync(path);
  return `${uid}:${gid} ${mode.toString(8)}`;
}

const isRight = (path: string, rights: string) => () => {
  try {
    return rightsOf(path) === rights;
  } catch {
    return false;
  }
};

/** What an operator, a cleaner of old files or the app itself does to the file. */
const harms: Readonly<Record<string, (app: TestApp) => void>> = {
  'rm of the socket': ({ socket }) => rmSync(socket),
  'rm -rf of its directory': ({ socket }) => rmSync(dirname(socket), { recursive: true }),
  'its directory moved away': ({ socket }) => renameSync(dirname(socket), `${dirname(socket)}.old`),
  'chmod -R': ({ socket }) => chmodSync(socket, 0o600),
  'a file in its place': ({ socket }) => {
    rmSync(socket);
    writeFileSync(socket, '');
  },
  'a link in its place': ({ socket }) => {
    rmSync(socket);
    symlinkSync('/nowhere', socket);
  },
};

test('the socket’s file is put right at once, whatever is done to it, without a restart', async t => {
  const { app, hostd, rights } = await site(t);
  const before = await hostd.state('one', 'RUNNING');
  for (const [name, harm] of Object.entries(harms)) {
    harm(app);
    await until(`the socket to be right after ${name}`, isRight(app.socket, rights));
    assert.equal((await hostd.get(app.host)).status, 200, name);
  }
  assert.equal((await hostd.state('one', 'RUNNING')).pid, before.pid);
  assert.match(hostd.output(), /put back the socket .*one\/run\/gunicorn\.sock.*: somebody had removed it/);
  assert.match(hostd.output(), /put right the socket .*: somebody had changed its owner, group or mode/);
});

test('a socket that is gone with both of its names comes back by a reload of hostd’s own', async t => {
  const { app, hostd, place, rights } = await site(t);
  const before = await hostd.state('one', 'RUNNING');
  for (const name of ['lib', 'run']) rmSync(`${place.dir}/${name}/sockets`, { recursive: true });
  rmSync(dirname(app.socket), { recursive: true });
  await until('the socket to be back', isRight(app.socket, rights));
  assert.equal((await hostd.get(app.host)).status, 200);
  await until('another gunicorn', async () => (await hostd.state('one', 'RUNNING')).pid !== before.pid);
});

test('where that reload fails, the program does not run on without visitors', async t => {
  const { app, hostd, place } = await site(t);
  const before = await hostd.state('one', 'RUNNING');
  const module = `${app.root}/one/one/wsgi.py`;
  const source = readFileSync(module, 'utf8');
  writeFileSync(module, 'raise RuntimeError("not today")\n');
  for (const name of ['lib', 'run']) rmSync(`${place.dir}/${name}/sockets`, { recursive: true });
  rmSync(dirname(app.socket), { recursive: true });
  await until('the reload to fail', () => hostd.output().includes('cannot reload one'));
  assert.match(
    hostd.output(),
    /cannot reload one: .*; the old one had lost its socket, and is started again/,
  );
  writeFileSync(module, source);
  await until('another gunicorn', async () => (await hostd.state('one', 'RUNNING')).pid !== before.pid);
  assert.equal((await hostd.get(app.host)).status, 200);
});

test('chown -R of the app’s directory is undone for the socket', { skip: needsRoot }, async t => {
  const { app, account, hostd, rights } = await site(t);
  for (const path of [dirname(app.socket), app.socket]) chownSync(path, account.uid, account.gid);
  await until('the socket to be the proxy’s again', isRight(app.socket, rights));
  assert.equal((await hostd.get(app.host)).status, 200);
});

test('what happens while no hostd runs is put right by the next', async t => {
  const { app, hostd, rights } = await site(t);
  const { pid } = await hostd.state('one', 'RUNNING');
  await hostd.kill9();
  rmSync(app.socket);
  const next = await hostd.again();
  assert.equal(rightsOf(app.socket), rights);
  assert.equal((await next.get(app.host)).status, 200);
  assert.equal((await next.state('one', 'RUNNING')).pid, pid);
});

test('a socket whose file the next hostd cannot find is made anew by a restart', {
  skip: needsRoot,
}, async t => {
  const { app, account, hostd, place, rights } = await site(t);
  await hostd.kill9();
  // As after an update from a version that kept no second names, with a chown -R in between.
  for (const name of ['lib', 'run']) rmSync(`${place.dir}/${name}/sockets`, { recursive: true });
  chownSync(app.socket, account.uid, account.gid);
  const next = await hostd.again();
  assert.equal((await next.hostctl('restart', 'one')).code, 0);
  assert.equal(rightsOf(app.socket), rights);
  assert.equal((await next.get(app.host)).status, 200);
});

test('a home that is closed to the proxy is 502 at once, and status, check and the site’s log name it', {
  skip: needsRoot,
}, async t => {
  const { app, hostd, place } = await site(t);
  const home = `${place.dir}/webapps`;
  chmodSync(home, 0o700);
  await new Promise(resolve => setTimeout(resolve, 20));
  // 503 would be the end of a wait, which mends nothing here.
  assert.equal((await hostd.get(app.host)).status, 502);
  const mend = `setfacl -m u:www-data:x ${home}`;
  const { description } = await hostd.state('one', 'RUNNING');
  assert.ok(
    description.endsWith(`; visitors get 502, since "${home}" is closed to www-data: ${mend}`),
    description,
  );
  const lines = readFileSync(`${app.root}/logs/nginx-error.log`, 'utf8').trim().split('\n');
  const { cause } = JSON.parse(lines.at(-1) ?? '') as { cause: string };
  assert.ok(
    cause.startsWith(
      `cannot connect to "${app.socket}": EACCES: the directory "${home}" is closed to www-data; try: ${mend}`,
    ),
    cause,
  );
  const checked = await hostd.hostctl('check');
  assert.match(checked.stderr + checked.stdout, /"www-data" may not enter ".*\/webapps"/);
  chmodSync(home, 0o711);
  assert.equal((await hostd.get(app.host)).status, 200);
  assert.doesNotMatch((await hostd.state('one', 'RUNNING')).description, /closed/);
});

test('a start script that removes the socket before it starts gunicorn serves', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { name: 'one', account });
  const script = place.write(
    'webapps/one/bin/gunicorn_start',
    `#!/bin/bash\nSOCKFILE=${app.socket}\nrm -f $SOCKFILE\ncd ${app.root}/one\nexport PYTHONPATH=$PWD\nexec ${app.root}/bin/gunicorn one.wsgi:application --bind=unix:$SOCKFILE\n`,
    0o755,
  );
  // The article's directory belongs to the app.
  if (isRoot) chownSync(join(app.root, 'run'), account.uid, account.gid);
  const hostd = await startHostd(place, { apps: [{ ...app, table: { ...app.table, command: script } }] });
  await until('the site to answer', async () => (await hostd.get(app.host)).status === 200);
  await hostd.hostctl('restart', 'one');
  await until('the site to answer again', async () => (await hostd.get(app.host)).status === 200);
});

test('a start script without exec, or with a first line of Windows’, is told why', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const script = (name: string, text: string) =>
    place.write(`webapps/${name}/bin/gunicorn_start`, text, 0o755);
  const bare = await tinyApp(place, { name: 'bare', account });
  const windows = await tinyApp(place, { name: 'windows', account });
  const apps = [
    {
      ...bare,
      table: {
        ...bare.table,
        command: script(
          'bare',
          `#!/bin/sh\ncd ${bare.root}/bare\n${bare.root}/bin/gunicorn bare.wsgi:application --bind=unix:${bare.socket} --umask 000\n`,
        ),
      },
    },
    { ...windows, table: { ...windows.table, command: script('windows', '#!/bin/sh\r\nexec sleep 60\r\n') } },
  ];
  if (isRoot) chownSync(dirname(bare.socket), account.uid, account.gid);
  const hostd = await startHostd(place, { apps });
  await until('a word about it', () => hostd.output().includes('let a start script end in \\"exec ...\\"'));
  assert.equal((await hostd.get(bare.host)).status, 200);
  const { description } = await hostd.state('windows', 'BACKOFF');
  assert.match(
    description,
    /cannot execute its command: ENOENT: the first line of ".*" ends as on Windows, in CR and LF/,
  );
});

test('a program that binds the path by itself, and listens a moment later, keeps it', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { name: 'own', account });
  if (isRoot) chownSync(dirname(app.socket), account.uid, account.gid);
  const server = place.write(
    'webapps/own/bin/server.py',
    `import os, socket, time
path = ${JSON.stringify(app.socket)}
os.umask(0)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path + ".new")
os.rename(path + ".new", path)
time.sleep(0.4)
listener.listen(64)
while True:
    visitor, _ = listener.accept()
    if visitor.recv(65536):
        visitor.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\nown")
    visitor.close()
`,
  );
  const command = ['/usr/bin/python3', server];
  const hostd = await startHostd(place, { apps: [{ ...app, table: { ...app.table, command } }] });
  await until('a word about it', () => hostd.output().includes('a program listens there by itself'));
  assert.equal(String((await hostd.get(app.host)).body), 'own');
});

test('the control socket comes back too', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, { config: { proxy: { enabled: false } } });
  const rights = rightsOf(hostd.socket);
  rmSync(hostd.socket);
  await until('the control socket', isRight(hostd.socket, rights));
  assert.equal((await hostd.hostctl('status')).code, 0);
});

test('a stop takes both of the socket’s names away', async t => {
  const { app, hostd, place } = await site(t);
  const seconds = () => ['lib', 'run'].flatMap(name => readdirSync(`${place.dir}/${name}/sockets`)).length;
  const whileUp = seconds();
  await hostd.hostctl('stop', 'one');
  assert.throws(() => lstatSync(app.socket), { code: 'ENOENT' });
  assert.equal(seconds(), whileUp - 1);
});

test('an app that removes its socket again and again keeps nobody busy, and is not the others’ trouble', async t => {
  const { app, hostd } = await site(t);
  const cpu = () => cpuOf(hostd);
  const before = cpu();
  const until = performance.now() + 2000;
  let times = 0;
  while (performance.now() < until) {
    rmSync(app.socket, { force: true });
    times++;
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.ok(times > 50);
  assert.ok(cpu() - before < 100, `root used ${cpu() - before} ticks of 200`);
  assert.equal((await hostd.hostctl('status')).code, 0);
});

/** In clock ticks; proc_pid_stat(5), utime and stime. */
function cpuOf({ pid }: Hostd): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

test('hostd’s own directory comes back, as after a clean-up of /run, with the next start of whatever needs it', async t => {
  const { hostd, app } = await site(t);
  const directory = dirname(hostd.socket);
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  await until('the control socket', () => readdirSync(directory).includes('hostd.sock'));
  for (const name of ['hostd-proxy', 'one'])
    assert.equal((await hostd.hostctl('restart', name)).code, 0, name);
  assert.equal((await hostd.get(app.host)).status, 200);
  assert.ok(readdirSync(directory).includes('gunicorn.conf.py'));
});
