// Every class of mistake, with the whole message that people get.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareMachine, richMachine, tryApps, tryFiles } from './fixture.test.ts';

const app = (keys: string) => `[app.shop]\nroot = "/webapps/shop"\n${keys}`;
const program = (keys: string) => `[program.cat]\nuser = "nobody"\ncommand = "/bin/cat"\n${keys}`;

const cases: readonly [title: string, text: string, said: string][] = [
  ['a misspelt key', app('wrokers = 3'), 'a.toml:3:1: app "shop": there is no key "wrokers"\n  try: workers'],
  [
    'a key under another tool’s name',
    app('num_workers = 3'),
    'a.toml:3:1: app "shop": there is no key "num_workers"\n  try: workers',
  ],
  [
    'a key that is like no other',
    app('banana = 3'),
    'a.toml:3:1: app "shop": there is no key "banana"\n  try: man 5 hostd.toml, for every key',
  ],
  [
    'a key of Supervisor that hostd has no use for',
    program('serverurl = "AUTO"'),
    'a.toml:4:1: program "cat": there is no key "serverurl"\n  try: leave it out: hostd sets no SUPERVISOR_SERVER_URL',
  ],
  [
    'a schedule that is none',
    program('schedule = "61 3 * * *"'),
    'a.toml:4:1: program "cat": cannot use schedule = "61 3 * * *": minute "61": "61" is not 0 to 59\n  try: schedule = "0 3 * * *"',
  ],
  [
    'a time zone that is none',
    program('schedule = "@daily"\ntimezone = "Europe/Berln"'),
    'a.toml:5:1: program "cat": cannot use timezone = "Europe/Berln": there is no such time zone\n  try: timezone = "Europe/Berlin"',
  ],
  [
    'what belongs to a schedule without one',
    program('time_limit = "1h"'),
    'a.toml:4:1: program "cat": cannot use time_limit without a schedule\n  try: schedule = "0 3 * * *"',
  ],
  [
    'a scheduled program that is to stay up',
    program('schedule = "@daily"\nautorestart = true'),
    'a.toml:5:1: program "cat": cannot use autorestart with a schedule: a run may end at any time, and the next one comes at its time\n  try: leave autorestart out',
  ],
  [
    'a misspelt table',
    '[ap.shop]\nroot = "/x"',
    'a.toml:1:1: this file: there is no table [ap]\n  try: [app.NAME]',
  ],
  [
    'an unknown table',
    '[banana]',
    'a.toml:1:1: this file: there is no table [banana]\n  try: one of hostd, control, proxy, emit, metrics, supervisor, notify, web, app, program, listener, group',
  ],
  [
    'a key before any table',
    'workers = 3',
    'a.toml:1:1: this file: there is no key "workers" outside a table\n  try: put it below its table: [app.hello]',
  ],
  [
    'an app without a name',
    '[app]\nroot = "/x"',
    'a.toml:2:1: this file: there is no key "root" in [app]: a table names its app\n  try: [app.hello]',
  ],
  [
    'a table of the machine in an app’s file',
    '[proxy]\nworkers = 2',
    'a.toml:1:1: this file: [proxy] can stand in hostd.toml alone\n  try: move it there',
  ],
  [
    'a wrong type',
    app('workers = "three"'),
    'a.toml:3:1: app "shop": cannot use workers = "three": it must be a whole number, 1 or more\n  try: workers = 3',
  ],
  [
    'a list that is none',
    app('server_names = "a.test b.test"'),
    'a.toml:3:1: app "shop": cannot use server_names = "a.test b.test": it must be a list\n  try: server_names = ["a.test", "b.test"]',
  ],
  ['a missing key', '[app.shop]', 'a.toml:1:1: app "shop": root is missing\n  try: root = ...'],
  [
    'a path from nowhere',
    '[app.shop]\nroot = "webapps/shop"',
    'a.toml:2:1: app "shop": cannot use root = "webapps/shop": it is not an absolute path\n  try: root = "/webapps/shop"',
  ],
  [
    'a path from the app’s root',
    app('project = "shop"'),
    'a.toml:3:1: app "shop": cannot use project = "shop": it is not an absolute path\n  try: project = "/webapps/shop/shop"',
  ],
  [
    'static files from the app’s root',
    app('static = "public/"'),
    'a.toml:3:1: app "shop": cannot use static = "public/": it is not an absolute path\n  try: static = "/webapps/shop/public"',
  ],
  [
    'a log from nowhere',
    program('stdout_logfile = "cat.log"'),
    'a.toml:4:1: program "cat": cannot use stdout_logfile = "cat.log": it is not an absolute path\n  try: stdout_logfile = "/var/log/hostd/cat.log"',
  ],
  [
    'the whole machine as a virtualenv',
    '[app.shop]\nroot = "/"\nproject = "/p"',
    'a.toml:2:1: app "shop": cannot use root = "/": it is the whole machine\n  try: root = "/webapps/..."',
  ],
  [
    'a signal that is none',
    app('stopsignal = "TREM"'),
    'a.toml:3:1: app "shop": cannot use stopsignal = "TREM": there is no such signal\n  try: stopsignal = "TERM"',
  ],
  [
    'a size that is none',
    app('client_max_body_size = "4 bananas"'),
    'a.toml:3:1: app "shop": cannot use client_max_body_size = "4 bananas": it must be bytes, or a number with K, M or G (or KB, MB, GB); 0 is no limit\n  try: client_max_body_size = "50MB"',
  ],
  [
    'a limit that is none',
    app('limits = { nofiles = 10 }'),
    'a.toml:3:1: app "shop": cannot use limits: there is no limit "nofiles"\n  try: limits = { nofile = 4096 }',
  ],
  [
    'a bind of its own',
    app('gunicorn_args = ["--bind", "0.0.0.0:8000"]'),
    'a.toml:3:1: app "shop": cannot use "--bind": gunicorn is given the socket by hostd\n  try: socket = "..."',
  ],
  [
    'a gunicorn in the background',
    app('gunicorn_args = "--daemon"'),
    'a.toml:3:1: app "shop": cannot use "--daemon": hostd supervises gunicorn itself\n  try: leave it out',
  ],
  [
    'a file for the pid, which two generations cannot share',
    app('gunicorn_args = "-p run/gunicorn.pid"'),
    'a.toml:3:1: app "shop": cannot use "-p": a reload has two gunicorns for a while, and the file has room for one\n  try: leave it out: hostctl pid shop tells it',
  ],
  [
    'a quote that is never closed',
    app(`command = "bin/run 'x"`),
    `a.toml:3:1: app "shop": cannot use command = "bin/run 'x": a ' is never closed\n  try: command = '...'`,
  ],
  [
    'a command without a word',
    program('').replace('/bin/cat', ' '),
    'a.toml:3:1: program "cat": cannot use command: it is empty\n  try: command = "/usr/bin/env sleep 60"',
  ],
  [
    'an expansion of nothing',
    program('directory = "%(nosuch)s"'),
    'a.toml:4:1: program "cat": cannot expand directory = "%(nosuch)s": "%(nosuch)s" is not known here (known: program_name, group_name, process_num, numprocs, here, host_node_name, ENV_...)\n  try: write %% for a percent sign',
  ],
  [
    'one process_name for two processes',
    program('numprocs = 2\nprocess_name = "cat"'),
    'a.toml:5:1: program "cat": cannot give several processes one process_name\n  try: process_name = "%(program_name)s_%(process_num)02d"',
  ],
  [
    'too many processes',
    program('numprocs = 100000'),
    'a.toml:4:1: program "cat": cannot use numprocs = 100000: 1000 is the most\n  try: numprocs = 4',
  ],
  [
    'a name that is no file name',
    '[app."my shop"]\nroot = "/x"',
    'a.toml:1:1: app "my shop": cannot use the name "my shop": letters, digits, "_", "-" and "." only, a letter or digit first, 100 characters at most\n  try: [app.my-shop]',
  ],
  [
    'a name that means everything',
    '[app.all]\nroot = "/x"',
    'a.toml:1:1: app "all": cannot use the name "all": hostctl means every program by it\n  try: [app.hello]',
  ],
  [
    'signals to a group of which one part is left',
    program('stopasgroup = true\nkillasgroup = false'),
    'a.toml:5:1: program "cat": cannot use killasgroup = false with stopasgroup = true: what ignores stopsignal would be left\n  try: killasgroup = true',
  ],
  [
    'a program of an app that is wrong',
    app('[app.shop.program.celery]\ncomand = "x"'),
    'a.toml:3:1: app "shop", program "celery": command is missing\n  try: command = ...\na.toml:4:1: app "shop", program "celery": there is no key "comand"\n  try: command',
  ],
  [
    'a program of an app that is no table',
    app('program = "celery"'),
    'a.toml:3:1: app "shop": program must be a table\n  try: [app.shop.program.celery]',
  ],
  [
    'a program of an app without a name',
    app('[app.shop.program]\ncommand = "celery"'),
    'a.toml:4:1: app "shop": program.command must be a table\n  try: [app.shop.program.celery]',
  ],
  [
    'a group of nobody',
    `${program('')}[group.g]\nprograms = ["cta"]`,
    'a.toml:5:1: group "g": there is no program "cta"\n  try: cat',
  ],
  [
    'a group with an app in it',
    `${app('')}[group.g]\nprograms = ["shop"]`,
    'a.toml:4:1: group "g": "shop" is of app "shop": an app is a group of its own\n  try: [program.shop]',
  ],
  [
    'a program in two groups',
    `${program('')}[group.g]\nprograms = ["cat"]\n[group.h]\nprograms = ["cat"]`,
    'a.toml:7:1: group "h": program "cat" is already in group "g" (a.toml:4)\n  try: leave it out of one of the two',
  ],
  [
    'one host name of two apps',
    `[app.blog]\nroot = "/b"\nserver_names = ["shop.test"]\n${app('server_names = [\n  "www.test",\n  "shop.test",\n]')}`,
    'a.toml:8:3: app "shop": host name "shop.test" is already used by "blog" (a.toml:3)\n  try: leave it to "blog", or take it away there',
  ],
  [
    'a host name that every app has',
    `[app.blog]\nroot = "/b"\nserver_names = ["shop.localhost"]\n${app('')}`,
    'a.toml:4:1: app "shop": host name "shop.localhost" is already used by "blog" (a.toml:3), and every app has NAME.localhost\n  try: leave it to "blog", or take it away there',
  ],
  [
    'one socket of two apps',
    `[app.blog]\nroot = "/b"\nsocket = "/webapps/shop/run/gunicorn.sock"\n${app('')}`,
    'a.toml:4:1: app "shop": socket "/webapps/shop/run/gunicorn.sock" is already used by "blog" (a.toml:3)\n  try: socket = "/webapps/shop/run/shop.sock"',
  ],
  [
    'a socket with too long a path',
    `[app.shop]\nroot = "/${'x'.repeat(100)}"`,
    `a.toml:1:1: app "shop": cannot use socket = "/${'x'.repeat(100)}/run/gunicorn.sock": it has 119 bytes, and a unix socket may have 107\n  try: socket = "/run/shop.sock"`,
  ],
  [
    'one name of an app and a program',
    `${app('')}[program.shop]\nuser = "nobody"\ncommand = "/bin/cat"`,
    'a.toml:3:1: program "shop": there is already an app "shop" (a.toml:1)\n  try: [program.shop-2], or another name',
  ],
  [
    'one process name of two programs',
    `${program('')}[program.dog]\nuser = "nobody"\ncommand = "x"\nprocess_name = "cat"\n[group.g]\nprograms = ["cat", "dog"]`,
    'a.toml:7:1: program "dog": "g:cat" is already the name of another (a.toml:1)\n  try: leave process_name out',
  ],
  [
    'a process_name that hides the number',
    program('numprocs = 2\nprocess_name = "cat%(process_num).0s"'),
    'a.toml:5:1: program "cat": "cat" is already the name of another (a.toml:1)\n  try: leave process_name out',
  ],
  [
    'roots within each other',
    `[app.blog]\nroot = "/webapps"\n${app('')}`,
    'a.toml:4:1: warning: app "shop": root "/webapps/shop" overlaps with that of "blog" (a.toml:1)\n  try: a virtualenv of its own for each app',
  ],
  [
    'an app that runs as root',
    app('user = "root"'),
    'a.toml:3:1: warning: app "shop": it runs as root\n  try: user = "nobody", or one of its own',
  ],
  [
    'root under another name',
    program('').replace('nobody', 'toor'),
    'a.toml:2:1: warning: program "cat": it runs as root\n  try: user = "nobody", or one of its own',
  ],
  [
    'a program without a user',
    '[program.cat]\ncommand = "/bin/cat"',
    'a.toml:1:1: warning: program "cat": it has no user, so it runs as hostd does, usually as root\n  try: user = "nobody", or one of its own',
  ],
];

