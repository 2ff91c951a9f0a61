// The command line of a process, as ps shows it (proc_pid_cmdline(5)).

import { closeSync, openSync, readSync } from 'node:fs';

/** The words with blanks between them, at most so many bytes; "": there is no such process, or it has none. */
export function commandLine(pid: number, longest: number): string {
  try {
    const fd = openSync(`/proc/${pid}/cmdline`, 'r');
    try {
      const bytes = Buffer.alloc(longest);
      const length = readSync(fd, bytes, 0, bytes.length, 0);
      return bytes.toString('utf8', 0, length).replaceAll('\0', ' ').trim();
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}
