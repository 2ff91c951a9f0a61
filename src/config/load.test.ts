import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { toldKinds } from '../model/happenings.ts';
import type { Host } from '../model/host.ts';
import { formatProblem } from '../model/problem.ts';
import { bareMachine, richMachine, tryAfter, tryApps, tryFiles } from './fixture.test.ts';
import { load } from './load.ts';

const app = (name: string, keys = '') => `[app.${name}]\nroot = "/webapps/${name}"\n${keys}\n`;

const names = (host: Host) => host.programs.map(program => program.name);

test('an empty hostd.toml means the defaults', () => {
  const { host, said, broken } = tryFiles({ 'hostd.toml': '' });
  assert.deepEqual(said, []);
  assert.equal(broken.settings, false);
  assert.deepEqual(
    { ...host.settings, file: '' },
    {
      file: '',
      include: ['apps.d/*.toml'],
      runtimeDir: '/run/hostd',
      stateDir: '/var/lib/hostd',
      logDir: '/var/log/hostd',
      logFile: null,
      control: { socket: '/run/hostd/hostd.sock', group: 'hostd' },
      proxy: {
        enabled: true,
        listen: [
          { host: '0.0.0.0', port: 80 },
          { host: '::', port: 80 },
        ],
        tlsListen: [
          { host: '0.0.0.0', port: 443 },
          { host: '::', port: 443 },
        ],
        user: 'www-data',
        workers: 1,
        trustedProxies: [],
        defaultSite: null,
        accessLogFormat: 'combined',
        errorPages: null,
        clientBodyTempPath: null,
        acmeWebroot: null,
        types: {},
      },
      emit: {
        formats: [],
        plain: false,
        out: '/',
        nginxTest: ['nginx', '-t'],
        nginxReload: ['nginx', '-s', 'reload'],
      },
      metrics: null,
      notify: { command: [], user: null, url: null, caFile: null, events: toldKinds },
      supervisor: [],
      web: null,
    },
  );
});

test('the control socket moves with the runtime directory', () => {
  const { host } = tryFiles({ 'hostd.toml': '[hostd]\nruntime_dir = "/tmp/run/"' });
  assert.equal(host.settings.control.socket, '/tmp/run/hostd.sock');
});

test('included files are read in order, hidden ones and others are not', () => {
  const { host, files, said } = tryFiles({
    'hostd.toml': '[hostd]\ninclude = ["apps.d/*.toml", "extra.toml", "hostd.toml"]\n[app.main]\nroot = "/m"',
    'apps.d/b.toml': app('b'),
    'apps.d/a.toml': app('a'),
    'apps.d/.#a.toml': 'no TOML',
    'apps.d/a.toml~': 'no TOML',
    'apps.d/sub.toml/x.toml': 'no TOML',
    'extra.toml': app('z'),
  });
  assert.deepEqual(said, []);
  assert.deepEqual(
    files.map(file => file.split('/').at(-1)),
    ['hostd.toml', 'a.toml', 'b.toml', 'extra.toml'],
  );
  assert.deepEqual(
    host.apps.map(({ name }) => name),
    ['main', 'a', 'b', 'z'],
  );
});

test('a missing hostd.toml is one error that says how to begin', () => {
  const { problems, broken, host } = load('/nonexistent/hostd.toml', { machine: null });
  assert.deepEqual(problems.map(formatProblem), [
    '/nonexistent/hostd.toml: cannot read this file: there is no such file\n' +
      '  try: mkdir -p /nonexistent/apps.d && touch /nonexistent/hostd.toml (empty, it means the defaults), or name another: -c FILE',
  ]);
  assert.equal(broken.settings, true);
  assert.deepEqual(host.apps, []);
});

test('what is wrong in one app keeps no other from being used, in the same file or in another', () => {
  const { host, said, broken } = tryFiles({
    'hostd.toml': '',
    'apps.d/a.toml': app('a', 'wrokers = 3') + app('b'),
    'apps.d/c.toml': '[app.c\n',
    'apps.d/d.toml': Buffer.from([0x23, 0xff, 0xfe]),
    'apps.d/e.toml': app('e'),
  });
  assert.deepEqual(said, [
    'apps.d/a.toml:3:1: app "a": there is no key "wrokers"\n  try: workers',
    'apps.d/c.toml:1:7: cannot read this file: a table name is never closed\n  try: [app.hello]',
    'apps.d/d.toml: cannot read this file: it is not UTF-8\n  try: iconv -t UTF-8, from what it is',
  ]);
  assert.deepEqual(
    host.apps.map(({ name }) => name),
    ['b', 'e'],
  );
  assert.deepEqual(names(host), ['b', 'e']);
  assert.deepEqual(
    host.sites.map(({ name }) => name),
    ['b', 'e'],
  );
  assert.deepEqual([...broken.names], ['a']);
  assert.deepEqual(
    [...broken.files].map(file => file.split('/').at(-1)),
    ['c.toml', 'd.toml'],
  );
});

