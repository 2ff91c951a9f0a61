// The proxies, each started in front of one site.

import { mkdirSync, writeFileSync } from 'node:fs';
import { startNginx } from '../../integration/proxy/nginx.ts';
import type { TestSite } from '../../integration/proxy/plain-site.ts';
import { startWorker } from '../../integration/proxy/worker.ts';
import { freePort } from '../../scripts/free-port.ts';
import { configureCaddy } from './caddy.ts';
import { asUnderHostd } from './own-worker.ts';
import { findCommand, startProgram, whenAccepting } from './processes.ts';

export interface Contender {
  readonly name: string;
  readonly port: number;
  /** Its first process. The others are children of that one. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** "nginx-new": makes a new connection to the app for each request, as in the usual vhost, even where the others keep theirs. */
export type ContenderName =
  | 'nginx'
  | 'nginx-new'
  | 'hostd'
  | 'caddy'
  | 'http-proxy'
  | 'http-proxy-3'
  | 'httpxy';

export const fileServers: readonly ContenderName[] = ['nginx', 'hostd', 'caddy'];
export const all: readonly ContenderName[] = [...fileServers, 'http-proxy', 'http-proxy-3', 'httpxy'];

export interface Before {
  /** A directory for its configuration. */
  readonly directory: string;
  readonly site: TestSite;
  /** Whether connections to the app are kept. */
  readonly kept: boolean;
  /** Whether hostd tells its proxy that the app's workers are gunicorn's sync workers. */
  readonly isSync: boolean;
}

/** null: it is not installed. */
export async function startContender(name: ContenderName, before: Before): Promise<Contender | null> {
  const { directory, kept, isSync } = before;
  const site = { ...before.site, keepalive: kept };
  if (name === 'nginx') return { name, ...(await startNginx(directory, [site], { keepalive: kept })) };
  if (name === 'nginx-new') {
    mkdirSync(`${directory}/new`);
    return { name, ...(await startNginx(`${directory}/new`, [site])) };
  }
  if (name === 'hostd') {
    const halfClose = `${directory}/half-close`;
    if (isSync) writeFileSync(halfClose, '');
    const worker = await startWorker({
      sites: [{ ...site, halfClose }],
      directory,
      ...asUnderHostd,
      nodeOptions: [...asUnderHostd.nodeOptions, ...profiling()],
    });
    return { name, port: worker.port, pid: worker.process.pid ?? 0, stop: () => worker.stop() };
  }
  const port = await freePort();
  const program = name === 'caddy' ? startCaddy(port, before) : startNpmProxy(name, port, before);
  if (program === null) return null;
  await whenAccepting({ port, host: '127.0.0.1' });
  return { name, port, ...program };
}

function startCaddy(port: number, { directory, site, kept }: Before): ReturnType<typeof startProgram> | null {
  const caddy = findCommand('caddy');
  if (caddy === null) return null;
  const { args, env } = configureCaddy(directory, port, site, kept);
  // It reports on stderr what it reads at its start. Anything worse shows in its answers.
  return startProgram(caddy, args, { env, stdio: 'ignore' });
}

function startNpmProxy(name: string, port: number, { site, kept }: Before): ReturnType<typeof startProgram> {
  const script = `${import.meta.dirname}/npm-proxy.ts`;
  const args = ['--no-deprecation', script, name, String(port), site.socket, kept ? 'kept' : 'closed'];
  return startProgram(process.execPath, args);
}

/** --cpu-prof for the worker, if HOSTD_BENCH_PROFILE names a directory that it may write to. */
function profiling(): readonly string[] {
  const directory = process.env['HOSTD_BENCH_PROFILE'];
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`];
}
