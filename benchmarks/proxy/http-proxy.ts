// npm's http-proxy in the usual few lines: the yardstick. Arguments: port, unix socket.

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';

/** As much of its interface as is used; it brings no types of its own. */
interface HttpProxy {
  createProxyServer(options: { readonly target: object }): {
    on(event: 'error', listener: (error: Error, req: IncomingMessage, res: ServerResponse) => void): void;
    web(req: IncomingMessage, res: ServerResponse): void;
  };
}

const httpProxy = createRequire(import.meta.url)('http-proxy') as HttpProxy;
const [port = '0', socketPath = ''] = process.argv.slice(2);
const proxy = httpProxy.createProxyServer({ target: { socketPath, host: 'localhost', port: 80 } });
proxy.on('error', (_error, _req, res) => {
  if (!res.headersSent) res.writeHead(502);
  res.end();
});
http.createServer((req, res) => proxy.web(req, res)).listen(Number(port), '127.0.0.1');
