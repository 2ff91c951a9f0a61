// What the service manager wants to hear (sd_notify(3)). Silent where there is none.

import { native } from '../native/index.ts';

/** Sends one message, such as "READY=1". A service manager that does not listen is none of hostd's trouble. */
export function notify(text: string): void {
  const socket = process.env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return;
  try {
    native.notify(socket, text);
  } catch {
    // It went away, or its queue is full.
  }
}

/** Sends WATCHDOG=1 twice as often as asked for, for as long as the event loop turns (sd_watchdog_enabled(3)). */
export function startWatchdog(): void {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = process.env;
  if (usec === undefined || (pid !== undefined && Number(pid) !== process.pid)) return;
  const ms = Number(usec) / 2000;
  if (ms > 0) setInterval(() => notify('WATCHDOG=1'), ms).unref();
}
