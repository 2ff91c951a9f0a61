// The files that sites have: links of collectstatic and of releases, names made of the content, ages and types; why one is refused;
// and that no link leads to another user's file. nginx, as emit writes it, answers the same.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { manage } from '../scripts/django-site.ts';
import { freePort } from '../scripts/free-port.ts';
import { ask } from '../scripts/http.ts';
import { run } from '../scripts/run.ts';
import { needs, startNginx } from './emit/tools.ts';
import { type Account, needsRoot, testAccounts } from './harness/accounts.ts';
import { djangoApp, tinyApp } from './harness/apps.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

async function scene(t: TestContext) {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  const one = await tinyApp(place, { name: 'one', account: a, keys: { static_expires: '30d' } });
  const two = await tinyApp(place, { name: 'two', account: b, keys: { autostart: false } });
  const put = (owner: Account, path: string, text: string, mode = 0o644) => {
    writeFileSync(path, text);
    chmodSync(path, mode);
    chownSync(path, owner.uid, owner.gid);
  };
  const link = (owner: Account, target: string, path: string) => {
    symlinkSync(target, path);
    lchownSync(path, owner.uid, owner.gid);
  };
  const directory = (owner: Account, path: string) => {
    mkdirSync(path);
    chownSync(path, owner.uid, owner.gid);
  };
  return { place, a, b, one, two, put, link, directory };
}

