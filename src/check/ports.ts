// Whether another process listens on the proxy's addresses, and which. hostd itself does not count.

import { isIPv6 } from 'node:net';
import { holdersOfAddress, howToStop } from '../linux/listeners.ts';
import { isListening } from '../linux/unix-listeners.ts';
import type { Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';

/** The addresses of [proxy] that another process has. */
export function checkPorts({ settings, sites }: Host): readonly Problem[] {
  const { enabled, listen, tlsListen } = settings.proxy;
  if (!enabled) return [];
  const tls = sites.some(({ certificate }) => certificate !== null) ? tlsListen : [];
  const wanted = [
    ...listen.map((address, index) => ({ address, key: 'listen', index })),
    ...tls.map((address, index) => ({ address, key: 'tls_listen', index })),
  ];
  return wanted.flatMap(({ address, key, index }): Problem[] => {
    const holders = holdersOfAddress(address);
    if (holders === null) return [];
    // The proxy's listeners are root's hostd's. A hostd that was killed leaves them to its workers, which serve on until the next one starts.
    if (holders.some(({ name }) => name === 'hostd' || name === 'hostd-proxy')) return [];
    const [holder] = holders;
    // Who is not root does not see whose it is: hostd's own, if hostd runs.
    if (holder === undefined && isListening(settings.control.socket)) return [];
    const where = `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
    const by = holder === undefined ? 'by another process' : `by "${holder.name}" (pid ${holder.pid})`;
    const message = `[proxy]: cannot listen on ${where}: it is used ${by}`;
    const stop = holder === undefined ? `sudo ss -ltnp sport = :${address.port}` : howToStop(holder);
    const hint = `${stop}, or another address: ${key} = ["127.0.0.1:8080"]`;
    return [{ severity: 'error', message, hint, at: { file: settings.file, key: ['proxy', key, index] } }];
  });
}