test('what is broken is known by where it was found, whatever is left of it', () => {
  const { files, broken } = tryFiles({
    'hostd.toml': '',
    'apps.d/a.toml': app('a', 'wrokers = 3') + app('b'),
    'apps.d/c.toml': '[app.c\n',
  });
  const [, a = '', c = ''] = files;
  assert.equal(broken.has({ file: a, key: ['app', 'a'] }), true);
  assert.equal(broken.has({ file: a, key: ['app', 'a', 'program', 'celery'] }), true);
  assert.equal(broken.has({ file: a, key: ['app', 'b'] }), false);
  assert.equal(broken.has({ file: a, key: ['program', 'a'] }), false);
  assert.equal(broken.has({ file: c, key: ['app', 'anything'] }), true);
});

test('without a trustworthy [hostd], everything stays as it was', () => {
  for (const text of ['[hostd', '[hostd]\nlog_dir = 3', '[hostd]\ninclude = ["*/a.toml"]']) {
    const { broken } = tryFiles({ 'hostd.toml': text });
    assert.deepEqual([broken.settings, broken.control], [true, true]);
    assert.equal(broken.has({ file: '/etc/hostd/apps.d/a.toml', key: ['app', 'a'] }), true);
  }
});

test('what is wrong with the proxy concerns the settings, and no app', () => {
  const { broken, host } = tryFiles({ 'hostd.toml': '[proxy]\nusr = "x"\n', 'apps.d/a.toml': app('a') });
  assert.deepEqual([broken.settings, broken.control], [true, false]);
  assert.equal(broken.has({ file: '/x', key: ['app', 'a'] }), false);
  assert.deepEqual(names(host), ['a']);
});

test('an app is kept out as a whole: its gunicorn, its other programs, its site', () => {
  const { host } = tryApps(`${app('a')}[app.a.program.celery]\ncomand = "x"\n${app('b')}`);
  assert.deepEqual(names(host), ['b']);
});

test('numprocs makes as many programs, with names and numbers of their own', () => {
  const { host, said } = tryApps(
    `[program.cat]\nuser = "nobody"\ncommand = "/bin/cat %(process_num)d of %(numprocs)d"\nnumprocs = 3\nnumprocs_start = 1`,
  );
  assert.deepEqual(said, []);
  assert.deepEqual(
    host.programs.map(({ name, group, command, instance, stdout }) => [
      name,
      group,
      command.at(1),
      instance?.number,
      stdout.path,
    ]),
    [
      ['cat:cat_01', 'cat', '1', 1, '/var/log/hostd/cat_01-stdout.log'],
      ['cat:cat_02', 'cat', '2', 2, '/var/log/hostd/cat_02-stdout.log'],
      ['cat:cat_03', 'cat', '3', 3, '/var/log/hostd/cat_03-stdout.log'],
    ],
  );
  assert.deepEqual(host.programs[0]?.instance, { of: 'cat', number: 1, count: 3 });
});

test('numprocs names every process differently, however many there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 150 }), fc.nat({ max: 200 }), (count, start) => {
      const { host } = tryApps(
        `[program.cat]\nuser = "nobody"\ncommand = "cat"\nnumprocs = ${count}\nnumprocs_start = ${start}`,
      );
      assert.equal(new Set(names(host)).size, count);
      assert.equal(new Set(host.programs.map(({ stdout }) => stdout.path)).size, count);
    }),
    { numRuns: 20 },
  );
});

