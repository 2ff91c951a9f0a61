// Whether an app's server believes what the proxy says of its clients: that they came by https, and from where. Pure.

import type { Host, Program } from '../../model/host.ts';

/**
 * Whom a server may believe of the scheme and of the client: who connects to its unix socket is hostd's proxy, which says both
 * itself. gunicorn believes a unix socket anyway, and its uvicorn workers are told by its configuration (gunicorn.ts).
 */
export function beliefOf(
  { kind, environment }: Pick<Program, 'kind' | 'environment'>,
  { settings }: Pick<Host, 'settings'>,
): Readonly<Record<string, string>> {
  if (!settings.proxy.enabled) return {};
  if (kind === 'gunicorn') return { HOSTD_PROXY: '1' };
  return kind === 'app' && environment['FORWARDED_ALLOW_IPS'] === undefined
    ? { FORWARDED_ALLOW_IPS: '*' }
    : {};
}
