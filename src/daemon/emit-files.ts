// [emit] after an update: hostctl writes the files of other tools, as a program of its own that ends. Foreign formats have no place
// in the process that is root for ever.

import { join } from 'node:path';
import type { Host } from '../model/host.ts';
import type { Report } from './fleet/orders.ts';
import type { Logger } from './own/log.ts';

const hostctl = join(import.meta.dirname, '..', '..', 'bin', 'hostctl');
/** Milliseconds. nginx may have many sites to test. */
const longest = 120_000;

let last: Promise<void> = Promise.resolve();

/** Never rejects: errors are logged and reported. One run at a time, in the order of the updates. */
export function emitFiles(host: Host, log: Logger, report: Report): Promise<void> {
  if (host.settings.emit.formats.length > 0) last = last.then(() => emitOnce(host, log, report));
  return last;
}

function emitOnce({ settings }: Host, log: Logger, report: Report): Promise<void> {
  const { execFile } = process.getBuiltinModule('node:child_process');
  const path = process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const options = { cwd: '/', timeout: longest, env: { PATH: path, LANG: 'C.UTF-8' } };
  return new Promise(resolve => {
    execFile(hostctl, ['emit', '--apply', '-c', settings.file], options, (error, stdout, stderr) => {
      for (const line of stdout.split('\n').filter(Boolean)) log.info(`emit: ${line}`);
      if (error !== null) {
        const message = `[emit]: ${stderr.trim().replace(/^hostctl: /gm, '') || error.message}`;
        log.error(message);
        report({ kind: 'done', name: 'emit', outcome: 'failed', message });
      }
      resolve();
    });
  });
}
