// hostctl create and remove on this machine, for real: users, virtualenvs, Django, hostd.

import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { must, run } from '../scripts/run.ts';
import { verifySite } from '../scripts/verify.ts';
import { native } from '../src/native/index.ts';
import { freshNames, hostctl, listing, writeConfiguration } from './create/fixture.ts';
import { keptPython } from './create/kept-python.ts';
import { needsRoot } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { childrenOf, look } from './harness/processes.ts';

const skip = needsRoot;
const demo = join(import.meta.dirname, '../demo/hello');

function mode(path: string): string {
  const { mode, uid } = lstatSync(path);
  return `${(mode & 0o7777).toString(8)} ${native.user(uid)?.name}`;
}

test('a new project answers at once, and remove with purge leaves nothing of it', { skip }, async t => {
  const place = makePlace(t);
  const { name, group, root, host } = freshNames(place);
  const hostd = await startHostd(place);
  const before = [...listing(`${place.dir}/etc`), ...listing(`${place.dir}/lib`)];
  const args = ['create', name, '--host', host, '--root', root, '--group', group];
  const created = await hostctl(hostd.config, args);
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stdout, /^group .*: made\nuser .*: made\n/);
  assert.match(
    created.stdout,
    new RegExp(
      `\nhealth path: /admin/login/\n(.|\n)*\nstart: RUNNING\nsite: http://${host}:${hostd.port}/\nnext: hostctl exec `,
    ),
  );

  const login = await hostd.get(host, '/admin/login/');
  assert.equal(login.status, 200);
  assert.match(login.text, /csrfmiddlewaretoken/);
  const style = await hostd.get(host, '/static/admin/css/base.css');
  assert.equal(style.status, 200);
  assert.equal((await hostd.get(`${name}.localhost`, '/admin/login/')).status, 200);
  assert.equal((await hostd.get(host, '/')).status, 404, 'DEBUG is off');

  assert.equal(mode(root), `751 ${name}`);
  assert.equal(mode(`${root}/data`), `700 ${name}`);
  assert.equal(mode(`${root}/data/secret_key`), `600 ${name}`);
  assert.equal(mode(`${root}/${name}`), `700 ${name}`);
  assert.doesNotMatch(readFileSync(`${root}/${name}/${name}/settings.py`, 'utf8'), /django-insecure/);
  const { pid } = await hostd.state(name, 'RUNNING');
  for (const process of [look(pid ?? 0), ...childrenOf(pid ?? 0)]) {
    assert.equal(process?.uid, native.user(name)?.uid, process?.command);
  }

  const again = await hostctl(hostd.config, args);
  assert.equal(again.code, 0, again.stderr);
  assert.doesNotMatch(again.stdout, /: (made|installed|applied|collected|written)/);
  assert.equal((await hostd.state(name, 'RUNNING')).pid, pid, 'it was not restarted');

  const removed = await hostctl(hostd.config, ['remove', name]);
  assert.equal(removed.code, 0, removed.stderr);
  assert.deepEqual(
    (await hostd.status()).filter(program => program.app !== null),
    [],
  );
  assert.ok(existsSync(`${root}/data/db.sqlite3`), 'data are kept');
  const back = /back: (mv \S+ \S+) && hostctl update/.exec(removed.stderr)?.[1] ?? 'false';
  assert.equal((await run(['sh', '-c', back])).code, 0);
  assert.equal((await hostctl(hostd.config, ['update'])).code, 0);
  assert.equal((await hostd.get(host, '/admin/login/')).status, 200, 'the way back works');

  const refused = await hostctl(hostd.config, ['remove', name, '--purge'], { input: 'no\n' });
  assert.equal(refused.code, 1);
  await hostd.state(name, 'RUNNING');
  const purged = await hostctl(hostd.config, ['remove', name, '--purge'], { input: `${name}\n` });
  assert.equal(purged.code, 0, purged.stderr);
  assert.equal(native.user(name), null);
  assert.equal(native.group(group), null);
  assert.equal(existsSync(`${place.dir}/webapps`), false);
  const runs = (line: string) => !line.includes('runs/');
  assert.deepEqual(
    [...listing(`${place.dir}/etc`), ...listing(`${place.dir}/lib`)].filter(runs),
    before.filter(runs),
  );
});

test('code of one’s own is copied, told of its surroundings by the environment, and served', {
  skip,
}, async t => {
  const place = makePlace(t);
  const { name, group, root, host } = freshNames(place);
  const hostd = await startHostd(place);
  const args = ['create', name, '--host', host, '--root', root, '--group', group, '--from', demo];
  const more = ['--database', 'sqlite', '--python', keptPython(place)];
  const created = await hostctl(hostd.config, [...args, ...more]);
  assert.equal(created.code, 0, created.stderr);
  const toml = `${place.dir}/etc/apps.d/${name}.toml`;
  assert.equal(mode(toml), '600 root', 'SECRET_KEY is in it');
  assert.match(readFileSync(toml, 'utf8'), /\nsettings {5}= "hello.settings"\n/);
  const uid = native.user(name)?.uid ?? 0;
  await verifySite({ name: 'hello', to: { port: hostd.port }, host, uid, files: true });
});