test("a [program] has Supervisor's defaults", () => {
  const { host } = tryApps('[program.cat]\ncommand = "/bin/cat"');
  const { source: _, ...program } = host.programs[0] ?? assert.fail();
  assert.deepEqual(program, {
    name: 'cat',
    group: 'cat',
    groupPriority: 999,
    app: null,
    kind: 'command',
    instance: null,
    command: ['/bin/cat'],
    directory: null,
    environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    user: null,
    unixGroup: null,
    umask: 0o022,
    limits: {},
    requires: [],
    noNewPrivileges: false,
    nice: null,
    oomScoreAdj: null,
    memoryMax: 0,
    memoryHigh: 0,
    cpuMax: 0,
    cpuWeight: 0,
    tasksMax: 0,
    ioWeight: 0,
    memoryRestart: 0,
    maxAge: 0,
    restartAt: null,
    priority: 999,
    autostart: true,
    autorestart: 'unexpected',
    startsecs: 1,
    startretries: 3,
    exitcodes: [0],
    stopsignal: 'SIGTERM',
    stopwaitsecs: 10,
    stopasgroup: false,
    killasgroup: false,
    stdout: {
      path: '/var/log/hostd/cat-stdout.log',
      maxBytes: 52428800,
      backups: 10,
      maxAge: null,
      through: null,
    },
    stderr: {
      path: '/var/log/hostd/cat-stderr.log',
      maxBytes: 52428800,
      backups: 10,
      maxAge: null,
      through: null,
    },
    socket: null,
    health: null,
    listener: null,
    schedule: null,
  });
});

test('every key of Supervisor is heard', () => {
  const { host, said } = tryApps(`
[program.cat]
command = "cat %(program_name)s %(group_name)s %(ENV_B)s %(here)s"
user = "nobody"
group = "nogroup"
priority = 5
autostart = false
autorestart = true
startsecs = 0
startretries = 0
exitcodes = [0, 2]
stopsignal = "int"
stopwaitsecs = 60
stopasgroup = true
umask = "077"
directory = "/srv/%(program_name)s"
environment = 'A="x",B="%(ENV_LANG)s 100%%"'
redirect_stderr = true
stdout_logfile = "/log/%(program_name)s.log"
stdout_logfile_maxbytes = "1MB"
stdout_logfile_backups = 2
stderr_logfile = "NONE"
limits = { nofile = 64 }
no_new_privileges = false
[group.g]
programs = ["cat"]
priority = 7
`);
  assert.deepEqual(said, []);
  const { source, environment, command, ...program } = host.programs[0] ?? assert.fail();
  assert.equal(environment['B'], 'C.UTF-8 100%');
  assert.deepEqual(command, ['cat', 'cat', 'g', 'C.UTF-8', '100%', source.file.replace(/\/[^/]*$/, '')]);
  assert.deepEqual(program, {
    name: 'g:cat',
    group: 'g',
    groupPriority: 7,
    app: null,
    kind: 'command',
    instance: null,
    directory: '/srv/cat',
    user: 'nobody',
    unixGroup: 'nogroup',
    umask: 0o077,
    requires: [],
    limits: { nofile: { soft: 64, hard: 64 } },
    noNewPrivileges: false,
    nice: null,
    oomScoreAdj: null,
    memoryMax: 0,
    memoryHigh: 0,
    cpuMax: 0,
    cpuWeight: 0,
    tasksMax: 0,
    ioWeight: 0,
    memoryRestart: 0,
    maxAge: 0,
    restartAt: null,
    priority: 5,
    autostart: false,
    autorestart: 'always',
    startsecs: 0,
    startretries: 0,
    exitcodes: [0, 2],
    stopsignal: 'SIGINT',
    stopwaitsecs: 60,
    stopasgroup: true,
    killasgroup: true,
    stdout: { path: '/log/cat.log', maxBytes: 1048576, backups: 2, maxAge: null, through: null },
    stderr: null,
    socket: null,
    health: null,
    listener: null,
    schedule: null,
  });
});

test('a program of an app has its user, its environment, its project and a log beside its own', () => {
  const { host, said } = tryApps(`${app('hello', 'group = "webapps"\nenv = { DEBUG = "0" }')}
[app.hello.program.celery]
command = "celery -A hello worker -n %(ENV_DEBUG)s"
environment = { QUEUE = "fast" }
[app.hello.program.beat]
command = ["bin/beat", "100%%"]
numprocs = 2
`);
  assert.deepEqual(said, []);
  assert.deepEqual(names(host), ['hello', 'hello:beat_00', 'hello:beat_01', 'hello:celery']);
  const celery = host.programs.find(({ name }) => name === 'hello:celery') ?? assert.fail();
  const gunicorn = host.programs.find(({ name }) => name === 'hello') ?? assert.fail();
  assert.deepEqual(celery.environment, { ...gunicorn.environment, QUEUE: 'fast' });
  assert.deepEqual(celery.command, ['celery', '-A', 'hello', 'worker', '-n', '0']);
  const { app: owner, user, unixGroup, directory, autorestart, startretries, stdout, stderr } = celery;
  assert.deepEqual(
    { owner, user, unixGroup, directory, autorestart, startretries, path: stdout.path, stderr },
    {
      owner: 'hello',
      user: 'hello',
      unixGroup: 'webapps',
      directory: '/webapps/hello/hello',
      autorestart: 'always',
      startretries: null,
      path: '/webapps/hello/logs/celery.log',
      stderr: null,
    },
  );
  assert.deepEqual(host.programs[1]?.command, ['bin/beat', '100%']);
});

