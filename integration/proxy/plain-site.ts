// A site that has nothing but its app: what a front door is told of it.

import type { RoutedSite } from '../../src/protocol/worker.ts';

export type TestSite = Omit<RoutedSite, 'accessLogFd'>;

export function plainSite(name: string, host: string, socket: string): TestSite {
  return {
    name,
    serverNames: [host],
    locations: [],
    socket,
    clientMaxBodySize: 0,
    proxyReadTimeout: 60,
    accessLog: '',
    errorLog: '',
    keepalive: false,
    certificate: null,
    redirectHttps: false,
    redirectFrom: [],
    errorPages: null,
  };
}
