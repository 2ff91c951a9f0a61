// Makes an app's server believe what the proxy says of its clients: whether they came by https, and from where. Pure.

import type { Host, Program } from '../../model/host.ts';

/**
 * What the program's server is told to believe. Only hostd's proxy connects to its unix socket, and says scheme and client itself.
 * gunicorn believes a unix socket anyway, and its uvicorn workers are told by its configuration (gunicorn.ts).
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
