// Output to the machine's log, one datagram a line, in the form that Python's syslog.syslog() gives it for Supervisor: syslog(3).

import { native } from '../../native/index.ts';

const socket = '/dev/log';
/** LOG_USER and LOG_INFO. */
const priority = 14;
/** Lines of one piece that are sent, at most: one program must not flood the log. */
const mostLines = 4096;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The datagrams for one piece of output. `name`: of the process; `ident`: of the sending program. Pure. */
export function systemLogLines(ident: string, name: string, data: Buffer, at: Date): string[] {
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  const head = `<${priority}>${months[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${clock} ${ident}: ${name} `;
  return data
    .toString()
    .replace(/\n+$/, '')
    .split('\n')
    .slice(0, mostLines)
    .map(line => head + line);
}

/** Sends them. Where they are not taken at once, they are lost, as with syslog(3). */
export function sendToSystemLog(ident: string, name: string, data: Buffer): void {
  try {
    for (const line of systemLogLines(ident, name, data, new Date())) native.notify(socket, line);
  } catch {
    // Nobody listens there, or the reader is slow.
  }
}
