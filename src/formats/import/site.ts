// What a virtual host says of an app: how its site is served. Shared by apps that run here and those that are served elsewhere.

import { tidyPath } from '../../config/toml/values.ts';
import type { TomlValue } from '../../config/toml/write.ts';
import { makeApp } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import { formatDuration } from '../../words/durations.ts';
import { formatSize } from '../../words/sizes.ts';
import type { SiteDraft } from '../draft.ts';
import type { Tabled } from '../supervisor/table.ts';

/** Writes a key, unless its value is null or the usual one. */
export type Put = (key: string, value: TomlValue | null, usual: unknown) => void;

/** nginx's own limit where a virtual host sets none. */
const nginxBodySize = 1024 ** 2;

/** The fields of an app that its site sets. */
export function siteFields(name: string, site: SiteDraft): Partial<App> {
  const given = {
    serverNames: [...new Set(site.serverNames)].filter(host => host !== `${name.toLowerCase()}.localhost`),
    clientMaxBodySize: site.clientMaxBodySize ?? nginxBodySize,
    proxyReadTimeout: site.proxyReadTimeout,
    staticExpires: site.staticExpires,
    mediaExpires: site.mediaExpires,
    certificate: site.certificate,
    redirectHttps: site.redirectHttps,
    redirectFrom: site.redirectFrom,
    errorPages: site.errorPages,
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  // null means something here: the files are not served.
  return { ...(present as Partial<App>), static: served(site.static), media: served(site.media) };
}

/** The keys of the site, where they differ from those of the plain app. */
export function putSite(app: App, plain: App, put: Put): void {
  if (app.serverNames.length > 0) put('server_names', app.serverNames, null);
  put('socket', app.socket, plain.socket);
  put('static', app.static ?? false, plain.static ?? false);
  put('media', app.media ?? false, plain.media ?? false);
  put('logs', app.logs, plain.logs);
  if (app.clientMaxBodySize !== plain.clientMaxBodySize)
    put('client_max_body_size', formatSize(app.clientMaxBodySize), null);
  if (app.proxyReadTimeout !== plain.proxyReadTimeout)
    put('proxy_read_timeout', formatDuration(app.proxyReadTimeout), null);
  for (const [key, seconds] of [
    ['static_expires', app.staticExpires],
    ['media_expires', app.mediaExpires],
  ] as const)
    if (seconds !== null) put(key, seconds < 0 ? 'epoch' : formatDuration(seconds), null);
  put('certificate', app.certificate?.certificate ?? null, null);
  put('certificate_key', app.certificate?.key ?? null, null);
  put('redirect_https', app.redirectHttps, false);
  if (app.redirectFrom.length > 0) put('redirect_from', app.redirectFrom, null);
  put('error_pages', app.errorPages, null);
}

/** A site whose app is on other machines: no root, and none of the keys of programs. */
export function elsewhereTable(name: string, site: SiteDraft): Tabled {
  // Where hostd keeps the logs of such an app.
  const root = `/var/log/hostd/${name}`;
  const plain = makeApp({
    name,
    root,
    source: { file: '', key: ['app', name] },
    static: null,
    media: null,
    logs: root,
  });
  const app: App = { ...plain, ...siteFields(name, site), logs: logsOf(null, site) ?? root };
  const table: Record<string, TomlValue> = { upstreams: site.upstreams };
  putSite(app, plain, (key, value, usual) => {
    if (value !== null && value !== usual) table[key] = value;
  });
  const logs = { accessLog: `${app.logs}/nginx-access.log`, errorLog: `${app.logs}/nginx-error.log` };
  return { table, lost: lostLogs(site, logs) };
}

/** The directory of a log that is called as hostd calls it. */
export function logsOf(log: string | null, site: SiteDraft | null): string | null {
  for (const path of [log, site?.accessLog ?? null])
    if (path !== null && /^\/.*\/(gunicorn_supervisor\.log|nginx-access\.log)$/.test(path))
      return path.slice(0, path.lastIndexOf('/'));
  return null;
}

/** Logs that are in another place afterwards. */
export function lostLogs(
  site: SiteDraft,
  app: Pick<App, 'accessLog' | 'errorLog'>,
): readonly (readonly [string, string])[] {
  return (['accessLog', 'errorLog'] as const).flatMap(key =>
    site[key] === null || site[key] === app[key]
      ? []
      : [[key === 'accessLog' ? 'access_log' : 'error_log', `hostd writes ${app[key]}`] as const],
  );
}

/** The path as the table's reader will have it. */
function served(path: string | null): string | null {
  return path === null ? null : `${tidyPath(path).replace(/^\/$/, '')}/`;
}
