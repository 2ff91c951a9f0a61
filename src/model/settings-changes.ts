// What an update does with hostd.toml's own tables: which keys differ, which it brings into force, and which only a new hostd can. Pure.

import { same } from './changes.ts';
import type { EmitSettings, Host, NotifySettings, ProxySettings, Settings, WebSettings } from './host.ts';

/** What brings a key into force: an update, a hostd that takes the programs over, or one that starts with nothing running. */
export type Takes = 'update' | 'upgrade' | 'restart';

export interface SettingsChange {
  /** "web" for [web]. */
  readonly table: string;
  readonly takes: Takes;
  readonly keys: readonly string[];
}

interface Row {
  readonly table: string;
  readonly key: string;
  readonly takes: Takes;
  readonly of: (settings: Settings) => unknown;
}

type KeyOf<T> = { readonly [F in keyof T]-?: string };

const proxyKeys: KeyOf<ProxySettings> = {
  enabled: 'enabled',
  listen: 'listen',
  tlsListen: 'tls_listen',
  user: 'user',
  workers: 'workers',
  trustedProxies: 'trusted_proxies',
  defaultSite: 'default_site',
  accessLogFormat: 'access_log_format',
  errorPages: 'error_pages',
  acmeWebroot: 'acme_webroot',
  clientBodyTempPath: 'client_body_temp_path',
  types: 'types',
};
const emitKeys: KeyOf<EmitSettings> = {
  formats: 'formats',
  plain: 'plain',
  out: 'out',
  nginxTest: 'nginx_test',
  nginxReload: 'nginx_reload',
};
const notifyKeys: KeyOf<NotifySettings> = {
  command: 'command',
  user: 'user',
  url: 'url',
  caFile: 'ca_file',
  events: 'events',
};
const webKeys: KeyOf<Omit<WebSettings, 'login'>> = {
  address: 'listen',
  may: 'may',
  serverNames: 'server_names',
  trustedProxies: 'trusted_proxies',
};

/** So that a new [web] differs in what it says alone. */
const noWeb = { address: null, may: 'operate', serverNames: [], trustedProxies: [] } as const;

const now = 'update' as const;

const rows: readonly Row[] = [
  { table: 'hostd', key: 'include', takes: now, of: ({ include }) => include },
  // What runs is found there: its records, its pipes, what it has loaded.
  { table: 'hostd', key: 'runtime_dir', takes: 'restart', of: ({ runtimeDir }) => runtimeDir },
  { table: 'hostd', key: 'state_dir', takes: 'restart', of: ({ stateDir }) => stateDir },
  { table: 'hostd', key: 'log_dir', takes: now, of: ({ logDir }) => logDir },
  { table: 'hostd', key: 'logfile', takes: 'upgrade', of: ({ logFile }) => logFile },
  { table: 'control', key: 'socket', takes: 'upgrade', of: ({ control }) => control.socket },
  { table: 'control', key: 'group', takes: 'upgrade', of: ({ control }) => control.group },
  ...rowsOf('proxy', proxyKeys, ({ proxy }) => proxy),
  ...rowsOf('emit', emitKeys, ({ emit }) => emit),
  { table: 'metrics', key: 'listen', takes: now, of: ({ metrics }) => metrics?.address },
  ...rowsOf('notify', notifyKeys, ({ notify }) => notify),
  { table: 'supervisor', key: 'socket', takes: now, of: ({ supervisor }) => addresses(supervisor, 'path') },
  { table: 'supervisor', key: 'listen', takes: now, of: ({ supervisor }) => addresses(supervisor, 'port') },
  { table: 'supervisor', key: 'user', takes: now, of: ({ supervisor }) => supervisor[0]?.login?.user },
  {
    table: 'supervisor',
    key: 'password',
    takes: now,
    of: ({ supervisor }) => supervisor[0]?.login?.password,
  },
  ...rowsOf('web', webKeys, ({ web }) => web ?? noWeb),
  { table: 'web', key: 'user', takes: now, of: ({ web }) => web?.login?.user },
  { table: 'web', key: 'password', takes: now, of: ({ web }) => web?.login?.password },
];

function rowsOf<T extends object>(
  table: string,
  keys: KeyOf<T>,
  of: (settings: Settings) => { readonly [F in keyof T]: unknown },
): Row[] {
  return (Object.keys(keys) as (keyof T & string)[]).map(field => ({
    table,
    key: keys[field],
    takes: now,
    of: settings => of(settings)[field],
  }));
}

function addresses(listeners: Settings['supervisor'], field: 'path' | 'port') {
  return listeners.flatMap(({ address }) => (field in address ? [address] : []));
}

/** The tables that differ, in the order of the manual; one that needs two ways is there twice. */
export function settingsChanges(before: Settings, after: Settings): readonly SettingsChange[] {
  const found = new Map<string, { table: string; takes: Takes; keys: string[] }>();
  for (const { table, key, takes, of } of rows) {
    if (same(of(before), of(after))) continue;
    const id = `${table} ${takes}`;
    const change = found.get(id) ?? { table, takes, keys: [] };
    found.set(id, change);
    change.keys.push(key);
  }
  return [...found.values()];
}

/** Behind "changed (group)": what brings it into force, where an update does not. */
export const laterWords: Readonly<Record<Takes, string>> = {
  update: '',
  upgrade: ', and in force after hostctl upgrade',
  restart: ', and in force when hostd is stopped and started',
};

/** The host with the settings that a running hostd can have: what it is too late for stays as it was. */
export function withLasting(before: Settings, next: Host): Host {
  const { runtimeDir, stateDir, logFile, control } = before;
  return { ...next, settings: { ...next.settings, runtimeDir, stateDir, logFile, control } };
}
