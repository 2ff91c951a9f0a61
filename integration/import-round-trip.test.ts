// What nginx and supervisord serve, and what hostd serves after an import of their files: the same answers, environment and
// users. Every site of integration/import/sites.ts runs at once, first there, then here.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { type Answer, ask } from '../scripts/http.ts';
import { run } from '../scripts/run.ts';
import { needs, startNginx, startSupervisor } from './emit/tools.ts';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { installSites, type Site, secret } from './import/sites.ts';

type Get = (host: string, path: string) => Promise<Answer>;

/** What a site answers, as far as it is to be the same on both sides. */
interface Seen {
  readonly uid: number;
  readonly gid: number;
  readonly cwd: string;
  readonly workers: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<string, string>>;
  /** Files of those that are a secret to some sites, and are shown. */
  readonly shown: readonly string[];
}

const guarded = ['/media/private/secret.txt', '/static/private/secret.txt', '/media/secret.txt'];

async function look(site: Site, get: Get): Promise<Seen> {
  const { uid, gid, cwd, ppid } = JSON.parse((await get(site.host, '/whoami')).text) as Record<
    string,
    number
  > & { cwd: string };
  const answers: Record<string, string> = {};
  for (const [host, path] of site.asks) {
    const { status, headers, text } = await get(host, path);
    const where =
      headers['location'] === undefined ? '' : new URL(String(headers['location']), 'http://x').hostname;
    // The app's own page has its pid.
    answers[`${host}${path}`] =
      `${status} ${where} ${path.startsWith('/static') || path.startsWith('/media') ? `${headers['content-type']} ${text}` : ''}`;
  }
  const shown: string[] = [];
  for (const path of guarded) if ((await get(site.host, path)).text.includes(secret)) shown.push(path);
  return {
    shown,
    uid: uid ?? -1,
    gid: gid ?? -1,
    cwd,
    workers: childrenOf(ppid ?? 0),
    environment: JSON.parse((await get(site.host, '/env')).text) as Record<string, string>,
    answers,
  };
}

function childrenOf(pid: number): number {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length;
}

/** Both sides have their own of these. */
const own =
  /^(SUPERVISOR_.*|LISTEN_.*|HOSTD_.*|HOME|USER|LOGNAME|SHELL|MAIL|PWD|OLDPWD|SHLVL|_|PATH|PYTHONPATH|SERVER_SOFTWARE|VIRTUAL_ENV)$/;
const lists = ['PATH', 'PYTHONPATH'];
const system = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function assertSameEnvironment(site: Site, there: Seen, here: Seen): void {
  const said = Object.entries(there.environment).filter(
    ([name]) => !own.test(name) && !site.inherited.has(name),
  );
  for (const [name, value] of said) assert.equal(here.environment[name], value, `${site.name}: ${name}`);
  for (const name of lists) {
    const entries = (text: string | undefined) => (text ?? '').split(':').filter(Boolean);
    const wanted = entries(there.environment[name]).filter(
      entry => !system.includes(entry) && !site.inherited.has(entry),
    );
    for (const entry of wanted)
      assert.ok(entries(here.environment[name]).includes(entry), `${site.name}: ${entry} in ${name}`);
  }
}

async function serveThere(
  t: TestContext,
  sites: readonly Site[],
  place: ReturnType<typeof makePlace>,
  port: number,
) {
  const tree = `${place.dir}/tree`;
  const supervisor = await startSupervisor(place, tree);
  const nginx = await startNginx(place, tree, port);
  const get: Get = (host, path) => ask({ to: { port }, host, path });
  for (const site of sites)
    await until(
      `${site.name} to answer behind nginx`,
      async () => (await get(site.host, '/whoami')).status === 200,
      { every: 100 },
    ).catch(async error => {
      const { stdout } = await supervisor.ctl('tail', site.name, 'stderr');
      throw new Error(`${site.name}: ${error}\n${stdout}\n${(await supervisor.ctl('status')).stdout}`);
    });
  const seen = new Map<string, Seen>();
  for (const site of sites) seen.set(site.name, await look(site, get));
  t.diagnostic(`${sites.length} sites answered behind nginx`);
  await nginx.stop();
  await supervisor.stop();
  return seen;
}

test('an import serves what nginx and supervisord served: answers, environment, users, workers', {
  skip: needsRoot || needs('nginx', 'supervisord', 'supervisorctl') || needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const port = await freePort();
  const sites = await installSites(place, a, port);
  const open = sites.filter(site => !site.closed);
  assert.ok(open.length >= 20);
  const there = await serveThere(t, open, place, port);

  const tree = `${place.dir}/tree/etc`;
  const imported = await run(
    [
      `${checkout}/bin/hostctl`,
      'import',
      'supervisor',
      `${place.dir}/supervisor/supervisord.conf`,
      'nginx',
      `${tree}/nginx/sites-enabled`,
      '--out',
      `${place.dir}/imported`,
    ],
    { env: { PATH: process.env['PATH'], HOME: place.dir } },
  );
  // Something was private, and is refused.
  assert.equal(imported.code, 1, imported.stderr);
  for (const site of sites) {
    const told = imported.stderr
      .split('\n')
      .filter(line => line.includes(`/${site.name}`) || line.includes(`"${site.name}"`));
    if (site.told === null) assert.deepEqual(told, [], site.name);
    else assert.match(told.join('\n'), site.told);
  }
  const files = Object.fromEntries(
    readdirSync(`${place.dir}/imported`).map(name => [
      name,
      readFileSync(`${place.dir}/imported/${name}`, 'utf8'),
    ]),
  );
  const hostd = await startHostd(place, { files });
  const get: Get = (host, path) => hostd.get(host, path);
  for (const site of open) {
    await hostd.state(site.name, 'RUNNING').catch(async error => {
      const said = await Promise.all([hostd.hostctl('status'), hostd.hostctl('logs', site.name)]);
      throw new Error(
        `${site.name}: ${error}\n${said.map(({ stdout }) => stdout).join('\n')}\n${hostd.output()}`,
      );
    });
    const here = await look(site, get);
    const before = there.get(site.name) ?? assert.fail();
    assert.deepEqual(
      [site.name, here.uid, here.cwd, here.workers],
      [site.name, before.uid, before.cwd, before.workers],
      files[`${site.name}.toml`],
    );
    // gunicorn keeps root's group where root starts it with --user alone; hostd never does.
    if (before.gid !== 0) assert.equal(here.gid, before.gid, site.name);
    assert.deepEqual(here.answers, before.answers, site.name);
    assertSameEnvironment(site, before, here);
    // What nginx kept from the public is shown by nobody.
    for (const path of here.shown) assert.ok(before.shown.includes(path), `${site.name}${path}`);
  }
  // A reload waits for as many workers as gunicorn's own file says, two, and not for hostd's three.
  const reloaded = await hostd.hostctl('reload', 'ownfile');
  assert.equal(reloaded.code, 0, reloaded.stderr);
  const file = open.find(({ name }) => name === 'ownfile') ?? assert.fail();
  assert.equal((await look(file, get)).workers, 2);
  for (const site of sites.filter(site => site.closed)) assert.equal((await get(site.host, '/')).status, 404);
});