for (const [title, text, said] of cases)
  test(`${title} is told with its place and what to try`, () => {
    assert.equal(tryApps(text).said.join('\n'), said);
  });

const settings: readonly [title: string, text: string, said: string][] = [
  ['a misspelt key', '[proxy]\nusr = "x"', 'hostd.toml:2:1: [proxy]: there is no key "usr"\n  try: user'],
  [
    'a port without an address',
    '[proxy]\nlisten = ["80"]',
    'hostd.toml:2:1: [proxy]: cannot use listen = ["80"]: "80": it must be an address and a port\n  try: listen = ["0.0.0.0:80", "[::]:80"]',
  ],
  [
    'nothing to listen on',
    '[proxy]\nlisten = []',
    'hostd.toml:2:1: [proxy]: cannot use listen = []: nobody could connect\n  try: enabled = false',
  ],
  [
    'an address that is there twice',
    '[proxy]\nlisten = ["[::]:80", "[0::0]:80"]',
    'hostd.toml:2:1: [proxy]: cannot use listen: one address is there twice\n  try: leave one of the two out',
  ],
  [
    'a proxy that would be root',
    '[proxy]\nuser = "toor"',
    'hostd.toml:2:1: [proxy]: user "toor" is root, and what talks to the network must not be\n  try: user = "www-data"',
  ],
  [
    'a table that is none',
    'proxy = 3',
    'hostd.toml:1:1: [proxy]: cannot use 3: it must be a table\n  try: [proxy]',
  ],
  [
    'an include that looks everywhere',
    '[hostd]\ninclude = ["*/x.toml"]',
    'hostd.toml:2:1: [hostd]: cannot use include "*/x.toml": only the last part of a path may have "*" or "?"\n  try: include = ["apps.d/*.toml"]',
  ],
  [
    'an include that is not there',
    '[hostd]\ninclude = ["more.toml"]',
    'more.toml: cannot read this file: there is no such file\n  try: ls -l more.toml',
  ],
];

