// The address of an app, as nginx and gunicorn write it, in one form however it is written.

import { posix } from 'node:path';

/** nginx and gunicorn take unix:///p for /p. */
export function socketPath(written: string): string {
  return posix.normalize(written).replace(/^\/{2,}/, '/');
}

/** "127.0.0.1:8000" for any way of writing an address of this machine; null: another address. */
export function localAddress(written: string): string | null {
  const [, host, port = '80'] = /^(\[[0-9a-f:]+\]|[^:]*)(?::(\d+))?$/i.exec(written) ?? [];
  if (host === undefined || written === '') return null;
  return /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|)$/i.test(host) ? `127.0.0.1:${port}` : null;
}
