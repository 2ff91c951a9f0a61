// The description of a process in Supervisor's words. Pure, but for this machine's time zone.

import type { ProcessInfo } from '../../protocol/rpc.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `now`: Unix time in seconds. */
export function describe(info: ProcessInfo, now: number): string {
  if (info.description !== null) return info.description;
  switch (info.state) {
    case 20:
      return `pid ${info.pid}, uptime ${uptime(now - info.start)}`;
    case 200:
    case 30:
      return info.spawnerr === '' ? `unknown error (try "tail ${info.name}")` : info.spawnerr;
    case 0:
    case 100:
      return info.start === 0 ? 'Not started' : when(info.stop);
    default:
      return '';
  }
}

/** The uptime as Python writes a timedelta: "0:00:07", "1 day, 2:03:04". */
export function uptime(seconds: number): string {
  const total = Math.max(0, Math.trunc(seconds));
  const days = Math.floor(total / 86_400);
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${Math.floor((total % 86_400) / 3600)}:${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}

/** strftime's "%b %d %I:%M %p", in local time. */
function when(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const hour = date.getHours() % 12 || 12;
  const half = date.getHours() < 12 ? 'AM' : 'PM';
  return `${months[date.getMonth()]} ${two(date.getDate())} ${two(hour)}:${two(date.getMinutes())} ${half}`;
}
