// A proxy from npm in the usual few lines, as a yardstick. Arguments: package, port, unix socket, "kept" or "closed".

import http, { type IncomingMessage, type ServerResponse } from 'node:http';

/** The part that http-proxy, http-proxy-3 and httpxy have in common, as far as it is used. */
interface ProxyPackage {
  createProxyServer(options: { readonly target: object; readonly agent: http.Agent | false }): {
    on(event: 'error', listener: (error: Error, req: IncomingMessage, res: ServerResponse) => void): void;
    web(req: IncomingMessage, res: ServerResponse): unknown;
  };
}

const [name = 'http-proxy', port = '0', socketPath = '', kept = 'closed'] = process.argv.slice(2);
/** http-proxy is CommonJS. */
const imported: Partial<ProxyPackage> & { readonly default?: ProxyPackage } = await import(name);
const createProxyServer = imported.createProxyServer ?? imported.default?.createProxyServer;
if (createProxyServer === undefined) throw new Error(`cannot use ${name}: it has no createProxyServer`);
const proxy = createProxyServer({
  target: { socketPath, host: 'localhost', port: 80 },
  agent: kept === 'kept' ? new http.Agent({ keepAlive: true }) : false,
});
proxy.on('error', (_error, _req, res) => {
  if (!res.headersSent) res.writeHead(502);
  res.end();
});
http.createServer((req, res) => proxy.web(req, res)).listen(Number(port), '127.0.0.1');