test('an app keeps its percent signs: expansions are for programs', () => {
  const { host, said } = tryApps(app('a', `gunicorn_args = ["--access-logformat", "%(h)s %(r)s"]`));
  assert.deepEqual(said, []);
  assert.equal(host.programs[0]?.command.at(-1), '%(h)s %(r)s');
});

test("an app's startretries bring back Supervisor's rule", () => {
  const { host } = tryApps(app('a', 'startretries = 3\nautorestart = "unexpected"'));
  assert.equal(host.programs[0]?.startretries, 3);
  assert.equal(host.programs[0]?.autorestart, 'unexpected');
});

test('an app without static or media serves none', () => {
  const { host } = tryApps(app('a', 'static = false\nmedia = "/srv//media"'));
  assert.deepEqual(host.sites[0]?.locations, [{ prefix: '/media/', alias: '/srv/media/', expires: null }]);
});

test("a mistake in a group does not rename the group's programs", () => {
  const { host, broken } = tryApps(
    '[program.cat]\nuser = "nobody"\ncommand = "cat"\n[group.g]\nprograms = ["cat", "dgo"]',
  );
  assert.deepEqual(names(host), ['g:cat']);
  assert.deepEqual(host.groups, []);
  assert.deepEqual([...broken.names], ['g']);
});

test('between two newcomers the first in file order has the host name', () => {
  const { host } = tryFiles({
    'hostd.toml': '',
    'apps.d/a.toml': app('shop', 'server_names = ["x.test"]'),
    'apps.d/b.toml': app('blog', 'server_names = ["x.test"]'),
  });
  assert.deepEqual(names(host), ['shop']);
});

const two = (first: string, second: string) => ({
  'hostd.toml': '',
  'apps.d/a.toml': app('shop', first),
  'apps.d/b.toml': app('blog', second),
});

const claimed = 'server_names = ["x.test"]';

test('an app that runs with a host name keeps it from a newcomer that stands before it', () => {
  const { host, said } = tryAfter(two('', claimed), two(claimed, claimed));
  assert.deepEqual(names(host), ['blog']);
  assert.deepEqual(said, [
    'apps.d/a.toml:3:1: app "shop": host name "x.test" is already used by "blog" (apps.d/b.toml:3)\n  try: leave it to "blog", or take it away there',
  ]);
});

test('a host name may move from one app to another in one update', () => {
  assert.deepEqual(tryAfter(two('', claimed), two(claimed, '')).said, []);
});

test('a host name does not move while the app that runs with it has errors', () => {
  const { host, problems } = tryAfter(two('', claimed), two(claimed, 'wrokers = 3'));
  assert.deepEqual(names(host), []);
  assert.deepEqual(
    problems.map(({ message }) => message),
    [
      'app "shop": host name "x.test" is already used by "blog" (apps.d/b.toml:1)',
      'app "blog": there is no key "wrokers"',
    ],
  );
  assert.deepEqual(names(tryFiles(two(claimed, 'wrokers = 3')).host), ['shop']);
});

test('an app that moves to another file and gets a mistake on the way is left as it was', () => {
  const { broken, incumbents } = tryAfter(
    { 'hostd.toml': '', 'apps.d/a.toml': app('shop'), 'apps.d/b.toml': app('blog') },
    { 'hostd.toml': '', 'apps.d/a.toml': '', 'apps.d/b.toml': app('blog') + app('shop', 'wrokers = 3') },
  );
  assert.deepEqual(
    incumbents?.apps.map(({ name, source }) => [name, broken.has(source)]),
    [
      ['shop', true],
      ['blog', false],
    ],
  );
});