test('an app that does not start is taken away again, and the end of its log is shown', { skip }, async t => {
  const place = makePlace(t);
  const { name, group, root, host } = freshNames(place);
  const hostd = await startHostd(place);
  const code = place.directory('code');
  assert.equal((await run(['cp', '-r', `${demo}/.`, code])).code, 0);
  writeFileSync(`${code}/hello/wsgi.py`, 'raise RuntimeError("no such luck")\n');
  const before = listing(`${place.dir}/etc`);
  const args = ['create', name, '--host', host, '--root', root, '--group', group, '--from', code];
  const created = await hostctl(hostd.config, [...args, '--python', keptPython(place)]);
  assert.equal(created.code, 1, created.stdout);
  assert.match(created.stderr, /RuntimeError: no such luck(.|\n)*undone: /);
  assert.match(created.stderr, new RegExp(`cannot start "${name}"`));
  assert.equal(native.user(name), null);
  assert.equal(native.group(group), null);
  assert.equal(existsSync(`${place.dir}/webapps`), false);
  assert.deepEqual(listing(`${place.dir}/etc`), before);
  assert.deepEqual(
    (await hostd.status()).filter(program => program.app !== null),
    [],
  );
});

test('a step that fails undoes the steps before it, but nothing that was there before', { skip }, async t => {
  const place = makePlace(t);
  const { name, group, root } = freshNames(place);
  const config = writeConfiguration(place);
  assert.equal((await run(['groupadd', '--system', group])).code, 0);
  place.write('requirements.txt', 'no-such-package-of-hostd==1.0\n');
  const python = keptPython(place);
  place.directory('webapps');
  place.directory('lib');
  const before = listing(place.dir);
  const bad = ['--requirements', `${place.dir}/requirements.txt`];
  const args = ['create', name, '--root', root, '--group', group];
  const failed = await hostctl(config, [...args, ...bad, '--python', python]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /no-such-package-of-hostd/);
  assert.match(failed.stderr, /hostctl: cannot install the packages/);
  assert.deepEqual(listing(place.dir), before);
  assert.equal(native.user(name), null);
  assert.notEqual(native.group(group), null, 'the group was there');

  const kept = await hostctl(config, [...args, ...bad, '--keep', '--python', python]);
  assert.equal(kept.code, 1);
  assert.ok(existsSync(`${root}/bin/python`));
  const wheels = await writeWheel(place);
  const good = ['--requirements', place.write('requirements.txt', 'hostd-sample\n')];
  const env = { PIP_FIND_LINKS: wheels, PIP_NO_INDEX: '1' };
  const finished = await hostctl(config, [...args, ...good], { env });
  assert.equal(finished.code, 0, finished.stderr);
  assert.match(finished.stdout, /virtualenv: there already\npackages: installed/);
  assert.equal((await hostctl(config, ['remove', name, '--purge', '--yes'])).code, 0);
  assert.notEqual(native.group(group), null, 'the group is not create’s to remove');
  rmSync(wheels, { recursive: true });
  assert.deepEqual(listing(place.dir), before);
});

/** A package without code, as a wheel (PyPA's binary distribution format). Returns its directory. */
async function writeWheel(place: Place): Promise<string> {
  const directory = place.directory('wheels');
  const wheel = `${directory}/hostd_sample-1.0-py3-none-any.whl`;
  const code = `
import sys, zipfile
info = "hostd_sample-1.0.dist-info/"
with zipfile.ZipFile(sys.argv[1], "w") as out:
    out.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: hostd-sample\\nVersion: 1.0\\n")
    out.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    out.writestr(info + "RECORD", "")
`;
  await must('write a wheel', ['/usr/bin/python3', '-c', code, wheel]);
  return directory;
}

test('the commands of --dry-run, in a shell, make an app that create finds complete', { skip }, async t => {
  const place = makePlace(t);
  const { name, group, root, host } = freshNames(place);
  const config = writeConfiguration(place);
  const python = ['--python', keptPython(place)];
  const args = ['create', name, '--host', host, '--root', root, '--group', group, ...python];
  const before = listing(place.dir);
  const script = await hostctl(config, [...args, '--dry-run']);
  assert.equal(script.code, 0, script.stderr);
  assert.deepEqual(listing(place.dir), before, 'nothing was done');
  assert.equal(native.user(name), null);

  // Machines for tests have no sudo; this one does what the script needs of it.
  place.write(
    'bin/sudo',
    '#!/bin/sh\nif [ "$1" = -u ]; then user=$2; shift 2; exec runuser -u "$user" -- "$@"; fi\nexec "$@"\n',
    0o755,
  );
  place.write('bin/hostctl', '#!/bin/sh\necho "hostctl $*"\n', 0o755);
  const file = place.write('script.sh', `set -e\n${script.stdout}`);
  const env = { ...process.env, PATH: `${place.dir}/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
  const ran = await run(['sh', file], { env });
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /hostctl -c \S+hostd\.toml update\n$/);

  const created = await hostctl(config, args);
  assert.equal(created.code, 0, created.stderr);
  assert.doesNotMatch(created.stdout, /: (made|installed|applied|collected|written)/);
  assert.equal((await hostctl(config, ['remove', name, '--purge', '--yes'])).code, 0);
  assert.equal(native.user(name), null, 'a user by the article’s own command is the app’s');
});

test('an app whose table is there already is made as the table says', { skip }, async t => {
  const place = makePlace(t);
  const { name, group, root } = freshNames(place);
  const proxy = `[proxy]\nlisten = ["127.0.0.1:${await freePort()}"]\n`;
  const config = writeConfiguration(place, proxy);
  const table = `[app.${name}]\nroot = "${root}"\ngroup = "${group}"\nserver_names = ["x.test"]\nworkers = 1\n`;
  const toml = place.write(`etc/apps.d/${name}.toml`, table);
  const created = await hostctl(config, ['create', name, '--python', keptPython(place)]);
  assert.equal(created.code, 0, created.stderr);
  assert.equal(readFileSync(toml, 'utf8'), table);
  assert.match(readFileSync(`${root}/${name}/${name}/settings.py`, 'utf8'), /ALLOWED_HOSTS = \["x.test", /);
  const check = await hostctl(config, ['check']);
  assert.equal(check.code, 0, check.stdout);
});