test('links lead to files of their own owner, and ages, types and refusals are as nginx has them', {
  skip: needsRoot,
}, async t => {
  const { place, a, b, one, two, put, link, directory } = await scene(t);
  const root: Account = { name: 'root', uid: 0, gid: 0 };
  const s = `${one.root}/static`;
  put(a, `${s}/plain.css`, 'plain');
  put(a, `${s}/base.0123456789ab.css`, 'hashed');
  put(a, `${s}/model.glb`, 'glTF');
  put(a, `${one.root}/one/own.css`, 'own');
  directory(a, `${one.root}/one/theme`);
  put(a, `${one.root}/one/theme/t.css`, 'theme');
  put(a, `${one.root}/media/u.txt`, 'upload');
  put(b, `${two.root}/media/secret.txt`, 'secret');
  put(a, `${two.root}/media/as-own.txt`, 'own');
  link(a, '../one/own.css', `${s}/own.css`);
  link(a, `${one.root}/one/own.css`, `${s}/absolute.css`);
  link(a, 'own.css', `${s}/twice.css`);
  link(a, '../one/theme', `${s}/theme`);
  link(a, `${two.root}/media/secret.txt`, `${s}/foreign.txt`);
  link(a, `${two.root}/media`, `${s}/foreign`);
  link(a, '/etc/passwd', `${s}/passwd`);
  link(a, '/proc/self/environ', `${s}/environ`);
  link(a, '/proc/self/fd/5', `${s}/listener`);
  link(root, '/etc/passwd', `${s}/of-root`);
  link(b, '../one/own.css', `${s}/of-b.css`);
  link(a, 'loop', `${s}/loop`);
  link(a, 'nowhere', `${s}/broken`);
  put(a, `${s}/closed.txt`, 'closed', 0o600);
  directory(a, `${s}/shut`);
  put(a, `${s}/shut/f.txt`, 'shut');
  chmodSync(`${s}/shut`, 0o700);
  directory(a, `${s}/bare`);
  const config = { proxy: { types: { glb: 'model/gltf-binary' } } };
  const hostd = await startHostd(place, { apps: [one, two], config });
  const errorLog = () => readFileSync(`${one.root}/logs/nginx-error.log`, 'utf8');

  for (const [path, status, body] of [
    ['own.css', 200, 'own'],
    ['absolute.css', 200, 'own'],
    ['twice.css', 200, 'own'],
    ['theme/t.css', 200, 'theme'],
    ['foreign.txt', 403],
    ['foreign/secret.txt', 403],
    ['foreign/as-own.txt', 200, 'own'],
    ['passwd', 403],
    ['environ', 403],
    ['listener', 403],
    ['of-root', 403],
    ['of-b.css', 403],
    ['broken', 404],
    ['missing.css', 404],
    ['.hidden', 404],
  ] as const) {
    const reply = await hostd.get(one.host, `/static/${path}`);
    assert.equal(reply.status, status, path);
    if (body !== undefined) assert.equal(String(reply.body), body, path);
  }
  assert.equal(
    (await hostd.get(one.host, '/static/theme')).headers['location'],
    `http://${one.host}:${hostd.port}/static/theme/`,
  );

  // Why it is refused is in the site's log, once for each request, and of what is not there nothing is said.
  for (const path of ['closed.txt', 'shut/f.txt', 'bare/', 'loop'])
    await hostd.get(one.host, `/static/${path}`);
  const causes = errorLog()
    .trim()
    .split('\n')
    .map(line => String((JSON.parse(line) as { cause: unknown }).cause));
  const said = (path: string) => causes.filter(cause => cause.includes(`"${s}/${path}"`));
  assert.match(
    said('closed.txt').join(),
    /EACCES: its mode does not let www-data in; try: setfacl -m u:www-data:r /,
  );
  assert.match(
    said('shut/f.txt').join(),
    /EACCES: the directory ".*\/shut" is closed to www-data; try: setfacl /,
  );
  assert.match(said('bare/').join(), /has no index\.html, and no directory is listed/);
  assert.match(said('passwd').join(), new RegExp(`a link of uid ${a.uid} leads to what is uid 0’s`));
  assert.match(
    said('of-b.css').join(),
    new RegExp(`a link of uid ${b.uid} is in a directory of uid ${a.uid}’s`),
  );
  for (const path of ['missing.css', 'broken', '.hidden']) assert.deepEqual(said(path), [], path);

  // Ages and types.
  const fields = async (path: string, port = hostd.port) => {
    const { status, headers } = await ask({ to: { port }, host: one.host, path });
    const seconds =
      headers['expires'] === undefined
        ? null
        : Date.parse(headers['expires']) - Date.parse(headers['date'] ?? '');
    return [status, headers['content-type'], headers['cache-control'], seconds];
  };
  const expected = {
    '/static/plain.css': [200, 'text/css', 'max-age=2592000', 2_592_000_000],
    '/static/base.0123456789ab.css': [200, 'text/css', 'public, max-age=31536000, immutable', null],
    '/static/model.glb': [200, 'model/gltf-binary', 'max-age=2592000', 2_592_000_000],
    '/static/own.css': [200, 'text/css', 'max-age=2592000', 2_592_000_000],
    '/static/foreign.txt': [403, 'text/html', undefined, null],
    '/media/u.txt': [200, 'text/plain', undefined, null],
  };
  for (const [path, wanted] of Object.entries(expected)) assert.deepEqual(await fields(path), wanted, path);

  if (needs('nginx') !== false) return;
  const port = await freePort();
  const elsewhere = place.write(
    'emit.toml',
    readFileSync(hostd.config, 'utf8')
      .replace(`127.0.0.1:${hostd.port}`, `127.0.0.1:${port}`)
      .replace('apps.d/', 'etc/apps.d/'),
  );
  const tree = place.directory('tree');
  const emitted = await run([`${checkout}/bin/hostctl`, 'emit', 'nginx', '--out', tree, '-c', elsewhere]);
  assert.equal(emitted.code, 0, emitted.stderr);
  await startNginx(place, tree, port);
  for (const [path, wanted] of Object.entries(expected))
    assert.deepEqual(await fields(path, port), wanted, `nginx ${path}`);
});

/** Lets the link be another in each moment, as the app's user. */
function flip(place: string, account: Account, own: string, foreign: string, link: string): ChildProcess {
  const code = `
import os
n = 0
while True:
    for target in (${JSON.stringify(own)}, ${JSON.stringify(foreign)}):
        n += 1
        os.symlink(target, ${JSON.stringify(`${link}.new`)})
        os.rename(${JSON.stringify(`${link}.new`)}, ${JSON.stringify(link)})
`;
  return spawn('python3', ['-c', code], { uid: account.uid, gid: account.gid, cwd: place, stdio: 'ignore' });
}

