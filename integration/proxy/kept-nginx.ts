// An nginx that says how it understands a path, and serves files with ranges, to many requests over one kept connection.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { type ParsedReply, parseReplies } from './client.ts';
import { nginxPath } from './nginx.ts';
import { workerIds } from './worker.ts';

export interface KeptNginx {
  /** Sends all requests at once; each keeps the connection. The answers, up to one after which nginx closes. */
  ask(requests: readonly string[]): Promise<readonly ParsedReply[]>;
  stop(): Promise<void>;
}

/** `files`: name to text, served below /files/ with "x/y" for their type. Any other path is answered with itself, decoded. */
export async function startKeptNginx(files: Readonly<Record<string, string>>): Promise<KeptNginx> {
  const directory = mkdtempSync(`${tmpdir()}/hostd-kept-nginx-`);
  chmodSync(directory, 0o755);
  mkdirSync(`${directory}/files`);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/files/${name}`, text);
  writeFileSync(`${directory}/nginx.conf`, configuration(directory));
  if (workerIds.uid !== undefined) execFileSync('chown', ['-R', `${workerIds.uid}`, directory]);
  const child = spawn(nginxPath, ['-c', `${directory}/nginx.conf`, '-e', `${directory}/error.log`], {
    ...workerIds,
    stdio: 'inherit',
  });
  const socket = `${directory}/socket`;
  for (let i = 0; i < 200 && !existsSync(socket); i++) await new Promise(resolve => setTimeout(resolve, 20));
  return {
    ask: requests => ask(socket, requests),
    stop: async () => {
      if (child.exitCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configuration(directory: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `  ${name}_temp_path ${directory}/${name};`)
    .join('\n');
  return `daemon off;
master_process off;
pid ${directory}/nginx.pid;
events { worker_connections 64; }
http {
${temporary}
  access_log off;
  keepalive_requests 1000000;
  default_type x/y;
  server {
    listen unix:${directory}/socket;
    location /files/ { alias ${directory}/files/; }
    location / { return 200 $uri; }
  }
}
`;
}

/** Ends its half after the requests, so that nginx ends the connection after the answers. */
function ask(path: string, requests: readonly string[]): Promise<readonly ParsedReply[]> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = net.connect({ path, allowHalfOpen: true });
    const late = setTimeout(() => socket.destroy(new Error('nginx says nothing')), 60_000);
    socket.on('data', bytes => pieces.push(bytes));
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(late);
      resolve(parseReplies(Buffer.concat(pieces).toString('latin1')));
    });
    socket.on('end', () => socket.end());
    const last = requests.length - 1;
    const text = requests.map((request, i) => (i === last ? closing(request) : request)).join('');
    socket.write(text, 'latin1');
  });
}

function closing(request: string): string {
  return request.replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n');
}
