// The sockets of [unix_http_server] and [inet_http_server]. Like Supervisor's they are opened before the process leaves its terminal,
// and errors are printed there.

import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs';
import { constants, hostname } from 'node:os';
import { errnoOf } from '../../errors.ts';
import type { RpcListener } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { ServerConfig } from '../../supervisord/config/config.ts';

/** What Supervisor's HTTP server logs of itself. */
export function wordsOfMedusa(server: ServerConfig, now: Date): string {
  const isUnix = server.family === 'unix';
  const [place, name, port] = isUnix
    ? [server.file, '<unix domain socket>', server.file]
    : [server.host, server.host === '127.0.0.1' ? 'localhost' : server.host || hostname(), server.port];
  const day = now
    .toString()
    .slice(0, 10)
    .replace(/ 0(\d)$/, '  $1');
  const at = `${day} ${now.toString().slice(16, 24)} ${now.getFullYear()}`;
  return `${place}:Medusa (V1.12) started at ${at}\n\tHostname: ${name}\n\tPort:${port}`;
}

/** An error that ends the start, in Supervisor's words. */
export class ServerError extends Error {}

export interface OpenServer {
  readonly listener: RpcListener;
  readonly fd: number;
}

const backlog = 1024;

/** `say` prints to standard error. @throws ServerError */
export function openServer(server: ServerConfig, say: (text: string) => void): OpenServer {
  try {
    return server.family === 'unix' ? openUnix(server, say) : openInet(server);
  } catch (error) {
    if (error instanceof ServerError) throw error;
    const code = errnoOf(error) ?? 'EINVAL';
    if (code === 'EADDRINUSE') throw inUse();
    if (code === 'ENAMETOOLONG')
      throw new ServerError('Cannot open an HTTP server: socket.error reported AF_UNIX path too long');
    const number = constants.errno[code as keyof typeof constants.errno];
    throw new ServerError(`Cannot open an HTTP server: socket.error reported errno.${code} (${number})`);
  }
}

function inUse(): ServerError {
  return new ServerError(
    'Another program is already listening on a port that one of our HTTP servers is configured to use.  Shut this program down first before starting supervisord.',
  );
}

/** The listener of a socket that is open already. */
export function listenerOf(server: ServerConfig): RpcListener {
  const { section: name } = server;
  const login = loginOf(server);
  if (server.family === 'inet')
    return { name, address: { host: numeric(server.host), port: server.port }, login };
  const { file, chown, chmod } = server;
  const uid = chown.uid < 0 ? (process.geteuid?.() ?? 0) : chown.uid;
  const gid = chown.gid < 0 ? (process.getegid?.() ?? 0) : chown.gid;
  return { name, address: { path: file, rights: { uid, gid, mode: chmod & 0o7777 } }, login };
}

function loginOf({ username, password }: ServerConfig): RpcListener['login'] {
  return username === null || password === null ? null : { user: username, password };
}

function openUnix(server: ServerConfig & { family: 'unix' }, say: (text: string) => void): OpenServer {
  const { file, chown, chmod } = server;
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there !== undefined) {
    if (there.isSocket() && native.answers(file) === 1) throw inUse();
    say(`Unlinking stale socket ${file}\n`);
    unlinkSync(file);
  }
  const uid = chown.uid < 0 ? (process.geteuid?.() ?? 0) : chown.uid;
  const gid = chown.gid < 0 ? (process.getegid?.() ?? 0) : chown.gid;
  const fd = native.listenUnix(file, process.geteuid?.() ?? 0, process.getegid?.() ?? 0, 0o600, backlog);
  try {
    if (chown.uid >= 0 || chown.gid >= 0) chownSync(file, uid, gid);
  } catch (error) {
    unlinkSync(file);
    if (errnoOf(error) !== 'EPERM') throw error;
    const who = native.user(process.geteuid?.() ?? 0)?.name ?? '?';
    throw new ServerError(
      `Not permitted to chown ${file} to uid/gid (${chown.uid}, ${chown.gid}); adjust "sockchown" value in config file or on command line to values that the current user (${who}) can successfully chown`,
    );
  }
  chmodSync(file, chmod);
  return { listener: listenerOf(server), fd };
}

function openInet(server: ServerConfig & { family: 'inet' }): OpenServer {
  return { listener: listenerOf(server), fd: native.listenTcp(numeric(server.host), server.port, backlog) };
}

/** The IPv4 address of a host, since Supervisor listens on IPv4. */
export function numeric(host: string): string {
  if (host === '') return '0.0.0.0';
  if (host === 'localhost') return '127.0.0.1';
  if (/^[\d.]+$/.test(host)) return host;
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    const found = execFileSync('getent', ['ahostsv4', host], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /^\S+/.exec(found)?.[0] ?? host;
  } catch {
    throw new ServerError('Cannot open an HTTP server: socket.error reported -2');
  }
}
