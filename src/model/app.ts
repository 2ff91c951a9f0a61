// From an app to what is run and served: the layout below its root, its gunicorn program, its site.

import { isElsewhere } from './elsewhere.ts';
import type { App, LogFile, Program, Site, Supervision, Upstreams } from './host.ts';
import type { Source } from './problem.ts';
import { usualLog, usualSupervision } from './supervision.ts';

/** Seconds; gunicorn's own default. */
const gracefulTimeout = 30;
/** Connections that wait while gunicorn is down or busy. The kernel caps it at net.core.somaxconn. */
const backlog = 2048;

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The base of every program's environment. Nothing of hostd's own environment reaches an app. */
export const baseEnvironment: Readonly<Record<string, string>> = { PATH: systemPath, LANG: 'C.UTF-8' };

/** An app in which everything that is not given follows from its name and its root, by the usual layout. */
export function makeApp(given: { name: string; root: string; source: Source } & Partial<App>): App {
  const { name, root } = given;
  const logs = given.logs ?? `${root}/logs`;
  return {
    user: name,
    group: null,
    project: `${root}/${name}`,
    settings: `${name}.settings`,
    wsgi: `${name}.wsgi`,
    processName: `${name}_app`,
    workers: 3,
    assumed: [
      ...(given.processName === undefined ? (['name'] as const) : []),
      ...(given.workers === undefined ? (['workers'] as const) : []),
    ],
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
    socket: `${root}/run/gunicorn.sock`,
    upstreams: [],
    static: `${root}/static/`,
    media: `${root}/media/`,
    logs,
    accessLog: `${logs}/nginx-access.log`,
    errorLog: `${logs}/nginx-error.log`,
    clientMaxBodySize: 4 * 1024 ** 3,
    proxyReadTimeout: 60,
    staticExpires: null,
    mediaExpires: null,
    certificate: null,
    redirectHttps: false,
    redirectFrom: [],
    errorPages: null,
    envFiles: [],
    env: {},
    ...given,
  };
}

/** How an app's gunicorn is supervised by default: started again for ever, one log. */
export function appSupervision(app: App): Supervision {
  return {
    ...usualSupervision,
    noNewPrivileges: !isRoot(app.user),
    autorestart: 'always',
    startretries: null,
    stopwaitsecs: (app.gracefulTimeout ?? gracefulTimeout) + 5,
    stdout: logFile(`${app.logs}/gunicorn_supervisor.log`),
    stderr: null,
  };
}

/** The app's gunicorn, or the command in its place. */
export function appProgram(
  app: App,
  given: Partial<Supervision> & Partial<Pick<Program, 'directory' | 'environment'>> = {},
): Program {
  const supervision = { ...appSupervision(app), ...given };
  return {
    name: app.name,
    group: app.name,
    groupPriority: supervision.priority,
    app: app.name,
    kind: app.command === null ? 'gunicorn' : 'app',
    source: app.source,
    instance: null,
    command: app.command ?? gunicornCommand(app),
    directory: app.project,
    user: app.user,
    unixGroup: app.group,
    socket: { path: app.socket, backlog },
    health: app.health === null ? null : { path: app.health, host: plainName(app) },
    ...(app.health === null || app.healthWatch === null ? {} : { healthWatch: app.healthWatch }),
    ...(app.idleTimeout === null ? {} : { idleTimeout: app.idleTimeout }),
    ...(app.onDemand ? { onDemand: true } : {}),
    listener: null,
    schedule: null,
    ...supervision,
    environment: { ...appEnvironment(app), ...given.environment },
  };
}

/** No --bind: the socket is hostd's own, and gunicorn takes it over by LISTEN_FDS. */
function gunicornCommand(app: App): readonly string[] {
  return [
    `${app.root}/bin/gunicorn`,
    app.wsgi.includes(':') ? app.wsgi : `${app.wsgi}:application`,
    ...(leavesToFile(app, 'name') ? [] : ['--name', app.processName]),
    ...(leavesToFile(app, 'workers') ? [] : ['--workers', String(app.workers)]),
    ...(app.threads === null ? [] : ['--threads', String(app.threads)]),
    ...(app.workerClass === null ? [] : ['--worker-class', app.workerClass]),
    ...tuning(app).flat(),
    ...app.gunicornArgs,
  ];
}

