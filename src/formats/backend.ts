// Where an app listens, in nginx's and gunicorn's words: one socket is one socket, however it is written.

import { posix } from 'node:path';

/** nginx and gunicorn take unix:///p for /p. */
export function socketPath(written: string): string {
  return posix.normalize(written).replace(/^\/{2,}/, '/');
}

/** "127.0.0.1:8000" for what is on this machine, however it is written. */
export function localAddress(written: string): string | null {
  const [, host, port = '80'] = /^(\[[0-9a-f:]+\]|[^:]*)(?::(\d+))?$/i.exec(written) ?? [];
  if (host === undefined || written === '') return null;
  return /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|)$/i.test(host) ? `127.0.0.1:${port}` : null;
}
