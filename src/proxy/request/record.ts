// Counts an exchange that has ended, and writes it into the access log of its site.

import { exchangeLine } from '../log/exchange-log.ts';
import type { Worker } from '../worker.ts';
import type { EndedExchange } from './exchange.ts';

export function record({ traffic, accessLogs, accessLogFormat }: Worker, ended: EndedExchange): void {
  if (ended.traffic === null) traffic?.nameless.count(ended);
  else ended.traffic.end(ended);
  const log = accessLogs.get(ended.accepted?.site.name ?? '');
  if (log === undefined) return;
  const line = exchangeLine(ended, accessLogFormat);
  if (line !== null) log.append(line);
}
