// The worker's resident memory: with many idle connections, over a million requests, during a large download. Also
// how evenly two workers share one listener.

import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { type Fixture, makeFixture } from '../../integration/proxy/fixture.ts';
import type { TestSite } from '../../integration/proxy/plain-site.ts';
import { bind, type RunningWorker, startWorker } from '../../integration/proxy/worker.ts';
import { memoryOf } from '../supervision/proc.ts';
import { startFastApp } from './apps.ts';
import { openIdle } from './idle.ts';
import { run } from './measure.ts';
import { asUnderHostd } from './own-worker.ts';

export interface MemoryPlan {
  readonly requests: number;
  readonly connections: number;
}

interface Scene {
  readonly fixture: Fixture;
  readonly site: TestSite;
  readonly host: string;
}

export async function measureMemory(plan: MemoryPlan): Promise<void> {
  const fixture = makeFixture('bench');
  const [first] = fixture.sites;
  const site = { ...first, keepalive: true };
  const root = site.socket.replace('/run/gunicorn.sock', '');
  writeFileSync(`${root}/static/1g.bin`, '');
  truncateSync(`${root}/static/1g.bin`, 1024 ** 3);
  const app = await startFastApp(fixture.directory, site.socket);
  const scene = { fixture, site, host: site.serverNames[0] ?? '' };
  try {
    await withIdleConnections(scene, plan.connections);
    await overRequests(scene, plan.requests);
    await duringDownload(scene);
    await sharedByTwo(scene);
  } finally {
    await app.stop();
    fixture.remove();
  }
}

async function withIdleConnections(scene: Scene, wanted: number): Promise<void> {
  const count = Math.min(wanted, possibleConnections());
  if (count < wanted)
    console.log(`only ${count} idle connections: more need more open files (ulimit -n 40000)`);
  await withWorker(scene, { connectionsPerClient: count, idleMs: 600_000 }, async worker => {
    run(scene.host, worker.port, '/', 1);
    const before = resident(worker);
    const request = `GET / HTTP/1.1\r\nHost: ${scene.host}\r\n\r\n`;
    const idle = await openIdle(worker.port, request, count);
    await sleep(2000);
    const grown = resident(worker) - before;
    console.log(
      `${idle.open} idle connections: ${megabytes(resident(worker))}, ${megabytes(before)} without them, ` +
        `${((grown * 1024) / idle.open).toFixed(1)} kB each`,
    );
    idle.close();
    await sleep(1000);
    console.log(`  after they have gone: ${megabytes(resident(worker))}`);
  });
}

/** A worker takes half as many connections as it may open files, minus a few for itself. Beyond that it closes idle ones. */
function possibleConnections(): number {
  const files = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Math.floor(Number(files) / 2) - 200;
}

/** Requests files and pages in turn. */
async function overRequests(scene: Scene, total: number): Promise<void> {
  await withWorker(scene, {}, async worker => {
    let done = 0;
    for (const part of [0.01, 0.1, 0.5, 1]) {
      if (done >= total * part) continue;
      while (done < total * part) {
        for (const path of ['/static/a.txt', '/']) done += run(scene.host, worker.port, path, 1).requests;
        await sleep(0); // lets the worker's stderr be read
      }
      console.log(
        `after ${done} requests: ${megabytes(resident(worker))}, ${megabytes(own(worker))} its own`,
      );
    }
    await sleep(25_000);
    console.log(`  half a minute later: ${megabytes(resident(worker))}, ${megabytes(own(worker))} its own`);
  });
}

async function duringDownload(scene: Scene): Promise<void> {
  await withWorker(scene, {}, async worker => {
    run(scene.host, worker.port, '/', 1);
    const before = resident(worker);
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, resident(worker));
    }, 50);
    const started = performance.now();
    const size = await download(
      worker.port,
      `GET /static/1g.bin HTTP/1.1\r\nHost: ${scene.host}\r\nConnection: close\r\n\r\n`,
    );
    clearInterval(watch);
    const rate = size / 1e6 / ((performance.now() - started) / 1000);
    console.log(
      `a download of ${(size / 1024 ** 2).toFixed(0)} MB: ${megabytes(before)} before, ${megabytes(most)} at most, ${rate.toFixed(0)} MB/s`,
    );
  });
}

function download(port: number, request: string): Promise<number> {
  return new Promise(resolve => {
    let size = 0;
    // One buffer for all of it, since the client's own memory is not measured.
    const socket = net.connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer: Buffer.alloc(262_144),
        callback: length => {
          size += length;
          return true;
        },
      },
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(size));
    socket.write(request);
  });
}

async function sharedByTwo({ fixture, site, host }: Scene): Promise<void> {
  const listener = bind('127.0.0.1');
  const logs = ['one', 'two'].map(name => `${site.accessLog}.${name}`);
  const workers: RunningWorker[] = [];
  try {
    for (const accessLog of logs) {
      const sites = [{ ...site, accessLog }];
      workers.push(await startWorker({ sites, directory: fixture.directory, listener, ...asUnderHostd }));
    }
    for (const connections of [8, 32, 128]) {
      const before = logs.map(lines);
      const port = portOf(listener);
      const { rate } = run(host, port, '/', 1, connections);
      await sleep(1500); // the log is written late
      const counts = logs.map((log, i) => lines(log) - (before[i] ?? 0));
      console.log(
        `two workers, ${connections} connections: ${counts.join(' and ')} requests, ${Math.round(rate)}/s`,
      );
    }
  } finally {
    for (const worker of workers) await worker.stop();
    listener.close();
  }
}

function portOf(listener: ReturnType<typeof bind>): number {
  const name: { port?: number } = {};
  listener.getsockname(name);
  return name.port ?? 0;
}

function lines(file: string): number {
  return readFileSync(file, 'latin1').split('\n').length - 1;
}

async function withWorker(
  { fixture, site }: Scene,
  limits: Readonly<Record<string, number>>,
  use: (worker: RunningWorker) => Promise<void>,
): Promise<void> {
  const worker = await startWorker({
    sites: [site],
    directory: fixture.directory,
    limits,
    ...asUnderHostd,
  });
  try {
    await use(worker);
  } finally {
    await worker.stop();
  }
}

/** MiB. */
function resident(worker: RunningWorker): number {
  return memoryOf([worker.process.pid ?? 0]).rss;
}

/** MiB that no other process shares, and that no file has. */
function own(worker: RunningWorker): number {
  return memoryOf([worker.process.pid ?? 0]).dirty;
}

function megabytes(amount: number): string {
  return `${amount.toFixed(0)} MB`;
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
