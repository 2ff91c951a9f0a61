// Upstreams that would send the proxy's requests back to the proxy. Pure.

import { addressText } from './address.ts';
import type { App, Listen, ProxySettings } from './host.ts';
import type { Problem } from './problem.ts';

export function checkUpstreams(app: App, proxy: ProxySettings): readonly Problem[] {
  const own = [...proxy.listen, ...proxy.tlsListen];
  const problems = proxy.enabled
    ? app.upstreams
        .filter(upstream => own.some(listen => isSame(listen, upstream)))
        .map(
          (upstream): Problem => ({
            severity: 'error',
            message: `app "${app.name}": cannot use upstream "${addressText(upstream)}": hostd's own proxy listens there, and would ask itself`,
            hint: 'the address of the server that runs the app',
            at: { file: app.source.file, key: [...app.source.key, 'upstreams'] },
            subject: app.name,
          }),
        )
    : [];
  return problems;
}

/** Whether who listens there also hears what is sent to `upstream`. Other addresses of this machine are not known here. */
function isSame(listen: Listen, upstream: Listen): boolean {
  if (listen.port !== upstream.port) return false;
  const isEverywhere = listen.host === '0.0.0.0' || listen.host === '::';
  return listen.host === upstream.host || (isEverywhere && isLoopback(upstream.host));
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
