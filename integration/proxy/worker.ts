// Starts a real proxy worker, as an unprivileged user when the tests run as root, on listeners that the test holds.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { countsIn, noteSize } from '../../src/protocol/note.ts';
import { describeRow, type SiteTraffic } from '../../src/protocol/traffic.ts';
import type { Listener, RoutedSite, RouteSettings, Routes } from '../../src/protocol/worker.ts';

/** www-data. */
const unprivileged = 33;

/** Who the worker runs as: files and sockets of a test must be his. */
export const workerIds = process.getuid?.() === 0 ? { uid: unprivileged, gid: unprivileged } : {};

export interface RunningWorker {
  readonly port: number;
  /** Where it speaks TLS; 0: nowhere. */
  readonly tlsPort: number;
  readonly process: ChildProcess;
  /** What it wrote to stderr so far. */
  errors(): string;
  /** Facts it told so far, one line each. */
  facts(): string;
  /** What it has counted for a site so far, as hostd reads it; null: for requests whose site was never known. */
  counted(site: string | null): SiteTraffic;
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
  /** Whether there is a listener that speaks TLS, too. */
  readonly tls?: boolean;
  /** What [proxy] says to it. */
  readonly settings?: RouteSettings;
  readonly nodeOptions?: readonly string[];
  /** Runs dist/, as hostd does. Node takes 26 MB to strip types from src/. */
  readonly isBuilt?: boolean;
  /** One that several workers share; whoever bound it closes it. */
  readonly listener?: Handle;
}

export interface Handle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

/** A bound socket that this process never accepts from, as hostd holds it. */
export function bind(host: string): Handle {
  const { _createServerHandle: create } = net as unknown as {
    _createServerHandle(address: string, port: number, family: number): Handle;
  };
  return create(host, 0, host.includes(':') ? 6 : 4);
}

function portOf(handle: Handle): number {
  const name: { port?: number } = {};
  handle.getsockname(name);
  return name.port ?? 0;
}

let notes = 0;

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const listener = options.listener ?? bind(options.host ?? '127.0.0.1');
  const secure = options.tls ? bind(options.host ?? '127.0.0.1') : null;
  const [port, tlsPort] = [portOf(listener), secure === null ? 0 : portOf(secure)];
  const logs = options.sites.map(site => openSync(site.accessLog, 'a'));
  const sites = options.sites.map((site, i) => ({ ...site, accessLogFd: 6 + i }));
  const listeners: Listener[] = [{ fd: 5, host: '127.0.0.1', port }];
  if (secure !== null) listeners.push({ fd: 6 + logs.length, host: '127.0.0.1', port: tlsPort, tls: true });
  const routes: Routes = { listeners, sites, ...options.settings };
  const routesFile = `${options.directory}/routes.json`;
  writeFileSync(routesFile, JSON.stringify(routes));
  const routesFd = openSync(routesFile, 'r');
  // A worker that is still there maps its own: another one may have its port by now.
  const noteFile = `${options.directory}/note.${++notes}`;
  writeFileSync(noteFile, Buffer.alloc(noteSize(sites.length)));
  const note = openSync(noteFile, 'r+');
  const file = options.isBuilt ? '../../dist/proxy/main.js' : '../../src/proxy/main.ts';
  const main = join(import.meta.dirname, file);
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), main], {
    ...workerIds,
    cwd: '/',
    env: {
      HOSTD_ROUTES_FD: '3',
      HOSTD_FACTS_FD: '4',
      HOSTD_NOTE_FD: String(6 + logs.length + (secure === null ? 0 : 1)),
      HOSTD_PROXY_LIMITS: JSON.stringify(options.limits ?? {}),
      TMPDIR: options.directory,
      TZ: 'UTC',
      ...options.environment,
    },
    stdio: [
      'ignore',
      'inherit',
      'pipe',
      routesFd,
      'pipe',
      listener.fd,
      ...logs,
      ...(secure === null ? [] : [secure.fd]),
      note,
    ],
  });
  closeSync(routesFd);
  for (const fd of [...logs, note]) closeSync(fd);
  if (options.listener === undefined) listener.close();
  secure?.close();
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
    port,
    tlsPort,
    process: child,
    errors: () => errors,
    facts: () => facts,
    counted(site) {
      const number = site === null ? 0 : sites.findIndex(({ name }) => name === site) + 1;
      return describeRow(site, countsIn(readFileSync(noteFile), number));
    },
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await exited;
  clearTimeout(late);
}