for (const [title, text, said] of settings)
  test(`in hostd.toml, ${title} is told with its place and what to try`, () => {
    const tried = tryFiles({ 'hostd.toml': text });
    assert.equal(tried.said.join('\n'), said);
  });

test('what the machine lacks is told with the commands that make it', () => {
  const text = '[app.shop]\nroot = "/webapps/shop_django"\nuser = "shop"\ngroup = "webapps"\n';
  assert.deepEqual(tryApps(text, { machine: bareMachine }).said, [
    'a.toml:2:1: app "shop": virtualenv "/webapps/shop_django" does not exist\n  try: hostctl create shop, or: python3 -m venv /webapps/shop_django',
    'a.toml:3:1: app "shop": user "shop" does not exist\n  try: hostctl create shop, or: useradd --system --gid webapps --home /webapps/shop_django shop',
    'a.toml:4:1: app "shop": group "webapps" does not exist\n  try: groupadd --system webapps',
  ]);
});

test('a virtualenv without gunicorn, or without a project, is told', () => {
  const machine = (missing: string, executable = false) => ({
    ...richMachine,
    kind: (path: string) => (path === missing ? ('missing' as const) : ('file' as const)),
    isExecutable: () => executable,
  });
  const said = (missing: string, executable = false) =>
    tryApps(app(''), { machine: machine(missing, executable) }).said;
  assert.deepEqual(said('/webapps/shop/bin/gunicorn').slice(0, 1), [
    'a.toml:1:1: app "shop": project directory "/webapps/shop/shop" is not a directory\n  try: put the Django project there, or say where it is: project = "/..."',
  ]);
  assert.deepEqual(said('/webapps/shop/bin/gunicorn').slice(1), [
    'a.toml:2:1: app "shop": "/webapps/shop/bin/gunicorn" does not exist\n  try: /webapps/shop/bin/pip install gunicorn',
  ]);
  assert.deepEqual(said('/webapps/shop/shop'), [
    'a.toml:1:1: app "shop": project directory "/webapps/shop/shop" does not exist\n  try: put the Django project there, or say where it is: project = "/..."',
    'a.toml:2:1: app "shop": "/webapps/shop/bin/gunicorn" is not executable\n  try: chmod +x /webapps/shop/bin/gunicorn',
  ]);
});

