// Starts servers elsewhere, which upstreams lead to.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ask } from '../../scripts/http.ts';
import type { Place } from '../harness/place.ts';

export interface Server {
  readonly child: ChildProcess;
  readonly port: number;
  /** "127.0.0.1:8000". */
  readonly address: string;
  /** By method and path: "GET /". */
  counts(): Promise<Readonly<Record<string, number>>>;
}

export interface Where {
  readonly host?: string;
  readonly port?: number;
  /** A command that runs it, such as one that enters a namespace. */
  readonly under?: readonly string[];
}

const file = join(import.meta.dirname, 'server.ts');

/** Resolves when it listens. It ends with the test. */
export async function startServer(place: Place, name: string, where: Where = {}): Promise<Server> {
  const { host = '127.0.0.1', port = 0, under = [] } = where;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', file, name, host, String(port)];
  return await startNaming(place, [...under, ...node], host);
}

/** Accepts nobody, and has no room for who waits: connections to it hang, as to a machine that is gone. */
export async function startFull(place: Place): Promise<Server> {
  const full = `
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
held = []
for _ in range(8):
    c = socket.socket(); c.setblocking(False); c.connect_ex(s.getsockname()); held.append(c)
time.sleep(0.2)
print(s.getsockname()[1], flush=True)
time.sleep(600)
`;
  return await startNaming(place, ['python3', '-c', full], '127.0.0.1');
}

async function startNaming(place: Place, command: readonly string[], host: string): Promise<Server> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...place.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  place.after(() => end(child));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', text => resolve(Number(text)));
    child.once('exit', code => reject(new Error(`the upstream ended with ${code}`)));
  });
  return {
    child,
    port,
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    counts: async () => JSON.parse((await ask({ to: { port }, host: 'x', path: '/counts' })).text),
  };
}

/** SIGKILL, and the end of it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
