// From [hostd], [control], [proxy], [emit], [supervisor] and the others to the settings. A key that is missing or wrong has its default.

import { defaultSettings } from '../../model/assemble.ts';
import { kindNames } from '../../model/happenings.ts';
import type {
  Listen,
  MetricsListener,
  NotifySettings,
  RpcListener,
  Settings,
  WebSettings,
} from '../../model/host.ts';
import type { Problem } from '../../model/problem.ts';
import { nearest } from '../../words/nearest.ts';
import { isPasswordDigest } from '../../words/password.ts';
import { isTable, showValue } from './decoded.ts';
import {
  controlKeys,
  emitKeys,
  hostdKeys,
  type Keys,
  metricsKeys,
  notifyKeys,
  proxyKeys,
  supervisorKeys,
  webKeys,
} from './keys.ts';
import { readTable, report, type Scope, type Values } from './table.ts';
import { asDirectory } from './values.ts';

export const settingsTables = [
  'hostd',
  'control',
  'proxy',
  'emit',
  'metrics',
  'supervisor',
  'notify',
  'web',
] as const;

/** Formats that [emit] may name. formats.ts, which root never loads, has the formats themselves. */
const writable = ['supervisor', 'gunicorn-start', 'nginx', 'systemd'];

export function readSettings(
  file: string,
  tables: Readonly<Record<string, unknown>>,
  problems: Problem[],
): Settings {
  const scope = (name: string): Scope => ({ file, key: [name], title: `[${name}]`, subject: null, problems });
  const hostd = read(scope('hostd'), tables, hostdKeys);
  const control = read(scope('control'), tables, controlKeys);
  const proxy = read(scope('proxy'), tables, proxyKeys);
  const emit = read(scope('emit'), tables, emitKeys);
  const supervisor = read(scope('supervisor'), tables, supervisorKeys);
  const defaults = defaultSettings(file);
  refuseListeners(scope('proxy'), proxy, defaults.proxy.listen);
  const wrong = emit.formats?.find(name => !writable.includes(name));
  if (wrong !== undefined)
    report(
      scope('emit'),
      ['formats'],
      `cannot use "${wrong}": there is no such format`,
      nearest(wrong, writable) ?? writable.join(', '),
    );
  const runtimeDir = hostd.runtime_dir ?? defaults.runtimeDir;
  return {
    file,
    include: hostd.include ?? defaults.include,
    runtimeDir,
    stateDir: hostd.state_dir ?? defaults.stateDir,
    logDir: hostd.log_dir ?? defaults.logDir,
    logFile: hostd.logfile ?? defaults.logFile,
    control: {
      socket: control.socket ?? `${runtimeDir}/hostd.sock`,
      group: control.group ?? defaults.control.group,
    },
    proxy: {
      enabled: proxy.enabled ?? defaults.proxy.enabled,
      listen: proxy.listen ?? defaults.proxy.listen,
      tlsListen: proxy.tls_listen ?? defaults.proxy.tlsListen,
      user: proxy.user ?? defaults.proxy.user,
      workers: proxy.workers ?? defaults.proxy.workers,
      trustedProxies: [...new Set(proxy.trusted_proxies ?? defaults.proxy.trustedProxies)],
      defaultSite: proxy.default_site ?? defaults.proxy.defaultSite,
      accessLogFormat: proxy.access_log_format ?? defaults.proxy.accessLogFormat,
      errorPages:
        proxy.error_pages === undefined ? defaults.proxy.errorPages : asDirectory(proxy.error_pages),
      types: proxy.types ?? defaults.proxy.types,
      clientBodyTempPath: proxy.client_body_temp_path ?? null,
      acmeWebroot:
        proxy.acme_webroot === undefined ? defaults.proxy.acmeWebroot : asDirectory(proxy.acme_webroot),
    },
    emit: {
      formats: wrong === undefined ? (emit.formats ?? defaults.emit.formats) : defaults.emit.formats,
      plain: emit.plain ?? defaults.emit.plain,
      out: emit.out ?? defaults.emit.out,
      nginxTest: emit.nginx_test ?? defaults.emit.nginxTest,
      nginxReload: emit.nginx_reload ?? defaults.emit.nginxReload,
    },
    metrics: readMetrics(read(scope('metrics'), tables, metricsKeys)),
    notify: readNotify(scope('notify'), read(scope('notify'), tables, notifyKeys), defaults.notify),
    supervisor: rpcListeners(scope('supervisor'), supervisor),
    web: readWeb(scope('web'), read(scope('web'), tables, webKeys)),
  };
}

