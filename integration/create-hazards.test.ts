// What may go wrong while an app is made or removed: Ctrl-C, no package index, code from git, an app that means harm.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { must, run } from '../scripts/run.ts';
import { native } from '../src/native/index.ts';
import {
  freshNames,
  hostctl,
  hostctlCommand,
  listing,
  outside,
  writeConfiguration,
} from './create/fixture.ts';
import { keptPython } from './create/kept-python.ts';
import { needsRoot } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { marked } from './harness/processes.ts';

const skip = needsRoot;
const demo = join(import.meta.dirname, '../demo/hello');
const hasDebians = (await run(['/usr/bin/python3', '-c', 'import django, gunicorn'])).code === 0;

test('Ctrl-C ends the step that is at work, and takes everything back', { skip }, async t => {
  const place = makePlace(t);
  const config = writeConfiguration(place);
  place.directory('lib');
  const { name, group, root } = freshNames(place);
  const python = ['--python', keptPython(place)];
  const before = listing(place.dir);
  const order = ['create', name, '--root', root, '--group', group, ...python];
  const [file, ...args] = hostctlCommand(config, order);
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...place.env },
  });
  let output = '';
  child.stderr.on('data', chunk => {
    output += chunk;
  });
  child.stdout.on('data', chunk => {
    output += chunk;
    if (output.includes('virtualenv: made')) child.kill('SIGINT');
  });
  const code = await new Promise(resolve => child.on('close', resolve));
  assert.equal(code, 130, output);
  assert.match(output, /hostctl: interrupted\n/);
  assert.equal(native.user(name), null);
  assert.equal(native.group(group), null);
  assert.deepEqual(listing(place.dir), before);
  assert.deepEqual(marked(place.mark), []);
});

test('where pip reaches no index, Debian’s Django and gunicorn serve the site', {
  skip: skip || (hasDebians ? false : 'needs Debian’s python3-django and gunicorn'),
}, async t => {
  const place = makePlace(t);
  const { name, group, root, host } = freshNames(place);
  const hostd = await startHostd(place);
  const env = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_FIND_LINKS: undefined };
  const python = ['--python', keptPython(place, { onlyPip: true })];
  const args = ['create', name, '--host', host, '--root', root, '--group', group, ...python];
  const created = await hostctl(hostd.config, args, { env });
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stderr, /pip reaches no index: using Debian's python3-django and gunicorn/);
  assert.equal((await hostd.get(host, '/admin/login/')).status, 200);
  const again = await hostctl(hostd.config, args, { env });
  assert.match(again.stdout, /packages: there already/);

  const bad = freshNames(place, 'bad');
  const file = place.write('requirements.txt', 'django-guardian\n');
  const more = ['--root', bad.root, '--group', bad.group, '--requirements', file, ...python];
  const failed = await hostctl(hostd.config, ['create', bad.name, ...more], { env });
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /pip reaches no index, and Debian's do not do\n {2}try: PIP_INDEX_URL=/);
  assert.equal(native.user(bad.name), null);
});

test('packages come from the code’s pyproject.toml where it has no requirements.txt, and Poetry’s own words are refused', {
  skip,
}, async t => {
  const place = makePlace(t);
  const config = writeConfiguration(place);
  const { name, group, root } = freshNames(place);
  const source = place.directory('source');
  await must('copy', ['cp', '-r', `${demo}/.`, source]);
  const env = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: undefined };
  const python = ['--python', keptPython(place)];
  const create = (text: string) => {
    writeFileSync(`${source}/pyproject.toml`, text);
    const args = ['create', name, '--root', root, '--group', group, '--from', source, ...python];
    return hostctl(config, args, { env });
  };
  const unknown = await create(
    '[project]\nname = "x"\ndependencies = ["Django", "no-such-package-of-hostd"]\n',
  );
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no-such-package-of-hostd/);
  const poetry = await create('[tool.poetry.dependencies]\ndjango = "^5.0"\n');
  assert.equal(poetry.code, 1);
  assert.match(poetry.stderr, /Poetry has its own words for them\n {2}try: poetry export /);
  assert.equal(native.user(name), null);
});

