// A server elsewhere, for tests of upstreams: answers with its name, counts its requests, and misbehaves where it is asked to.
// node server.ts NAME ADDRESS [PORT]; writes its port on one line.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [, , name = '', host = '127.0.0.1', port = '0'] = process.argv;
const counts: Record<string, number> = {};
let isIll = false;

const server = createServer((req, res) => {
  const url = new URL(req.url ?? '/', 'http://upstream');
  const key = `${req.method} ${url.pathname}`;
  counts[key] = (counts[key] ?? 0) + 1;
  req.resume().on('end', () => {
    switch (url.pathname) {
      case '/reset':
        req.socket.resetAndDestroy();
        return;
      case '/half':
        // One answers; the others break off between the header and the body, as a server that is killed does.
        res.writeHead(200, { 'content-length': 100 });
        if (url.search === `?by=${name}`) res.end(name.padEnd(100));
        else res.write('half of it', () => req.socket.destroy());
        return;
      case '/counts':
        res.end(JSON.stringify(counts));
        return;
      case '/headers':
        res.end(JSON.stringify(req.headers));
        return;
      case '/ill':
        isIll = url.search === '?yes';
        res.end();
        return;
      case '/only':
        // Nobody else ever answers.
        if (url.search === `?by=${name}`) res.end(name);
        return;
      case '/healthz':
        res.writeHead(isIll ? 503 : 200).end();
        return;
      default:
        setTimeout(() => res.end(name), Number(url.searchParams.get('ms') ?? 0));
    }
  });
});
server.on('upgrade', (_, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.pipe(socket);
});
server.listen(Number(port), host, () => console.log((server.address() as AddressInfo).port));
