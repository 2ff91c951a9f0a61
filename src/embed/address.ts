// Where a server listens, in the forms that people write: a port, a URL, a socket's path. Pure.

import { HostdError } from '../errors.ts';
import type { Address } from '../proxy/app/app-connection.ts';

/**
 * Reads "3000", "127.0.0.1:3000", "http://127.0.0.1:3000", "unix:/path.sock" or "/path.sock".
 * @throws HostdError('usage') for anything else; `what` names it in the message.
 */
export function parseAddress(text: string, what: string): Address {
  const written = text.trim();
  const path = written.startsWith('unix:') ? written.slice('unix:'.length).replace(/^\/\//, '') : written;
  if (path.startsWith('/')) return checkPath(path, what);
  if (written.startsWith('unix:')) throw refuse(written, what, 'the path of a socket begins with "/"');
  const parts = /^(?:http:\/\/)?(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):)?(\d{1,5})\/?$/.exec(written);
  if (written.startsWith('https:')) throw refuse(written, what, 'a server behind hostd speaks plain HTTP');
  if (parts === null && /^http:\/\/[^/:]+\/?$/.test(written))
    return parseAddress(`${written.replace(/\/$/, '')}:80`, what);
  if (parts === null)
    throw refuse(written, what, 'it is neither a port, nor http://HOST:PORT, nor unix:/PATH');
  const [, host = '127.0.0.1', digits] = parts;
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw refuse(written, what, 'a port is a number from 1 to 65535');
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

/** The longest path of a unix socket, in bytes (unix(7)). */
const longestPath = 107;

function checkPath(path: string, what: string): string {
  if (Buffer.byteLength(path) > longestPath)
    throw refuse(path, what, `it is longer than ${longestPath} bytes`);
  return path;
}

function refuse(text: string, what: string, why: string): HostdError {
  return new HostdError('usage', `cannot use ${what} "${text}": ${why}`, {
    hint: 'http://127.0.0.1:3000, or unix:/path.sock',
  });
}

/** The address for people: "http://127.0.0.1:3000", "unix:/path.sock". */
export function showAddress(address: Address): string {
  if (typeof address === 'string') return `unix:${address}`;
  return `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
