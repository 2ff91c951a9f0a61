// From [hostd], [control], [proxy] and [emit] to the settings. What is missing or wrong keeps its default.

import { defaultSettings } from '../model/assemble.ts';
import type { Settings } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { isTable, showValue } from './decoded.ts';
import { controlKeys, emitKeys, hostdKeys, type Keys, proxyKeys } from './keys.ts';
import { nearest } from './nearest.ts';
import { readTable, report, type Scope, type Values } from './table.ts';

export const settingsTables = ['hostd', 'control', 'proxy', 'emit'] as const;

/** Formats that [emit] may name; what they are is for formats.ts, which root never loads. */
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
  if (proxy.listen?.length === 0)
    report(scope('proxy'), ['listen'], 'cannot use listen = []: nobody could connect', 'enabled = false');
  const listen = (proxy.listen ?? []).map(({ host, port }) => `${host} ${port}`);
  if (new Set(listen).size < listen.length)
    report(
      scope('proxy'),
      ['listen'],
      'cannot use listen: one address is there twice',
      'leave one of the two out',
    );
  const wrong = emit.formats?.find(name => !writable.includes(name));
  if (wrong !== undefined)
    report(
      scope('emit'),
      ['formats'],
      `cannot use "${wrong}": there is no such format`,
      nearest(wrong, writable) ?? writable.join(', '),
    );
  const defaults = defaultSettings(file);
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
      ...defaults.proxy,
      enabled: proxy.enabled ?? defaults.proxy.enabled,
      listen: proxy.listen ?? defaults.proxy.listen,
      user: proxy.user ?? defaults.proxy.user,
      workers: proxy.workers ?? defaults.proxy.workers,
    },
    emit: {
      formats: wrong === undefined ? (emit.formats ?? defaults.emit.formats) : defaults.emit.formats,
      plain: emit.plain ?? defaults.emit.plain,
      out: emit.out ?? defaults.emit.out,
      nginxTest: emit.nginx_test ?? defaults.emit.nginxTest,
      nginxReload: emit.nginx_reload ?? defaults.emit.nginxReload,
    },
  };
}

function read<K extends Keys>(scope: Scope, tables: Readonly<Record<string, unknown>>, keys: K): Values<K> {
  const table = tables[String(scope.key[0])];
  if (table === undefined) return {} as Values<K>;
  if (isTable(table)) return readTable(scope, table, keys);
  report(scope, [], `cannot use ${showValue(table)}: it must be a table`, scope.title);
  return {} as Values<K>;
}
