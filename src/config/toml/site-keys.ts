// The keys of [app.NAME] that say how its site is served. An app without a root has no others: nothing of it runs here.

import type { appKeys } from './keys.ts';
import type { Scope } from './table.ts';

const siteKeys: ReadonlySet<string> = new Set<keyof typeof appKeys>([
  'upstreams',
  'health',
  'health_interval',
  'health_failures',
  'server_names',
  'static',
  'media',
  'static_expires',
  'media_expires',
  'logs',
  'client_max_body_size',
  'proxy_read_timeout',
  'certificate',
  'certificate_key',
  'redirect_https',
  'redirect_from',
  'error_pages',
]);

/** Reports what is said of programs that would run here, each with the place of `upstreams`. */
export function refuseLocalKeys(scope: Scope, table: Readonly<Record<string, unknown>>): void {
  const { file, key, title, subject, problems } = scope;
  for (const name of Object.keys(table).filter(one => !siteKeys.has(one)))
    problems.push({
      severity: 'error',
      message: `${title}: cannot use ${name} beside upstreams: nothing of the app runs here`,
      hint: `leave ${name} out; or root = "/...", and what is said of the app's programs waits until upstreams is gone`,
      at: { file, key: [...key, name] },
      against: { file, key: [...key, 'upstreams'] },
      ...(subject === null ? {} : { subject }),
    });
}