test('code is cloned from git by the app’s own user, and its requirements.txt is used', { skip }, async t => {
  const place = makePlace(t);
  const config = writeConfiguration(place);
  const { name, group, root } = freshNames(place);
  const source = place.directory('source');
  const git = (...words: string[]) =>
    must('run git', ['git', '-C', source, ...words], { env: { ...process.env, HOME: place.dir } });
  await must('copy', ['cp', '-r', demo, `${source}/site`]);
  writeFileSync(`${source}/site/requirements.txt`, 'Django\n');
  await git('init', '-q');
  await git('add', '.');
  await git('-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '-q', '-m', 'one');
  await git('update-server-info');
  const server = createServer((request, response) => {
    const path = join(
      `${source}/.git`,
      new URL(request.url ?? '/', 'http://x').pathname.replace(/^\/hello\.git/, ''),
    );
    try {
      response.end(readFileSync(path));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  place.after(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hello.git`;
  const env = { no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' };
  const args = ['create', name, '--root', root, '--group', group, '--from', url, '--database', 'sqlite'];
  const python = ['--python', keptPython(place)];
  const created = await hostctl(config, [...args, ...python], { env });
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stdout, /: cloned from http/);
  const toml = readFileSync(`${place.dir}/etc/apps.d/${name}.toml`, 'utf8');
  assert.match(toml, new RegExp(`\nproject {6}= "${root}/${name}/site"\n`));
  const uid = native.user(name)?.uid;
  const owners = new Set(listing(root).map(line => line.split(' ')[1]?.split(':')[0]));
  assert.deepEqual([...owners], [String(uid)], 'everything is the app’s');
  assert.equal((await hostctl(config, ['remove', name, '--purge', '--yes'])).code, 0);

  // One on this machine that only root may read, as git's own directory without a work tree.
  const bare = `${place.directory('closed', 0o700)}/hello.git`;
  await must('clone', ['git', 'clone', '-q', '--bare', source, bare]);
  const local = await hostctl(config, [
    ...args.slice(0, 6),
    '--from',
    `file://${bare}`,
    '--database',
    'sqlite',
    ...python,
  ]);
  assert.equal(local.code, 0, local.stderr);
  assert.match(local.stdout, new RegExp(`: cloned from ${bare}\n`));
  const origin = [
    'git',
    '-c',
    'safe.directory=*',
    '-C',
    `${root}/${name}`,
    'remote',
    'get-url',
    'origin',
  ] as const;
  assert.equal((await must('ask git', origin)).trim(), bare);
  assert.equal(existsSync(`${root}/.hostctl-create.git`), false);
});

test('code that is run during create has the app’s rights, no terminal and nothing of root’s', {
  skip,
}, async t => {
  const place = makePlace(t);
  const config = writeConfiguration(place);
  const { name, group, root } = freshNames(place);
  const code = place.directory('code');
  await must('copy', ['cp', '-r', `${demo}/.`, code]);
  const spy = `
import json, os
def terminal():
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
        return True
    except OSError:
        return False
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
with open("${root}/data/spy.json", "w") as out:
    json.dump({"uid": os.getresuid(), "groups": os.getgroups(), "nnp": status["NoNewPrivs"].strip(),
               "env": dict(os.environ), "terminal": terminal(), "fds": os.listdir("/proc/self/fd"),
               "umask": status["Umask"].strip()}, out)
`;
  writeFileSync(`${code}/hello/settings.py`, spy + readFileSync(`${demo}/hello/settings.py`, 'utf8'));
  const args = ['create', name, '--root', root, '--group', group, '--from', code];
  const created = await hostctl(config, [...args, '--python', keptPython(place)], {
    env: { LD_BIND_NOW: '1', SECRET_OF_ROOT: 'x', PYTHONPATH: '/tmp' },
  });
  assert.equal(created.code, 0, created.stderr);
  const seen = JSON.parse(readFileSync(`${root}/data/spy.json`, 'utf8'));
  const uid = native.user(name)?.uid;
  assert.deepEqual(seen.uid, [uid, uid, uid]);
  assert.ok(seen.groups.every((gid: number) => gid === native.group(group)?.gid));
  assert.equal(seen.nnp, '1');
  assert.equal(seen.terminal, false);
  assert.equal(seen.umask, '0022');
  assert.equal(seen.env.SECRET_OF_ROOT, undefined);
  assert.equal(seen.env.LD_BIND_NOW, undefined);
  assert.equal(seen.env.PYTHONPATH, `${root}/${name}`);
  assert.ok(seen.fds.length <= 5, seen.fds.join());
  assert.equal((await hostctl(config, ['remove', name, '--purge', '--yes'])).code, 0);
});

test('what an app has put in its directory leads a purge nowhere, and what it still runs is ended', {
  skip,
}, async t => {
  const place = makePlace(t);
  const config = writeConfiguration(place);
  const { name, group, root } = freshNames(place);
  const precious = outside(place);
  const python = ['--python', keptPython(place)];
  const made = await hostctl(config, ['create', name, '--root', root, '--group', group, ...python]);
  assert.equal(made.code, 0, made.stderr);
  const user = native.user(name);
  assert.ok(user);
  symlinkSync(precious, `${root}/media/link`);
  symlinkSync('/etc', `${root}/static/etc`);
  const as = { name, uid: user.uid, gid: user.gid };
  const deep = 'import os\nfor i in range(3000):\n    os.mkdir("d"); os.chdir("d")\n';
  await must('dig', ['/usr/bin/python3', '-c', deep], { as, cwd: `${root}/media` });
  const linger = spawn('/bin/sleep', ['300'], {
    uid: user.uid,
    gid: user.gid,
    detached: true,
    stdio: 'ignore',
  });

  mkdirSync(`${root}/mounted`);
  const isMounted = (await run(['mount', '--bind', precious, `${root}/mounted`])).code === 0;
  if (isMounted) {
    const refused = await hostctl(config, ['remove', name, '--purge', '--yes']);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /cannot go into ".*\/mounted": another file system is mounted there\n {2}try: umount/,
    );
    await must('unmount', ['umount', `${root}/mounted`]);
  }
  const purged = await hostctl(config, ['remove', name, '--purge', '--yes']);
  assert.equal(purged.code, 0, purged.stderr);
  assert.equal(existsSync(`${place.dir}/webapps`), false);
  assert.equal(readFileSync(`${precious}/precious`, 'utf8'), 'precious\n');
  assert.ok(existsSync('/etc/passwd'));
  assert.equal(native.user(name), null);
  assert.notEqual(linger.exitCode ?? linger.signalCode, null, 'sleep was ended');
});

test('a virtualenv that root made is given to the app, unless a link or a second name is in the way', {
  skip,
}, async t => {
  const place = makePlace(t);
  const config = writeConfiguration(place);
  const { name, group, root } = freshNames(place);
  const precious = outside(place);
  place.directory('webapps');
  await must('make a virtualenv', [keptPython(place), '-m', 'venv', root]);
  symlinkSync(`${precious}/precious`, `${root}/link`);
  const args = ['create', name, '--root', root, '--group', group];
  await must('link', ['ln', `${precious}/precious`, `${root}/second`]);
  const before = listing(place.dir).filter(line => !line.includes('lib/created'));
  const refused = await hostctl(config, args);
  assert.match(refused.stderr, /cannot chown ".*\/second": the file has a second name elsewhere/);
  assert.deepEqual(
    listing(place.dir).filter(line => !/^\S+ \S+ lib$/.test(line)),
    before,
  );
  await must('unlink', ['rm', `${root}/second`]);
  const made = await hostctl(config, args);
  assert.equal(made.code, 0, made.stderr);
  const uid = native.user(name)?.uid;
  const lines = listing(root).filter(line => !line.startsWith('120777'));
  assert.deepEqual(
    lines.filter(line => !line.includes(` ${uid}:`)),
    [],
  );
  assert.match(listing(precious).join(), / 0:0 precious$/);
  assert.equal((await hostctl(config, ['remove', name, '--purge', '--yes'])).code, 0);

  const other = freshNames(place, 'other');
  place.write('webapps/other/file', 'something\n');
  const taken = await hostctl(config, ['create', other.name, '--root', other.root, '--group', other.group]);
  assert.match(taken.stderr, /cannot use .*: it is not empty, and no virtualenv/);
  chownSync(other.root, 1, 1);
  const alien = await hostctl(config, ['create', other.name, '--root', other.root, '--group', other.group]);
  assert.match(alien.stderr, /cannot use .*: it belongs to daemon/);
  assert.equal(native.user(other.name), null);
});
