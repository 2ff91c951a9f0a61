// Whether [metrics] can listen where it is to. Pure.

import type { Listen, RpcSocket, Settings } from './host.ts';
import type { Problem } from './problem.ts';

export function checkMetrics({ file, control, metrics, proxy, supervisor, web }: Settings): Problem[] {
  if (metrics === null) return [];
  const { address } = metrics;
  const others: readonly (readonly [string, RpcSocket | Listen])[] = [
    ['[control]', { path: control.socket, rights: null }],
    ...(web === null ? [] : [['[web]', web.address] as const]),
    ...supervisor.map(listener => ['[supervisor]', listener.address] as const),
    ...(proxy.enabled ? [...proxy.listen, ...proxy.tlsListen] : []).map(one => ['[proxy]', one] as const),
  ];
  const [taken] = others.find(([, other]) => isSame(address, other)) ?? [];
  if (taken === undefined) return [];
  const hint = 'path' in address ? 'another path' : 'another port in one of the two';
  const message = `[metrics]: cannot listen there: ${taken} does`;
  return [{ severity: 'error', message, hint, at: { file, key: ['metrics', 'listen'] } }];
}

function isSame(one: RpcSocket | Listen, other: RpcSocket | Listen): boolean {
  if ('path' in one) return 'path' in other && one.path === other.path;
  return !('path' in other) && one.host === other.host && one.port === other.port;
}