/** The listeners have Supervisor's names, which the clients' logs show. */
function rpcListeners(
  scope: Scope,
  { socket, listen, user, password }: Values<typeof supervisorKeys>,
): RpcListener[] {
  if ((user === undefined) !== (password === undefined))
    report(
      scope,
      [user === undefined ? 'password' : 'user'],
      'cannot use one of user and password alone',
      'both, or neither',
    );
  const login = user === undefined || password === undefined ? null : { user, password };
  if (login?.user.includes(':'))
    report(scope, ['user'], `cannot use user = "${user}": a colon ends a name (RFC 7617)`, 'another name');
  if (password?.startsWith('{SHA}') && !/^\{SHA\}[0-9a-f]{40}$/.test(password))
    report(
      scope,
      ['password'],
      'cannot use password: after {SHA} come 40 hexadecimal digits, in lower case',
      `printf %s PASSWORD | sha1sum`,
    );
  if (listen !== undefined && login === null) {
    const message = 'cannot use listen without user and password: whoever reached it could do everything';
    report(scope, ['listen'], message, 'user = "..." and password = "...", or socket');
    return [];
  }
  return [
    ...(socket === undefined
      ? []
      : [{ name: 'unix_http_server', address: { path: socket, rights: null }, login }]),
    ...(listen === undefined ? [] : [{ name: 'inet_http_server', address: listen, login }]),
  ];
}

/** null where it would let anybody in. */
function readWeb(scope: Scope, given: Values<typeof webKeys>): WebSettings | null {
  const { listen, user, password, may = 'operate', server_names: serverNames = [] } = given;
  const trustedProxies = [...new Set(given.trusted_proxies ?? [])];
  const isSound = password === undefined || isPasswordDigest(password);
  if (!isSound)
    report(
      scope,
      ['password'],
      'cannot use password: it is not what hostctl web password prints',
      'hostctl web password',
    );
  if (listen === undefined) return null;
  const rest = { may, serverNames, trustedProxies };
  if ('path' in listen) {
    const extra = (['user', 'password', 'trusted_proxies'] as const).find(key => given[key] !== undefined);
    if (extra !== undefined)
      report(
        scope,
        [extra],
        `cannot use ${extra} on a unix socket: the kernel says who comes`,
        'leave it out',
      );
    return { ...rest, address: { path: listen.path, rights: null }, login: null };
  }
  if (user === undefined || password === undefined) {
    const message = 'cannot use listen without user and password: whoever reached it could do everything';
    report(scope, ['listen'], message, 'user = "..." and password = "...": hostctl web password; or a path');
    return null;
  }
  return isSound ? { ...rest, address: listen, login: { user, password } } : null;
}

/** Its socket has the control socket's rights. */
function readMetrics({ listen }: Values<typeof metricsKeys>): MetricsListener | null {
  if (listen === undefined) return null;
  return { address: 'path' in listen ? { path: listen.path, rights: null } : listen };
}

function readNotify(
  scope: Scope,
  { command, user, url, ca_file: caFile, events }: Values<typeof notifyKeys>,
  defaults: NotifySettings,
): NotifySettings {
  const wrong = events?.find(kind => !(kindNames as readonly string[]).includes(kind));
  if (wrong !== undefined)
    report(
      scope,
      ['events'],
      `cannot tell of "${wrong}": there is no such kind of event`,
      nearest(wrong, kindNames) ?? defaults.events.join(', '),
    );
  const isUrl = url === undefined || (URL.canParse(url) && /^https?:\/\//i.test(url));
  // It may have a secret in it.
  if (!isUrl) report(scope, ['url'], 'cannot use url: it is no https or http URL', 'url = "https://..."');
  if (command?.length === 0) report(scope, ['command'], 'cannot use command: it is empty', 'leave it out');
  return {
    command: command ?? defaults.command,
    user: user ?? defaults.user,
    url: url !== undefined && isUrl ? url : defaults.url,
    caFile: caFile ?? defaults.caFile,
    events: wrong === undefined ? (events ?? defaults.events) : defaults.events,
  };
}

function refuseListeners(
  scope: Scope,
  { listen, tls_listen: tls }: Values<typeof proxyKeys>,
  usual: readonly Listen[],
): void {
  const words = (list: readonly Listen[]) => list.map(({ host, port }) => `${host} ${port}`);
  if (listen?.length === 0)
    report(scope, ['listen'], 'cannot use listen = []: nobody could connect', 'enabled = false');
  if (tls?.length === 0)
    report(
      scope,
      ['tls_listen'],
      'cannot use tls_listen = []: nobody could connect',
      'leave it out: nothing listens there while no site has a certificate',
    );
  for (const [key, list] of [
    ['listen', listen],
    ['tls_listen', tls],
  ] as const)
    if (new Set(words(list ?? [])).size < (list?.length ?? 0))
      report(scope, [key], `cannot use ${key}: one address is there twice`, 'leave one of the two out');
  const plain = words(listen ?? usual);
  const both = tls?.find(address => plain.includes(`${address.host} ${address.port}`));
  if (both !== undefined)
    report(
      scope,
      ['tls_listen'],
      `cannot use tls_listen: port ${both.port} of ${both.host} is in listen too`,
      'another port in one of the two',
    );
}

function read<K extends Keys>(scope: Scope, tables: Readonly<Record<string, unknown>>, keys: K): Values<K> {
  const table = tables[String(scope.key[0])];
  if (table === undefined) return {} as Values<K>;
  if (isTable(table)) return readTable(scope, table, keys);
  report(scope, [], `cannot use ${showValue(table)}: it must be a table`, scope.title);
  return {} as Values<K>;
}