test('an app that changes its links all the time wins nothing', { skip: needsRoot }, async t => {
  const { place, a, b, one, two, put, directory } = await scene(t);
  const s = `${one.root}/static`;
  directory(a, `${one.root}/one/d`);
  put(a, `${one.root}/one/d/f.txt`, 'own');
  put(b, `${two.root}/media/f.txt`, 'secret');
  const hostd = await startHostd(place, { apps: [one, two] });
  const flippers = [
    flip(place.dir, a, `${one.root}/one/d/f.txt`, `${two.root}/media/f.txt`, `${s}/file.txt`),
    flip(place.dir, a, `${one.root}/one/d`, `${two.root}/media`, `${s}/dir`),
  ];
  place.after(() => {
    for (const child of flippers) child.kill('SIGKILL');
  });
  await until('the links to be there', () =>
    ['file.txt', 'dir'].every(name => readdirSync(s).includes(name)),
  );
  const seen = new Map<string, number>();
  for (let i = 0; i < 1500; i++) {
    const { status, body } = await hostd.get(
      one.host,
      i % 2 === 0 ? '/static/file.txt' : '/static/dir/f.txt',
    );
    assert.ok(!body.includes('secret'), 'a secret was served');
    seen.set(String(status), (seen.get(String(status)) ?? 0) + 1);
  }
  assert.deepEqual([...seen.keys()].toSorted(), ['200', '403'], JSON.stringify([...seen]));
  for (const child of flippers) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('collectstatic --link, ManifestStaticFilesStorage and release links work as they are', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const hello = await djangoApp(place, 'hello', { account: a });
  const site = {
    name: 'hello',
    root: hello.root,
    account: a,
    env: { SECRET_KEY: 'only for tests' },
  } as const;
  const hashed =
    'from hello.settings import *\nSTORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}\nINSTALLED_APPS.remove("django.contrib.admin")\n';
  writeFileSync(`${hello.root}/hello/hello/hashed.py`, hashed);
  await manage(site, ['collectstatic', '--link', '--clear', '--noinput', '--verbosity=0']);
  const releases = ['1', '2'].map(number => `${hello.root}/releases/${number}`);
  await run(['mkdir', '-p', ...releases], { as: a });
  for (const release of releases)
    await manage(site, ['collectstatic', '--noinput', '--verbosity=0', '--settings=hello.hashed'], {
      STATIC_ROOT: `${release}/static`,
    });
  writeFileSync(`${releases[1]}/static/two.txt`, 'two');
  chownSync(`${releases[1]}/static/two.txt`, a.uid, a.gid);
  const turn = (to: string) => {
    symlinkSync(to, `${hello.root}/next`);
    lchownSync(`${hello.root}/next`, a.uid, a.gid);
    renameSync(`${hello.root}/next`, `${hello.root}/current`);
  };
  turn('releases/1');
  const hostd = await startHostd(place, { apps: [hello] });
  const style = await hostd.get(hello.host, '/static/guestbook/style.css');
  assert.deepEqual([style.status, style.headers['content-type']], [200, 'text/css']);
  const toml = `${place.dir}/etc/apps.d/hello.toml`;
  writeFileSync(
    toml,
    readFileSync(toml, 'utf8').replace(
      /^root = .*$/m,
      line => `${line}\nstatic = "${hello.root}/current/static"`,
    ),
  );
  const updated = await hostd.hostctl('update');
  assert.equal(updated.code, 0, updated.stderr);
  const name = readdirSync(`${releases[0]}/static/guestbook`).find(file =>
    /^style\.[0-9a-f]{12}\.css$/.test(file),
  );
  await until(
    'the release to be served',
    async () =>
      (await hostd.get(hello.host, `/static/guestbook/${name}`)).headers['cache-control'] ===
      'public, max-age=31536000, immutable',
  );
  assert.equal((await hostd.get(hello.host, '/static/two.txt')).status, 404);
  turn('releases/2');
  assert.equal(String((await hostd.get(hello.host, '/static/two.txt')).body), 'two');
});
