// Starts a real proxy worker, as an unprivileged user when the tests run as root, on listeners that the test holds.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { RoutedSite } from '../../src/protocol/worker.ts';

/** www-data. */
const unprivileged = 33;

/** Who the worker runs as: files and sockets of a test must be his. */
export const workerIds = process.getuid?.() === 0 ? { uid: unprivileged, gid: unprivileged } : {};

export interface RunningWorker {
  readonly port: number;
  readonly process: ChildProcess;
  /** What it wrote to stderr so far. */
  errors(): string;
  /** Facts it told so far, one line each. */
  facts(): string;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly sites: readonly Omit<RoutedSite, 'accessLogFd'>[];
  /** A directory that is the test's own. */
  readonly directory: string;
  readonly limits?: Readonly<Record<string, number>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether hostd's end of the facts pipe stays open. */
  readonly deaf?: boolean;
  readonly host?: string;
  readonly nodeOptions?: readonly string[];
}

interface Handle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

/** A bound socket that this process never accepts from, as hostd holds it. */
function bind(host: string): Handle {
  const { _createServerHandle: create } = net as unknown as {
    _createServerHandle(address: string, port: number, family: number): Handle;
  };
  return create(host, 0, host.includes(':') ? 6 : 4);
}

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const listener = bind(options.host ?? '127.0.0.1');
  const name: { port?: number } = {};
  listener.getsockname(name);
  const logs = options.sites.map(site => openSync(site.accessLog, 'a'));
  const sites = options.sites.map((site, i) => ({ ...site, accessLogFd: 6 + i }));
  const routes = { listeners: [{ fd: 5, host: '127.0.0.1', port: name.port ?? 0 }], sites };
  const routesFile = `${options.directory}/routes.json`;
  writeFileSync(routesFile, JSON.stringify(routes));
  const routesFd = openSync(routesFile, 'r');
  const main = new URL('../../src/proxy/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), main], {
    ...workerIds,
    cwd: '/',
    env: {
      HOSTD_ROUTES_FD: '3',
      HOSTD_FACTS_FD: '4',
      HOSTD_PROXY_LIMITS: JSON.stringify(options.limits ?? {}),
      TMPDIR: options.directory,
      TZ: 'UTC',
      ...options.environment,
    },
    stdio: ['ignore', 'inherit', 'pipe', routesFd, 'pipe', listener.fd, ...logs],
  });
  closeSync(routesFd);
  for (const fd of logs) closeSync(fd);
  listener.close();
  let errors = '';
  let facts = '';
  child.stderr?.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  const pipe = child.stdio[4] as net.Socket;
  const ready = new Promise<void>((resolve, reject) => {
    pipe.on('data', (text: Buffer) => {
      facts += text.toString();
      if (facts.includes('"ready"')) resolve();
    });
    child.once('exit', code => reject(new Error(`the worker exited with ${code}: ${errors}`)));
  });
  await ready;
  if (options.deaf) pipe.destroy();
  return {
    port: name.port ?? 0,
    process: child,
    errors: () => errors,
    facts: () => facts,
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(late);
}
