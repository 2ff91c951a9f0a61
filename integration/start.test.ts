// What hostd's start depends on: a Node, its addon, modes of files. Whatever is missing is found elsewhere, or said in a line.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { must, run } from '../scripts/run.ts';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { broughtNode, copyCheckout, oldNode, wholeCheckout } from './harness/installation.ts';
import { makePlace } from './harness/place.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

/** A test runner of its own, not a part of this one. */
const { NODE_TEST_CONTEXT: _, ...environment } = process.env;

/** PATH of a machine whose own Node is too old. */
const pathWith = (directory: string) => `${directory}:/usr/sbin:/usr/bin:/sbin:/bin`;

const settings = (dir: string) => `[hostd]
include = []
runtime_dir = "${dir}/run"
state_dir = "${dir}/lib"
log_dir = "${dir}/log"
[control]
socket = "${dir}/run/hostd.sock"
group = "root"
`;

test('demo and test run by the Node that npm has brought, without a link in node_modules/.bin', async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.dir}/clone`, wholeCheckout);
  rmSync(`${home}/node_modules/.bin`, { recursive: true });
  const env = { ...environment, PATH: pathWith(oldNode(place)) };
  const demo = await run(['sh', `${home}/scripts/demo.sh`, '--remove', '--dir', `${place.dir}/demo`], {
    env,
  });
  assert.equal(demo.code, 0, demo.stderr);
  assert.match(demo.stdout, /^demo: removed /m);
  const tests = await run(['sh', `${home}/scripts/test.sh`, 'scripts/tally-sum.test.ts'], { env });
  assert.match(tests.stdout, /\n\d+ passed, 0 failed/, `${tests.stdout}${tests.stderr}`);
});

test('as root, tests in a clone below a closed directory run in an open copy', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.directory('closed', 0o700)}/clone`, wholeCheckout);
  assert.equal(statSync(home).mode & 0o777, 0o755);
  const argv = ['sh', `${home}/scripts/test.sh`, 'scripts/tally-sum.test.ts'] as const;
  const { stdout, stderr } = await run([...argv], { env: environment });
  assert.match(stdout, /^test: other users may not read .*, so the tests run in a copy, /m, stderr);
  assert.match(stdout, /\n\d+ passed, 0 failed/, stderr);
});

test('a Node that the proxy’s user may not execute is said by check, log and status, until it may', {
  skip: needsRoot || needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.dir}/home`);
  // As npm leaves it under umask 077. A copy: the hard link is the checkout's own.
  const node = `${home}/${broughtNode}`;
  rmSync(node);
  copyFileSync(`${checkout}/${broughtNode}`, node);
  chmodSync(node, 0o700);
  const { a } = await testAccounts();
  const app = await tinyApp(place, { account: a, keys: { health: '/' } });
  const PATH = pathWith(oldNode(place));
  const hostd = await startHostd(place, { apps: [app], home, env: { PATH } });

  const refused = `"www-data" may not execute "${node}"`;
  const proxy = await hostd.state('hostd-proxy', 'BACKOFF');
  assert.ok(proxy.description.includes(`${refused}; try: chmod go+rx ${node}`), proxy.description);
  const tiny = await hostd.state('tiny', 'RUNNING');
  assert.ok(tiny.description.includes(`health unknown: ${refused}`), tiny.description);
  assert.equal(hostd.output().match(/cannot ask \\?"tiny\\?" for its health/g)?.length, 1, hostd.output());

  const env = { PATH, ...place.env };
  const check = await run([`${home}/bin/hostd`, 'check', '-c', hostd.config], { env });
  assert.equal(check.code, 1, check.stderr);
  assert.ok(
    check.stdout.includes(`cannot run the proxy: ${refused}\n  try: chmod go+rx ${node}\n`),
    check.stdout,
  );

  chmodSync(node, 0o755);
  await hostd.hostctl('restart', 'hostd-proxy', 'tiny');
  await hostd.state('hostd-proxy', 'RUNNING');
  assert.doesNotMatch((await hostd.state('tiny', 'RUNNING')).description, /health/);
  assert.equal((await hostd.get(app.host)).status, 200);

  // Closed again, by an installation of the next version: this one goes on.
  chmodSync(node, 0o700);
  const upgrade = await hostd.hostctl('upgrade');
  assert.equal(upgrade.code, 1);
  assert.match(
    upgrade.stderr,
    /cannot upgrade: the new version does not start: .*"www-data" may not execute/s,
  );
  assert.equal((await hostd.get(app.host)).status, 200);
});

test('an app is RUNNING, and says that its health is unknown, when the probe ends without having asked', {
  skip: needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.dir}/home`);
  rmSync(`${home}/dist/probe/main.js`);
  writeFileSync(`${home}/dist/probe/main.js`, 'process.exit(9);\n');
  const app = await tinyApp(place, { account: (await testAccounts()).a, keys: { health: '/' } });
  const hostd = await startHostd(place, { apps: [app], home });
  const { description } = await hostd.state('tiny', 'RUNNING');
  assert.match(description, /, health unknown: hostd-probe ended with 9$/);
  assert.equal((await hostd.get(app.host)).status, 200);
  // The next run is asked anew.
  copyFileSync(`${checkout}/dist/probe/main.js`, `${home}/dist/probe/main.js`);
  await hostd.hostctl('restart', 'tiny');
  assert.doesNotMatch((await hostd.state('tiny', 'RUNNING')).description, /health/);
});

