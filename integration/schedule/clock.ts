// Loaded into a hostd before its own code: a clock on the wall that the test sets (set-clock.ts). The alarm is the real one, and
// rings when the clock is set, as the kernel's does.

import { readFileSync } from 'node:fs';

const { native } = (await import(`${import.meta.dirname}/../../dist/native/index.js`)) as {
  native: { setWallTimer(fd: number, at: number): void };
};
const file = process.env['HOSTD_TEST_CLOCK'] ?? '';
/** Milliseconds that it is ahead. */
const read = () => Number(readFileSync(file, 'utf8'));

let ahead = read();
let alarm: number | null = null;
const now = Date.now.bind(Date);
const set = native.setWallTimer;

Date.now = () => now() + ahead;
native.setWallTimer = (fd, at) => {
  alarm = fd;
  set(fd, at - ahead);
};
process.on('SIGWINCH', () => {
  ahead = read();
  try {
    if (alarm !== null) set(alarm, 1);
  } catch {
    // Nothing is waited for: it has been closed.
  }
  process.stderr.write(`the clock is ahead by ${ahead}\n`);
});