test('a command that is not there spoils an app, but only warns of a program, which then says so in its state', () => {
  const machine = { ...richMachine, isExecutable: () => false };
  const kept = tryApps(program('[program.dog]\nuser = "nobody"\ncommand = "dog"'), { machine });
  assert.deepEqual(kept.said, [
    'a.toml:3:1: warning: program "cat": command "/bin/cat" is not executable\n  try: command = "/..."',
    'a.toml:6:1: warning: program "dog": cannot find command "dog" in /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n  try: command = "/..."',
  ]);
  assert.deepEqual(
    kept.host.programs.map(({ name }) => name),
    ['cat', 'dog'],
  );
  const spoilt = tryApps(app('command = "/webapps/shop/bin/gunicorn_start"'), { machine });
  assert.deepEqual(spoilt.said, [
    'a.toml:3:1: app "shop": command "/webapps/shop/bin/gunicorn_start" is not executable\n  try: command = "/..."',
  ]);
  assert.deepEqual(spoilt.host.apps, []);
});

test('missing accounts of the machine’s own are told', () => {
  const machine = { ...bareMachine, user: () => null, group: () => null };
  const tried = tryFiles({ 'hostd.toml': '[control]\ngroup = "ops"\n[proxy]\n' }, { machine });
  assert.deepEqual(tried.said, [
    'hostd.toml:2:1: warning: [control]: group "ops" does not exist, so only root can use hostctl\n  try: groupadd --system ops',
    'hostd.toml:3:1: [proxy]: user "www-data" does not exist\n  try: useradd --system --user-group --no-create-home www-data',
  ]);
  assert.deepEqual(
    tryFiles(
      { 'hostd.toml': '[proxy]\nenabled = false\n' },
      { machine: { ...machine, group: richMachine.group } },
    ).said,
    [],
  );
});