test('without its addon, hostd says in a line what is missing and how to make it', async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.dir}/home`);
  rmSync(`${home}/build`, { recursive: true });
  const config = place.write('hostd.toml', settings(place.dir));
  const expected = `cannot load "${home}/build/linux-${process.arch}/hostd.node": it was not built\n  try: sh "${home}/src/native/build.sh"\n`;
  for (const [program, ...args] of [
    ['hostd', 'check'],
    ['hostd', 'start'],
    ['hostctl', 'check'],
  ] as const) {
    const { code, stderr } = await run([`${home}/bin/${program}`, ...args, '-c', config], {
      env: process.env,
    });
    assert.deepEqual({ code, stderr }, { code: 1, stderr: `${program}: ${expected}` });
  }
  await must('build the addon again', ['sh', `${home}/src/native/build.sh`], { env: process.env });
  rmSync(`${home}/build/linux-${process.arch}/bare-sockets.node`);
  const { code, stdout } = await run([`${home}/bin/hostd`, 'check', '-c', config], { env: process.env });
  assert.equal(code, 0, stdout);
  assert.ok(
    stdout.includes(
      `there is no "${home}/build/linux-${process.arch}/bare-sockets.node"\n  try: sh ${home}/src/native/build.sh\n`,
    ),
  );
});

test('without its addon, hostctl has its help', async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.dir}/home`);
  rmSync(`${home}/build`, { recursive: true });
  const help = await run([`${home}/bin/hostctl`, '--help'], { env: process.env });
  assert.equal(help.code, 0, help.stderr);
});

test('hostd runs from a directory with blanks, signs and letters beyond ASCII in its name', {
  skip: needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.dir}/Projekte für später (50%25 'neu')`);
  const app = await tinyApp(place, { account: (await testAccounts()).a });
  const hostd = await startHostd(place, { apps: [app], home });
  await hostd.state('tiny', 'RUNNING');
  assert.equal((await hostd.get(app.host)).status, 200);
});

test('ps and pgrep know hostd and its proxy by their names', { skip: needsVirtualenv('recent') }, async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place);
  const { pid } = await hostd.state('hostd-proxy', 'RUNNING');
  const nameOf = (pid: number) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  assert.deepEqual([nameOf(hostd.pid), nameOf(pid ?? 0)], ['hostd', 'hostd-proxy']);
});

test('what npm packs is whole: installed without any script, it checks, and has its manual', async t => {
  const place = makePlace(t);
  const cwd = await copyCheckout(`${place.dir}/clone`, wholeCheckout);
  const env = { ...process.env, npm_config_ignore_scripts: 'true' };
  const packed = await run(['npm', 'pack', '--silent', '--pack-destination', place.dir], { cwd, env });
  assert.equal(packed.code, 0, packed.stderr);
  const tarball = `${place.dir}/${packed.stdout.trim()}`;
  const prefix = `${place.dir}/prefix`;
  // Without the packages that bring a Node: this process's own is in PATH.
  const options = ['--prefer-offline', '--omit=optional', '--no-audit', '--no-fund', '--prefix', prefix];
  const installed = await run(['npm', 'install', '--global', ...options, tarball], {
    cwd,
    env,
    timeout: 120_000,
  });
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(installed.stderr))
    return t.skip('needs a registry of npm');
  assert.equal(installed.code, 0, installed.stderr);
  const config = place.write('hostd.toml', settings(place.dir));
  const check = await run([`${prefix}/bin/hostd`, 'check', '-c', config], { env: process.env });
  assert.deepEqual({ code: check.code, stderr: check.stderr }, { code: 0, stderr: '' }, check.stdout);
  for (const page of ['man1/hostctl.1', 'man5/hostd.toml.5', 'man8/hostd.8'])
    assert.ok(statSync(`${prefix}/share/man/${page}`).isFile());
});

test('build.sh leaves an addon that fits alone, and asks npm for a compiler where there is none for one that does not', async t => {
  const place = makePlace(t);
  const home = await copyCheckout(`${place.dir}/home`);
  // An npm that reaches no registry.
  place.write('bin/npm', '#!/bin/sh\necho "npm $*" && exit 1\n', 0o755);
  const env = { ...process.env, CC: 'no-such-cc', PATH: `${place.dir}/bin:${process.env['PATH']}` };
  const build = () => spawnSync('sh', [`${home}/src/native/build.sh`], { encoding: 'utf8', env });
  assert.deepEqual([build().status, build().stderr], [0, '']);
  rmSync(`${home}/build/linux-${process.arch}/hostd.node`);
  const { status, stderr } = build();
  assert.equal(status, 1);
  assert.equal(
    stderr,
    'hostd: there is no C compiler ("no-such-cc"): npm brings zig cc for the while (about 100 MB)\n' +
      'npm ci --ignore-scripts --no-audit --no-fund --loglevel=error\n' +
      'hostd: cannot find a C compiler ("no-such-cc"), and npm cannot bring one\n' +
      '  try, as root: apt-get install gcc libc6-dev\n',
  );
  assert.ok(!existsSync(`${home}/build/zig`), 'nothing of it is left');
});
