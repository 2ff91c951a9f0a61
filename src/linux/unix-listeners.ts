// Whether somebody listens on a unix socket, by the kernel's own list, which everybody may read (/proc/net/unix, proc_net(5)).

import { readFileSync } from 'node:fs';

/** Whether a process listens on the socket that was bound to this path. */
export function isListening(path: string): boolean {
  return hasListener(readListeners(), path);
}

function readListeners(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return '';
  }
}

/** Whether /proc/net/unix (proc_net(5)) has a listener that was bound to this path. Flag 00010000 is __SO_ACCEPTCON. */
export function hasListener(table: string, path: string): boolean {
  return table.split('\n').some(line => {
    const [, , , flags, , , , ...name] = line.trim().split(' ').filter(Boolean);
    return flags === '00010000' && name.join(' ') === path;
  });
}
