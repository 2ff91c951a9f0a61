// Runs the system's nginx with the vhosts that a fixture's sites stand for: what the proxy's answers are compared with.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { freePort } from '../../scripts/free-port.ts';
import { findProgram, isBefore, nginxVersion } from '../harness/programs.ts';
import type { TestSite } from './plain-site.ts';
import { workerIds } from './worker.ts';

export const nginxPath = findProgram('nginx') ?? 'nginx';

/** false, or why the comparison can't run here. */
export function nginxMissing(): string | false {
  if (findProgram('nginx') === undefined) return 'needs nginx: apt-get install nginx-light';
  return existsSync('/etc/nginx/mime.types') ? false : '/etc/nginx/mime.types is not installed';
}

export interface NginxOptions {
  readonly keepalive?: boolean;
  readonly logs?: boolean;
  /** Whether FILE.gz is sent for FILE. */
  readonly gzipStatic?: boolean;
}

export interface RunningNginx {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startNginx(
  directory: string,
  sites: readonly TestSite[],
  options: NginxOptions = {},
): Promise<RunningNginx> {
  const port = await freePort();
  for (const part of ['nginx', 'nginx/empty', 'nginx/logs'])
    mkdirSync(`${directory}/${part}`, { recursive: true });
  if (workerIds.uid !== undefined) execFileSync('chown', ['-R', `${workerIds.uid}`, `${directory}/nginx`]);
  const config = `${directory}/nginx/nginx.conf`;
  writeFileSync(config, configuration(`${directory}/nginx`, port, sites, options));
  const child = spawn(
    nginxPath,
    ['-p', `${directory}/nginx/`, '-c', config, '-e', `${directory}/nginx/error.log`],
    {
      ...workerIds,
      stdio: 'inherit',
    },
  );
  for (let i = 0; i < 100 && !(await accepts(port)); i++)
    await new Promise(resolve => setTimeout(resolve, 20));
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function configuration(
  directory: string,
  port: number,
  sites: readonly TestSite[],
  options: NginxOptions,
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `  ${name}_temp_path ${directory}/${name};`)
    .join('\n');
  return `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 768; }
http {
${temporary}
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  ${options.gzipStatic ? 'gzip_static on; gzip_vary on;' : ''}
${sites.map(site => vhost(directory, port, site, options)).join('\n')}
}
`;
}

/** The article's vhost; $request_filename is looked for in an empty directory, so that every page is the app's. */
function vhost(directory: string, port: number, site: TestSite, options: NginxOptions): string {
  // Said, since the defaults are others since 1.29.7, which first knows that 0 is none.
  const kept = options.keepalive ? 'keepalive 32;' : isBefore(nginxVersion(), '1.29.7') ? '' : 'keepalive 0;';
  const asked = options.keepalive
    ? 'proxy_http_version 1.1; proxy_set_header Connection "";'
    : 'proxy_http_version 1.0; proxy_set_header Connection close;';
  const locations = site.locations.map(({ prefix, alias }) => `    location ${prefix} { alias ${alias}; }`);
  return `  upstream ${site.name}_app_server {
    server unix:${site.socket} fail_timeout=0;
    ${kept}
  }
  server {
    listen 127.0.0.1:${port};
    server_name ${site.serverNames.join(' ')};
    root ${directory}/empty;
    client_max_body_size ${site.clientMaxBodySize};
    access_log ${directory}/logs/${site.name}.log;
    error_log ${directory}/logs/error.log;
${locations.join('\n')}
    location / {
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Host $http_host;
      proxy_redirect off;
      ${asked}
      if (!-f $request_filename) {
        proxy_pass http://${site.name}_app_server;
        break;
      }
    }
  }`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
