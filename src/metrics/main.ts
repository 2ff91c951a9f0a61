// hostd-metrics: answers Prometheus on an inherited socket with what root tells it. It has no rights of its own, can ask root for nothing
// but a sample, and ends with the hostd that has started it.

import { createServer } from 'node:http';
import { messageOf } from '../errors.ts';
import { nameProcess } from '../process-name.ts';
import { boundRequests, withoutChecks } from '../protocol/request-time.ts';
import { answer } from './answer.ts';
import { openRoot } from './root.ts';

const asksFd = 3;
const answersFd = 4;
const listenerFd = 5;

/** Connections at once; and what one has time for, in milliseconds. Prometheus keeps its connection from one scrape to the next. */
const most = { connections: 32, header: 10_000, idle: 120_000, headerBytes: 8192 };

function run(): void {
  nameProcess('hostd-metrics');
  // A disk that is full takes away the log, and nothing else.
  process.stderr.on('error', () => {});
  if (process.getuid?.() === 0)
    throw new Error('cannot run hostd-metrics as root: it reads what strangers send\n  try: hostd start');
  const takeSample = openRoot(asksFd, answersFd, () => process.exit(0));
  const server = createServer(
    {
      maxHeaderSize: most.headerBytes,
      keepAliveTimeout: most.idle,
      ...withoutChecks,
    },
    (request, response) => {
      // What it sends besides is not read, and its connection ends.
      if (
        request.headers['content-length'] !== undefined ||
        request.headers['transfer-encoding'] !== undefined
      )
        response.setHeader('Connection', 'close');
      answer(request, takeSample).then(
        ({ status, fields, body }) => {
          response.writeHead(status, { ...fields, 'Content-Length': body.length });
          response.end(request.method === 'HEAD' ? undefined : body);
        },
        error => {
          complain(messageOf(error));
          response.destroy();
        },
      );
    },
  );
  boundRequests(server, { first: most.header, next: most.idle });
  server.maxConnections = most.connections;
  // Who only keeps connections makes room for who comes with a request.
  server.on('drop', () => server.closeIdleConnections());
  server.on('error', error => complain(`cannot accept: ${messageOf(error)}`));
  server.listen({ fd: listenerFd });
  // It ends when root does.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
}

function complain(why: string): void {
  process.stderr.write(`hostd-metrics: ${why}\n`);
}

try {
  run();
} catch (error) {
  complain(messageOf(error));
  process.exit(1);
}