/** gunicorn's options about its workers' lives, each with its value if it has one. */
export function tuning(app: App): readonly (readonly string[])[] {
  const numbers = [
    ['--graceful-timeout', app.gracefulTimeout],
    ['--timeout', app.timeout],
    ['--max-requests', app.maxRequests],
    ['--max-requests-jitter', app.maxRequestsJitter],
    ['--keep-alive', app.keepAlive],
  ] as const;
  return [
    ...numbers.flatMap(([option, value]) => (value === null ? [] : [[option, String(value)]])),
    ...(app.preload ? [['--preload']] : []),
  ];
}

/** Whether gunicorn's own configuration file decides this: such a file is named, and the table does not set it. */
export function leavesToFile(app: App, key: App['assumed'][number]): boolean {
  const named = [...app.gunicornArgs, ...(app.env['GUNICORN_CMD_ARGS'] ?? '').split(/\s+/)];
  return app.assumed.includes(key) && named.some(word => /^(-c|--config)/.test(word));
}

/** What an activated virtualenv and manage.py would see, then [app.NAME.env]. */
export function appEnvironment(app: App): Readonly<Record<string, string>> {
  return {
    ...baseEnvironment,
    PATH: `${app.root}/bin:${systemPath}`,
    VIRTUAL_ENV: app.root,
    PYTHONPATH: app.project,
    DJANGO_SETTINGS_MODULE: app.settings,
    ...app.env,
  };
}

/** What the proxy serves for an app. */
export function appSite(app: App): Site {
  return {
    name: app.name,
    serverNames: app.serverNames,
    locations: [
      ...(app.static === null ? [] : [{ prefix: '/static/', alias: app.static, expires: app.staticExpires }]),
      ...(app.media === null ? [] : [{ prefix: '/media/', alias: app.media, expires: app.mediaExpires }]),
    ],
    socket: app.socket,
    upstreams: upstreamsOf(app),
    clientMaxBodySize: app.clientMaxBodySize,
    proxyReadTimeout: app.proxyReadTimeout,
    accessLog: app.accessLog,
    errorLog: app.errorLog,
    keepalive: isElsewhere(app) || keepsConnections(app),
    certificate: app.certificate,
    redirectHttps: app.redirectHttps,
    redirectFrom: app.redirectFrom,
    errorPages: app.errorPages,
  };
}

/** Seconds between two questions, and bad answers in a row, where the table sets no others. */
const usualUpstreamWatch = { interval: 10, failures: 3 };

function upstreamsOf(app: App): Upstreams | null {
  if (!isElsewhere(app)) return null;
  const { upstreams: addresses, health: path } = app;
  const watch = app.healthWatch ?? usualUpstreamWatch;
  return { addresses, health: path === null ? null : { ...watch, path, host: plainName(app) } };
}

/** The name that leads to every app without DNS (RFC 6761, 6.3). */
export function localName(appName: string): string {
  return `${appName.toLowerCase()}.localhost`;
}

/** A host name for a request to the app itself. */
export function plainName(app: App): string {
  return app.serverNames.find(name => !name.startsWith('*')) ?? localName(app.name);
}

/** gunicorn's sync workers close every connection. "sync" with threads is gthread. */
export function keepsConnections(app: Pick<App, 'workerClass' | 'threads'>): boolean {
  return app.workerClass === null || app.workerClass === 'sync' ? (app.threads ?? 1) > 1 : true;
}

export function logFile(path: string | null): LogFile {
  return { path, ...usualLog };
}

/** By name or number. Only a check that knows the machine can see another name for uid 0. */
export function isRoot(user: string | null): boolean {
  return user === 'root' || (user !== null && /^0+$/.test(user));
}