test('a group whose file can no longer be read keeps its programs', () => {
  const files = {
    'hostd.toml': '',
    'apps.d/a.toml': '[program.cat]\nuser = "nobody"\ncommand = "cat"',
    'apps.d/g.toml': '[group.g]\nprograms = ["cat"]',
  };
  const { host } = tryAfter(files, { ...files, 'apps.d/g.toml': '[group.g' });
  assert.deepEqual(names(host), ['g:cat']);
  const taken = { ...files, 'apps.d/g.toml': '[group.g', 'apps.d/h.toml': '[group.h]\nprograms = ["cat"]' };
  assert.deepEqual(names(tryAfter(files, taken).host), ['h:cat'], 'unless another has them now');
  const { host: dropped } = tryAfter(files, { ...files, 'apps.d/g.toml': '' });
  assert.deepEqual(names(dropped), ['cat']);
});

test('an app that cannot be used claims nothing', () => {
  const machine = { ...richMachine, user: (name: string) => (name === 'shop' ? null : { uid: 7, gid: 7 }) };
  const { host } = tryFiles(two('server_names = ["x.test"]', 'server_names = ["x.test"]'), { machine });
  assert.deepEqual(names(host), ['blog']);
});

test('one name in two files is the first one’s', () => {
  const { host, said } = tryFiles({
    'hostd.toml': '',
    'apps.d/a.toml': app('a'),
    'apps.d/b.toml': app('a', 'workers = 9'),
  });
  assert.deepEqual(said, [
    'apps.d/b.toml:1:1: app "a": there is already an app "a" (apps.d/a.toml:1)\n  try: [app.a-2], or another name',
  ]);
  assert.equal(host.apps[0]?.workers, 3);
});

test('one name in two files is the one’s that runs, wherever it stands', () => {
  const { host, said } = tryAfter(
    { 'hostd.toml': '', 'apps.d/b.toml': app('a') },
    { 'hostd.toml': '', 'apps.d/a.toml': app('a', 'workers = 9'), 'apps.d/b.toml': app('a') },
  );
  assert.deepEqual(said, [
    'apps.d/a.toml:1:1: app "a": there is already an app "a" (apps.d/b.toml:1)\n  try: [app.a-2], or another name',
  ]);
  assert.equal(host.apps[0]?.workers, 3);
});

test('programs are in the order in which they start', () => {
  const { host } = tryApps(`
[program.z]
command = "z"
priority = 1
[program.a]
command = "a"
[program.m]
command = "m"
priority = 2
[program.n]
command = "n"
[group.g]
programs = ["n", "m"]
priority = 5
${app('shop', 'priority = 3')}
[app.shop.program.celery]
command = "c"
`);
  assert.deepEqual(
    names(host),
    ['z', 'shop:celery', 'shop', 'g:m', 'g:n', 'a'].sort((a, b) => order(a) - order(b)),
  );
  function order(name: string): number {
    return ['z', 'shop', 'shop:celery', 'g:m', 'g:n', 'a'].indexOf(name);
  }
});

test('whoever could write the configuration is named', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-load-'));
  try {
    const file = join(directory, 'hostd.toml');
    writeFileSync(file, '');
    chmodSync(file, 0o666);
    chmodSync(directory, 0o757);
    const { problems } = load(file, { machine: richMachine });
    assert.deepEqual(problems.map(formatProblem), [
      `${file}: everybody can write "${directory}", and so choose what root starts\n  try: chown root: ${directory} && chmod go-w ${directory}`,
      `${file}: everybody can write this file, and so choose what root starts\n  try: chown root: ${file} && chmod go-w ${file}`,
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a configuration without problems never loads the parser that knows places', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-load-'));
  try {
    const loads = (text: string) => {
      writeFileSync(join(directory, 'hostd.toml'), text, { mode: 0o644 });
      const code = `
        import { registerHooks } from 'node:module';
        const urls = [];
        registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
        const { load } = await import(${JSON.stringify(new URL('load.ts', import.meta.url))});
        load(${JSON.stringify(join(directory, 'hostd.toml'))}, { machine: null });
        console.log(urls.some(url => url.includes('/toml-eslint-parser/')));`;
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
        encoding: 'utf8',
      });
      return stdout.trim() + stderr;
    };
    assert.equal(loads(app('a')), 'false');
    assert.equal(loads(app('a', 'wrokers = 3')), 'true');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('without a machine its facts are left out', () => {
  const text = app('a');
  assert.equal(tryApps(text, { machine: bareMachine }).host.apps.length, 0);
  assert.equal(tryApps(text, { machine: null }).host.apps.length, 1);
});
