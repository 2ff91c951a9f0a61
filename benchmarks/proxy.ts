// The proxy worker side by side with nginx and npm's http-proxy, in one run: every answer is checked before it is
// timed, and the rates are printed as ratios to nginx. Needs wrk and nginx; for the Django rows a python with Django
// and gunicorn (HOSTD_BENCH_PYTHON, default python3).
//   node benchmarks/proxy.ts [seconds of each run, default 3]

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { exchangeRaw, parseReplies } from '../integration/proxy/client.ts';
import { makeFixture, type TestSite } from '../integration/proxy/fixture.ts';
import { startNginx } from '../integration/proxy/nginx.ts';
import { startWorker } from '../integration/proxy/worker.ts';

const seconds = Number(process.argv[2] ?? 3);
const rounds = 2;
const python = process.env['HOSTD_BENCH_PYTHON'] ?? 'python3';

interface Contender {
  readonly name: string;
  readonly port: number;
}

interface Row {
  readonly what: string;
  readonly host: string;
  readonly path: string;
  readonly size: number;
  readonly contenders: readonly Contender[];
}

async function main(): Promise<void> {
  const fixture = makeFixture('bench');
  const ends: (() => unknown)[] = [() => fixture.remove()];
  try {
    const [fast, django] = fixture.sites;
    const root = fast.socket.replace('/run/gunicorn.sock', '');
    writeFileSync(`${root}/static/1k.txt`, 'x'.repeat(1024));
    writeFileSync(`${root}/static/100k.txt`, 'x'.repeat(102_400));
    const kept: TestSite = { ...fast, name: 'kept', serverNames: ['kept.test'], keepalive: true };
    const sites = [fast, django, kept];
    ends.push(await startFastApp(fixture.directory, fast.socket));
    const hasDjango = await startDjango(django.socket, ends);
    const worker = await startWorker({ sites, directory: fixture.directory, nodeOptions: profiling() });
    const nginx = await startNginx(fixture.directory, [fast, django]);
    ends.push(
      () => worker.stop(),
      () => nginx.stop(),
    );
    const ours = { name: 'hostd', port: worker.port };
    const theirs = { name: 'nginx', port: nginx.port };
    const npm = { name: 'http-proxy', port: await startHttpProxy(fast.socket, ends) };
    const npmDjango = { name: 'http-proxy', port: await startHttpProxy(django.socket, ends) };
    const rows: Row[] = [
      {
        what: 'file of 1 kB',
        host: 'first.test',
        path: '/static/1k.txt',
        size: 1024,
        contenders: [theirs, ours],
      },
      {
        what: 'file of 100 kB',
        host: 'first.test',
        path: '/static/100k.txt',
        size: 102_400,
        contenders: [theirs, ours],
      },
      { what: 'fast app, 700 B', host: 'first.test', path: '/', size: 700, contenders: [theirs, ours, npm] },
      { what: 'fast app, connections kept', host: 'kept.test', path: '/', size: 700, contenders: [ours] },
    ];
    if (hasDjango) {
      rows.push({
        what: 'Django, 3 sync workers',
        host: 'hello.test',
        path: '/',
        size: 700,
        contenders: [theirs, ours, npmDjango],
      });
    }
    for (const row of rows) await measure(row);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** --cpu-prof for the worker: HOSTD_BENCH_PROFILE names a directory that it may write to. */
function profiling(): readonly string[] {
  const directory = process.env['HOSTD_BENCH_PROFILE'];
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`];
}

async function measure(row: Row): Promise<void> {
  const best = new Map<string, number>();
  for (const contender of row.contenders) await check(row, contender);
  for (const { port } of row.contenders) rate(row, port); // a just-in-time compiler needs its time
  for (let round = 0; round < rounds; round++) {
    for (const { name, port } of row.contenders)
      best.set(name, Math.max(best.get(name) ?? 0, rate(row, port)));
  }
  const base = best.get('nginx');
  const cells = [...best].map(([name, value]) => {
    const ratio = base === undefined || name === 'nginx' ? '' : ` (${(value / base).toFixed(2)})`;
    return `${name} ${Math.round(value)}/s${ratio}`;
  });
  console.log(`${row.what.padEnd(28)} ${cells.join('   ')}`);
}

async function check({ what, host, path, size }: Row, { name, port }: Contender): Promise<void> {
  const { bytes } = await exchangeRaw(
    port,
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  );
  const [reply] = parseReplies(bytes);
  if (reply?.status === 200 && reply.body.length === size) return;
  throw new Error(`cannot measure ${what} through ${name}: it answers\n${bytes.slice(0, 300)}`);
}

function rate({ host, path }: Row, port: number): number {
  const url = `http://127.0.0.1:${port}${path}`;
  const text = execFileSync('wrk', ['-t1', '-c32', `-d${seconds}s`, '-H', `Host: ${host}`, url], {
    encoding: 'utf8',
  });
  if (/Non-2xx/.test(text)) console.log(text);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
}

/** An app that costs next to nothing: nginx itself, on the site's socket. */
async function startFastApp(directory: string, socket: string): Promise<() => void> {
  const config = `${directory}/fast.conf`;
  const body = 'x'.repeat(700);
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${directory}/fast.pid; error_log ${directory}/fast.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000; client_body_temp_path ${directory}/f1; proxy_temp_path ${directory}/f2;
fastcgi_temp_path ${directory}/f3; uwsgi_temp_path ${directory}/f4; scgi_temp_path ${directory}/f5;
server { listen unix:${socket} backlog=1024; location / { return 200 "${body}"; } } }`,
  );
  rmSync(socket, { force: true });
  const child = spawn('/usr/sbin/nginx', ['-c', config, '-e', `${directory}/fast.log`], { stdio: 'inherit' });
  await appearance(socket);
  return () => child.kill('SIGTERM');
}

async function startDjango(socket: string, ends: (() => unknown)[]): Promise<boolean> {
  if (spawnSync(python, ['-c', 'import django, gunicorn']).status !== 0) {
    console.log(`no Django rows: ${python} has no Django or no gunicorn`);
    return false;
  }
  rmSync(socket, { force: true });
  const directory = new URL('proxy', import.meta.url).pathname;
  const options = [
    '--workers=3',
    `--bind=unix:${socket}`,
    '--log-level=warning',
    '--umask=0',
    'app:application',
  ];
  const child = spawn(python, ['-m', 'gunicorn', ...options], {
    cwd: directory,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'inherit',
  });
  ends.push(() => child.kill('SIGTERM'));
  await appearance(socket);
  await new Promise(resolve => setTimeout(resolve, 1500));
  return true;
}

let nextPort = 18_080;

async function startHttpProxy(socket: string, ends: (() => unknown)[]): Promise<number> {
  const port = nextPort++;
  const script = new URL('proxy/http-proxy.ts', import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, ['--no-deprecation', script, String(port), socket], {
    stdio: 'inherit',
  });
  ends.push(() => child.kill('SIGTERM'));
  await new Promise(resolve => setTimeout(resolve, 500));
  return port;
}

async function appearance(socket: string): Promise<void> {
  for (let i = 0; i < 200 && !existsSync(socket); i++) await new Promise(resolve => setTimeout(resolve, 50));
  chmodSync(socket, 0o666);
}

await main();
