// PostgreSQL as create sets it up: a role and a database for each app, reached by peer authentication.

import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../scripts/run.ts';
import { verifySite } from '../scripts/verify.ts';
import { native } from '../src/native/index.ts';
import { needsPostgresql, startCluster } from './create/cluster.ts';
import { freshNames, hostctl, writeConfiguration } from './create/fixture.ts';
import { keptPython } from './create/kept-python.ts';
import { needsRoot } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const skip = needsRoot || needsPostgresql;
const demo = join(import.meta.dirname, '../demo/hello');
/** The driver that the first app gets from pip's index, for the others: empty until then, and they get their own. */
const driver = mkdtempSync('/tmp/hostd-test-driver-');
chmodSync(driver, 0o755);
after(() => rmSync(driver, { recursive: true }));
const databases = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database";
const roles = "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolname !~ '^pg_'";

function account(name: string): { uid: number; gid: number } {
  const user = native.user(name);
  assert.ok(user, name);
  return user;
}

test('Django reads and writes through peer authentication, over a restart of PostgreSQL', {
  skip,
}, async t => {
  const place = makePlace(t);
  const cluster = await startCluster(place);
  const { name, group, root, host } = freshNames(place);
  const hostd = await startHostd(place);
  const args = ['create', name, '--host', host, '--root', root, '--group', group];
  const more = ['--from', demo, '--database', 'postgresql', '--python', keptPython(place)];
  const created = await hostctl(hostd.config, [...args, ...more], { env: cluster.env });
  assert.equal(created.code, 0, created.stderr);
  const to = { port: hostd.port };
  const { uid } = account(name);
  assert.match(created.stdout, /\nPostgreSQL's driver: installed \(psycopg/);
  for (const own of globSync(`${root}/lib/python3*/site-packages`))
    cpSync(own, driver, { recursive: true, filter: path => !path.endsWith('/kept.pth') });
  await verifySite({ name: 'hello', to, host, uid, files: true });
  const count = async () => Number(await cluster.sql('SELECT count(*) FROM guestbook_entry', name));
  const before = await count();
  assert.ok(before > 0, 'the guest book is in PostgreSQL');
  await cluster.restart();
  await until('the site to answer again', async () => (await hostd.get(host, '/')).status === 200);
  await verifySite({ name: 'hello', to, host, uid, files: true });
  assert.ok((await count()) > before, 'and is written to after the restart');
  assert.equal(await cluster.sql(`SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = '${name}'`), 't');
  assert.match(
    readFileSync(`${place.dir}/etc/apps.d/${name}.toml`, 'utf8'),
    /\nDATABASE_URL = "postgresql:\/\/hc\w+@\//,
  );

  const purged = await hostctl(hostd.config, ['remove', name, '--purge', '--yes']);
  assert.equal(purged.code, 0, purged.stderr);
  assert.equal(await cluster.sql(databases), 'postgres template0 template1');
  assert.equal(await cluster.sql(roles), 'postgres');
  assert.equal(native.user(name), null);
});

test('of a project with settings for a laptop those for production are taken, and its data go where was asked', {
  skip,
}, async t => {
  const place = makePlace(t);
  const cluster = await startCluster(place);
  const { name, group, root, host } = freshNames(place);
  const hostd = await startHostd(place);
  const source = layered(place);
  const args = ['create', name, '--host', host, '--root', root, '--group', group, '--database', 'postgresql'];
  const more = ['--from', source, '--python', keptPython(place, { beside: driver })];
  const created = await hostctl(hostd.config, [...args, ...more], { env: cluster.env });
  assert.equal(created.code, 0, created.stderr);
  const own = `${root}/${name}/hostd_settings.py`;
  assert.match(
    created.stdout,
    /\nsettings: hello\.settings\.production \(DEBUG is on in hello\.settings\.dev\), with SECRET_KEY, ALLOWED_HOSTS, DATABASES, STATIC_ROOT set in /,
  );
  assert.match(created.stdout, new RegExp(`\nmigrations: applied \\(\\d+\\), to postgresql "${name}"\n`));
  assert.match(created.stdout, /\nhealth path: \/healthz\n/);
  assert.match(created.stdout, new RegExp(`\nstart: RUNNING\nsite: http://${host}:${hostd.port}/\nnext: `));
  assert.ok(Number(await cluster.sql('SELECT count(*) FROM django_migrations', name)) > 10);
  assert.equal(existsSync(`${root}/${name}/db.sqlite3`), false);
  assert.equal(existsSync(own), true);
  assert.equal((await hostd.get(host, '/admin/login/')).status, 200);
  assert.equal((await hostd.get(host, '/static/admin/css/base.css')).status, 200);
  const missing = await hostd.get(host, '/no/such/page');
  assert.equal(missing.status, 404);
  assert.doesNotMatch(missing.text, /DEBUG = True/);
  const toml = readFileSync(`${place.dir}/etc/apps.d/${name}.toml`, 'utf8');
  assert.match(toml, /\nsettings {5}= "hostd_settings"\n(.|\n)*\nhealth {7}= "\/healthz"\n/);
  const again = await hostctl(hostd.config, [...args, ...more], { env: cluster.env });
  assert.equal(again.code, 0, again.stderr);
  assert.doesNotMatch(again.stdout, /: (made|installed|applied|collected|written)/);

  // Where nobody can know which it is, somebody has to say it.
  const other = freshNames(place, 'other');
  rmSync(`${source}/hello/settings/production.py`);
  for (const module of ['cloud', 'office'])
    place.write(`code/hello/settings/${module}.py`, 'from .base import *\nDEBUG = False\n');
  const where = ['--root', other.root, '--group', other.group, ...more];
  const refused = await hostctl(hostd.config, ['create', other.name, ...where]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /cannot choose the settings: DEBUG is on in "hello\.settings\.dev"\n {2}try: --settings hello\.settings\.cloud, or: --settings hello\.settings\.office\n/,
  );
  assert.doesNotMatch(refused.stderr, /undone: remove \n/);
  assert.equal(existsSync(other.root), false);
});

/** The demo's project with the settings that `wagtail start` writes: for a laptop unless told otherwise, and nothing from the environment. */
function layered(place: Place): string {
  const code = place.directory('code');
  cpSync(demo, code, { recursive: true });
  const base = readFileSync(`${code}/hello/settings.py`, 'utf8')
    .replace(/^DEBUG = .*$/m, '')
    .replace(/^SECRET_KEY = .*$/m, '')
    .replace(/^ALLOWED_HOSTS .*$/gm, '')
    .replace(/^DATABASES = .*$/m, 'DATABASES = {"default": database(f"sqlite:///{BASE_DIR}/db.sqlite3")}')
    .replace(/^STATIC_ROOT = .*$/m, 'STATIC_ROOT = BASE_DIR / "static"')
    .replace('resolve().parent.parent', 'resolve().parent.parent.parent');
  rmSync(`${code}/hello/settings.py`);
  place.write('code/hello/settings/__init__.py', '');
  place.write('code/hello/settings/base.py', base);
  const dev = 'from .base import *\nDEBUG = True\nSECRET_KEY = "django-insecure-x"\nALLOWED_HOSTS = ["*"]\n';
  place.write('code/hello/settings/dev.py', dev);
  place.write('code/hello/settings/production.py', 'from .base import *\nDEBUG = False\n');
  for (const file of ['manage.py', 'hello/wsgi.py'])
    writeFileSync(
      `${code}/${file}`,
      readFileSync(`${code}/${file}`, 'utf8').replaceAll('hello.settings', 'hello.settings.dev'),
    );
  return code;
}

test('a new project has its own database, and another app cannot look into it', { skip }, async t => {
  const place = makePlace(t);
  const cluster = await startCluster(place);
  const config = writeConfiguration(place);
  const a = freshNames(place, 'a');
  const b = { ...freshNames(place, 'b'), group: a.group };
  const python = keptPython(place, { beside: driver });
  const args = (app: typeof a) => [
    'create',
    app.name,
    '--root',
    app.root,
    '--group',
    app.group,
    '--python',
    python,
  ];
  for (const app of [a, b]) {
    const made = await hostctl(config, [...args(app), '--database', 'postgresql'], { env: cluster.env });
    assert.equal(made.code, 0, made.stderr);
  }
  const settings = readFileSync(`${a.root}/${a.name}/${a.name}/settings.py`, 'utf8');
  assert.match(settings, /django\.db\.backends\.postgresql/);
  assert.doesNotMatch(settings.split('# --- Added')[1] ?? '', /"PASSWORD"/);
  assert.equal((await cluster.sqlAs(account(a.name), a.name, a.name, 'TABLE django_migrations')).code, 0);
  assert.match(
    (await cluster.sqlAs(account(b.name), b.name, a.name, 'SELECT 1')).stderr,
    /permission denied/,
  );
  assert.match(
    (await cluster.sqlAs(account(b.name), a.name, a.name, 'SELECT 1')).stderr,
    /Peer authentication failed/,
  );
  assert.match(
    (await cluster.sqlAs(account(b.name), 'postgres', 'postgres', 'SELECT 1')).stderr,
    /Peer auth/,
  );

  const again = await hostctl(config, [...args(a), '--database', 'postgresql'], { env: cluster.env });
  assert.equal(again.code, 0, again.stderr);
  assert.doesNotMatch(again.stdout, /: (made|installed|applied|collected|written)/);
  assert.equal((await hostctl(config, ['remove', a.name, '--purge', '--yes'])).code, 0);
  assert.notEqual(native.group(a.group), null, 'the other app is in the group');
  assert.equal(await cluster.sql(roles), `postgres ${b.name}`);
  assert.equal((await hostctl(config, ['remove', b.name, '--purge', '--yes'])).code, 0);
  assert.equal(native.group(a.group), null, 'the last one takes it away');
});

test('a migration that fails takes database and role away again, but no database of others', {
  skip,
}, async t => {
  const place = makePlace(t);
  const cluster = await startCluster(place);
  const config = writeConfiguration(place);
  const { name, group, root } = freshNames(place);
  const code = place.directory('code');
  assert.equal((await run(['cp', '-r', `${demo}/.`, code])).code, 0);
  writeFileSync(`${code}/guestbook/migrations/0002_bad.py`, 'raise RuntimeError("bad migration")\n');
  const python = keptPython(place, { beside: driver });
  const from = ['--from', code, '--database', 'postgresql', '--python', python];
  const args = ['create', name, '--root', root, '--group', group, ...from];
  const failed = await hostctl(config, args, { env: cluster.env });
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /bad migration/);
  assert.equal(await cluster.sql(databases), 'postgres template0 template1');
  assert.equal(await cluster.sql(roles), 'postgres');
  assert.equal(existsSync(root), false);

  await cluster.sql(`CREATE DATABASE ${name}`);
  const refused = await hostctl(config, args, { env: cluster.env });
  assert.match(
    refused.stderr,
    new RegExp(`cannot use the PostgreSQL database "${name}": it belongs to "postgres"`),
  );
  assert.equal(
    await cluster.sql(databases),
    `${name} postgres template0 template1`.split(' ').toSorted().join(' '),
  );
  assert.equal(await cluster.sql(roles), 'postgres');

  await cluster.sql(`CREATE ROLE ${name} SUPERUSER LOGIN`);
  const powerful = await hostctl(config, args, { env: cluster.env });
  assert.match(powerful.stderr, /it may do more than an app should/);
  assert.equal(native.user(name), null);
});

test('without a running PostgreSQL nothing is begun', { skip }, async t => {
  const place = makePlace(t);
  const config = writeConfiguration(place);
  const { name, group, root } = freshNames(place);
  const args = ['create', name, '--root', root, '--group', group, '--database', 'postgresql'];
  const failed = await hostctl(config, args, { env: { PGHOST: `${place.dir}/nowhere` } });
  assert.equal(failed.code, 1);
  assert.equal(failed.stdout, '');
  assert.match(failed.stderr, /cannot reach PostgreSQL.*\n {2}try: systemctl start postgresql/);
  assert.equal(native.user(name), null);
});
