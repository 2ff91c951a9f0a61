// Debian's nginx and supervisord in a test's own place, on the files that emit wrote there.

import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { type Ran, run } from '../../scripts/run.ts';
import { isRoot, proxyAccount } from '../harness/accounts.ts';
import type { Place } from '../harness/place.ts';
import { findProgram } from '../harness/programs.ts';
import { until } from '../harness/until.ts';

export const tools = {
  nginx: findProgram('nginx'),
  supervisord: findProgram('supervisord'),
  supervisorctl: findProgram('supervisorctl'),
  analyze: findProgram('systemd-analyze'),
} as const;

/** For node:test's `skip`. */
export function needs(...names: (keyof typeof tools)[]): string | false {
  const missing = names.find(name => tools[name] === undefined);
  const packages = {
    nginx: 'nginx-light',
    supervisord: 'supervisor',
    supervisorctl: 'supervisor',
    analyze: 'systemd',
  };
  return missing === undefined ? false : `needs ${missing}: apt-get install ${packages[missing]}`;
}

/** nginx with the virtual hosts in `tree`/etc/nginx/sites-enabled. */
export async function startNginx(place: Place, tree: string, port: number): Promise<Tool> {
  const dir = place.directory('nginx');
  const user = isRoot ? `user ${proxyAccount().name};\n` : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `  ${name}_temp_path ${dir}/${name};\n`,
  );
  const config = place.write(
    'nginx/nginx.conf',
    `${user}daemon off;\npid ${dir}/nginx.pid;\nevents {}\nhttp {\n${temporary.join('')}  include /etc/nginx/mime.types;\n  include ${tree}/etc/nginx/sites-enabled/*;\n}\n`,
  );
  const tool = start(place, [tools.nginx ?? '', '-p', dir, '-c', config, '-e', `${dir}/error.log`]);
  await until('nginx to listen', () => tool.ended() || accepts(port));
  if (tool.ended()) throw new Error(`nginx ended: ${tool.output()}`);
  return tool;
}

export interface Supervisor extends Tool {
  readonly config: string;
  ctl(...args: readonly string[]): Promise<Ran>;
}

/** supervisord with the programs in `tree`/etc/supervisor/conf.d. */
export async function startSupervisor(place: Place, tree: string): Promise<Supervisor> {
  const dir = place.directory('supervisor');
  const config = place.write(
    'supervisor/supervisord.conf',
    `[unix_http_server]
file = ${dir}/ctl.sock
[supervisord]
logfile = ${dir}/supervisord.log
pidfile = ${dir}/supervisord.pid
childlogdir = ${dir}
nodaemon = true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://${dir}/ctl.sock
[include]
files = ${tree}/etc/supervisor/conf.d/*.conf
`,
  );
  const tool = start(place, [tools.supervisord ?? '', '-n', '-c', config]);
  const ctl = (...args: readonly string[]) => run([tools.supervisorctl ?? '', '-c', config, ...args]);
  await until('supervisord to answer', async () => tool.ended() || (await ctl('pid')).code === 0, {
    every: 100,
  });
  if (tool.ended()) throw new Error(`supervisord ended: ${tool.output()}`);
  return { ...tool, config, ctl };
}

export interface Tool {
  readonly pid: number;
  output(): string;
  ended(): boolean;
  stop(): Promise<void>;
}

function start(place: Place, [file = '', ...args]: readonly string[]): Tool {
  const env = { PATH: process.env['PATH'], HOME: place.dir, ...place.env };
  const child = spawn(file, args, { cwd: place.dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  const exited = new Promise<void>(resolve => child.on('exit', () => resolve()));
  const tool: Tool = {
    pid: child.pid ?? 0,
    output: () => output,
    ended: () => hasEnded(child),
    async stop() {
      if (hasEnded(child)) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
      await exited;
      clearTimeout(late);
    },
  };
  place.after(() => tool.stop());
  return tool;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
