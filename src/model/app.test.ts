import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appProgram, appSite, makeApp } from './app.ts';
import type { App } from './host.ts';

const source = { file: 'hello.toml', key: ['app', 'hello'] };
const hello = makeApp({ name: 'hello', root: '/webapps/hello_django', source });

test("an app with nothing but a root is the article's layout", () => {
  assert.deepEqual(hello, {
    name: 'hello',
    source,
    root: '/webapps/hello_django',
    user: 'hello',
    group: null,
    project: '/webapps/hello_django/hello',
    settings: 'hello.settings',
    wsgi: 'hello.wsgi',
    processName: 'hello_app',
    workers: 3,
    assumed: ['name', 'workers'],
    threads: null,
    workerClass: null,
    gracefulTimeout: null,
    timeout: null,
    maxRequests: null,
    maxRequestsJitter: null,
    keepAlive: null,
    preload: false,
    gunicornArgs: [],
    command: null,
    health: null,
    healthWatch: null,
    idleTimeout: null,
    onDemand: false,
    serverNames: [],
    socket: '/webapps/hello_django/run/gunicorn.sock',
    static: '/webapps/hello_django/static/',
    upstreams: [],
    media: '/webapps/hello_django/media/',
    logs: '/webapps/hello_django/logs',
    accessLog: '/webapps/hello_django/logs/nginx-access.log',
    errorLog: '/webapps/hello_django/logs/nginx-error.log',
    clientMaxBodySize: 4294967296,
    proxyReadTimeout: 60,
    staticExpires: null,
    mediaExpires: null,
    certificate: null,
    redirectHttps: false,
    redirectFrom: [],
    errorPages: null,
    envFiles: [],
    env: {},
  });
});

test('gunicorn runs as its start script would run it, without a --bind', () => {
  assert.deepEqual(appProgram(hello), {
    name: 'hello',
    group: 'hello',
    groupPriority: 999,
    app: 'hello',
    kind: 'gunicorn',
    source,
    instance: null,
    command: [
      '/webapps/hello_django/bin/gunicorn',
      'hello.wsgi:application',
      '--name',
      'hello_app',
      '--workers',
      '3',
    ],
    directory: '/webapps/hello_django/hello',
    environment: {
      PATH: '/webapps/hello_django/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      VIRTUAL_ENV: '/webapps/hello_django',
      PYTHONPATH: '/webapps/hello_django/hello',
      DJANGO_SETTINGS_MODULE: 'hello.settings',
    },
    user: 'hello',
    unixGroup: null,
    umask: 0o022,
    limits: {},
    requires: [],
    noNewPrivileges: true,
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
    autorestart: 'always',
    startsecs: 1,
    startretries: null,
    exitcodes: [0],
    stopsignal: 'SIGTERM',
    stopwaitsecs: 35,
    stopasgroup: false,
    killasgroup: false,
    stdout: {
      path: '/webapps/hello_django/logs/gunicorn_supervisor.log',
      maxBytes: 52428800,
      backups: 10,
      maxAge: null,
      through: null,
    },
    stderr: null,
    socket: { path: '/webapps/hello_django/run/gunicorn.sock', backlog: 2048 },
    health: null,
    listener: null,
    schedule: null,
  });
});

test('every gunicorn key has its place on the command line', () => {
  const app = makeApp({
    name: 'hello',
    root: '/r',
    source,
    wsgi: 'site.asgi:app',
    threads: 4,
    workerClass: 'gthread',
    gracefulTimeout: 60,
    keepAlive: 5,
    gunicornArgs: ['--max-requests', '1000'],
    env: { LANG: 'de_DE.UTF-8', DEBUG: '0' },
    health: '/healthz',
  });
  const program = appProgram(app);
  assert.equal(
    program.command.join(' '),
    '/r/bin/gunicorn site.asgi:app --name hello_app --workers 3 --threads 4 --worker-class gthread --graceful-timeout 60 --keep-alive 5 --max-requests 1000',
  );
  assert.equal(program.stopwaitsecs, 65);
  assert.equal(program.environment['LANG'], 'de_DE.UTF-8');
  assert.equal(program.environment['DEBUG'], '0');
  assert.deepEqual(program.health, { path: '/healthz', host: 'hello.localhost' });
});

test('a command stands in for gunicorn', () => {
  const command = ['/r/bin/gunicorn_start'];
  assert.deepEqual(appProgram(makeApp({ name: 'a', root: '/r', source, command })).command, command);
});

test('an app that runs as root keeps what set-uid programs need', () => {
  assert.equal(appProgram(makeApp({ name: 'a', root: '/r', source, user: 'root' })).noNewPrivileges, false);
  assert.equal(appProgram(makeApp({ name: 'a', root: '/r', source, user: '0' })).noNewPrivileges, false);
});

test('a site serves static and media, unless they are not served', () => {
  assert.deepEqual(appSite({ ...hello, serverNames: ['hello.test'] }), {
    name: 'hello',
    serverNames: ['hello.test'],
    locations: [
      { prefix: '/static/', alias: '/webapps/hello_django/static/', expires: null },
      { prefix: '/media/', alias: '/webapps/hello_django/media/', expires: null },
    ],
    socket: '/webapps/hello_django/run/gunicorn.sock',
    clientMaxBodySize: 4294967296,
    proxyReadTimeout: 60,
    accessLog: '/webapps/hello_django/logs/nginx-access.log',
    errorLog: '/webapps/hello_django/logs/nginx-error.log',
    upstreams: null,
    keepalive: false,
    certificate: null,
    redirectHttps: false,
    redirectFrom: [],
    errorPages: null,
  });
  assert.deepEqual(appSite({ ...hello, static: null, media: null }).locations, []);
});

test('connections are kept open for every kind of gunicorn worker but sync', () => {
  const kept = (workerClass: string | null, threads: number | null) =>
    appSite({ ...hello, workerClass, threads }).keepalive;
  assert.equal(kept(null, null), false);
  assert.equal(kept(null, 1), false);
  assert.equal(kept('sync', null), false);
  assert.equal(kept(null, 2), true);
  assert.equal(kept('sync', 2), true);
  assert.equal(kept('gthread', null), true);
  assert.equal(kept('uvicorn.workers.UvicornWorker', null), true);
});

test("what nobody says is left to gunicorn's own configuration file, where one is named", () => {
  const command = (given: Partial<App>) =>
    appProgram(makeApp({ name: 'a', root: '/a', source, ...given })).command.slice(2);
  assert.deepEqual(command({ gunicornArgs: ['-c', 'conf.py'] }), ['-c', 'conf.py']);
  assert.deepEqual(command({ env: { GUNICORN_CMD_ARGS: '--threads 2 --config=conf.py' } }), []);
  assert.deepEqual(command({ gunicornArgs: ['-cconf.py'], workers: 3, processName: 'b' }), [
    '--name',
    'b',
    '--workers',
    '3',
    '-cconf.py',
  ]);
  assert.deepEqual(command({ gunicornArgs: ['--preload'] }), [
    '--name',
    'a_app',
    '--workers',
    '3',
    '--preload',
  ]);
});
