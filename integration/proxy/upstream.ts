// A scripted app on a unix socket: it records every byte that it gets, and answers as the test says, however wrong.

import { chmodSync, chownSync, rmSync } from 'node:fs';
import net from 'node:net';
import { workerIds } from './worker.ts';

/** Text (latin-1) to write, seconds to sleep, "READ" to read on, "RST" to break off. */
export type Step = string | number;

export interface Upstream {
  /** Every request's bytes, latin-1, in the order of their connections. */
  readonly requests: string[];
  /** Those that the proxy has not ended. */
  readonly connections: Set<net.Socket>;
  close(): Promise<void>;
}

const usual = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n';

/** `scripts`: answers by the KEY of a path /r/KEY; any other path gets a small 200. Every answer ends its connection. */
export async function startUpstream(
  path: string,
  scripts: Readonly<Record<string, readonly Step[]>>,
): Promise<Upstream> {
  const requests: string[] = [];
  const connections = new Set<net.Socket>();
  const all = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    connections.add(socket);
    all.add(socket);
    socket.on('end', () => connections.delete(socket));
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => {});
    const number = requests.push('') - 1;
    let answered = false;
    socket.on('data', bytes => {
      requests[number] += bytes.toString('latin1');
      const text = requests[number] ?? '';
      if (answered || !isWhole(text)) return;
      answered = true;
      const key = /^\S+ [^ ]*\/r\/([^ ?]+)/.exec(text)?.[1] ?? '';
      void play(socket, scripts[key] ?? [usual]);
    });
  });
  rmSync(path, { force: true });
  await new Promise<void>(resolve => server.listen(path, resolve));
  chmodSync(path, 0o660);
  if (workerIds.uid !== undefined) chownSync(path, 0, workerIds.gid);
  return {
    requests,
    connections,
    close: () =>
      new Promise(resolve => {
        for (const socket of all) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return !/\r\ntransfer-encoding:/i.test(head) || text.includes('0\r\n\r\n', end + 4);
}

async function play(socket: net.Socket, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (typeof step === 'number') await new Promise(resolve => setTimeout(resolve, step * 1000));
    else if (step === 'RST') socket.destroy();
    else if (step === 'READ') return;
    else socket.write(step, 'latin1');
  }
  socket.end();
}
