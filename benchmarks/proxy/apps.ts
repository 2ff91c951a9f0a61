// The apps behind the measured proxies: one that costs next to nothing, and Django.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cacheDirectory } from '../../integration/harness/virtualenvs.ts';
import { nginxPath } from '../../integration/proxy/nginx.ts';
import { makeVirtualenv, modern } from '../../scripts/virtualenv.ts';
import { type Program, startProgram, whenAccepting } from './processes.ts';

/** Bytes of every app's page. */
export const pageSize = 700;

/** nginx itself, on the site's socket. */
export async function startFastApp(directory: string, socket: string): Promise<Program> {
  const config = `${directory}/fast.conf`;
  const body = 'x'.repeat(pageSize);
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${directory}/fast.pid; error_log ${directory}/fast.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${directory}/f1; proxy_temp_path ${directory}/f2;
fastcgi_temp_path ${directory}/f3; uwsgi_temp_path ${directory}/f4; scgi_temp_path ${directory}/f5;
server { listen unix:${socket} backlog=1024; location / { return 200 "${body}"; } } }`,
  );
  rmSync(socket, { force: true });
  const program = startProgram(nginxPath, ['-c', config, '-e', `${directory}/fast.log`]);
  await whenAccepting({ path: socket });
  chmodSync(socket, 0o666);
  return program;
}

/** gunicorn's options: sync workers close every connection, threads keep them. */
export const syncWorkers = ['--workers=3'];
export const threads = ['--worker-class=gthread', '--workers=2', '--threads=4'];

export async function startDjango(
  python: string,
  socket: string,
  options: readonly string[],
): Promise<Program> {
  rmSync(socket, { force: true });
  const usual = [`--bind=unix:${socket}`, '--log-level=warning', '--umask=0', 'app:application'];
  const program = startProgram(python, ['-m', 'gunicorn', ...options, ...usual], {
    cwd: import.meta.dirname,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  await whenAccepting({ path: socket });
  await new Promise(resolve => setTimeout(resolve, 1500)); // until every gunicorn worker has loaded Django
  return program;
}

/** A python with Django and gunicorn: HOSTD_BENCH_PYTHON, or a virtualenv that is made once. null: there is none, and why is printed. */
export async function findDjango(): Promise<string | null> {
  const python = process.env['HOSTD_BENCH_PYTHON'] ?? (await ownPython());
  if (python === null) return null;
  if (spawnSync(python, ['-c', 'import django, gunicorn']).status === 0) return python;
  console.log(`no Django rows: ${python} has no Django or no gunicorn`);
  return null;
}

async function ownPython(): Promise<string | null> {
  const root = `${cacheDirectory}/bench`;
  try {
    mkdirSync(cacheDirectory, { recursive: true, mode: 0o755 });
    await makeVirtualenv(root, modern);
  } catch (error) {
    console.log(`no Django rows: ${error instanceof Error ? error.message : error}`);
    return null;
  }
  return existsSync(`${root}/bin/python`) ? `${root}/bin/python` : null;
}
