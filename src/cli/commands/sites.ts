// hostctl sites

import { quantile } from '../../protocol/rates.ts';
import type { SiteTraffic } from '../../protocol/traffic.ts';
import { escapeJson, escapeLine } from '../../words/escape.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';
import { bytes, count, time } from '../top/numbers.ts';
import { type Column, table } from '../top/table.ts';

export const sites: Command = {
  name: 'sites',
  summary: 'show what each site was served since hostd was started',
  usage: '[NAME ...] [--json]',
  help: `
Prints for each site, or for those named: requests whose answer has ended, by class of status; the time in which half of the
answers and 95 of 100 came; open requests and WebSockets; bytes of bodies both ways. "-" has the requests that were refused before
their site was known. The numbers begin with hostd. --json has all of them: histograms, 499, 502, 503 and 504 by
themselves, requests that waited for a connection to the app. For what happens now: hostctl top.`,
  options: { json: { type: 'boolean', help: 'print an array of objects' } },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'NAME', complete: 'programs' },
  async run(input, context) {
    const query = input.operands.map(name => ['name', name] as const);
    const client = await connect(input, context);
    const found = await client.get<readonly SiteTraffic[]>({ method: 'GET', path: 'sites', query });
    context.stdout.write(input.options['json'] === true ? `${escapeJson(found)}\n` : siteTable(found));
    return 0;
  },
};

const columns: readonly Column[] = [
  { title: 'SITE', isWord: true, width: 4 },
  ...['REQUESTS', '2XX', '3XX', '4XX', '5XX', 'P50', 'P95', 'OPEN', 'WS', 'IN', 'OUT'].map(title => ({
    title,
    width: 4,
  })),
];

function siteTable(all: readonly SiteTraffic[]): string {
  const cells = all.map(site => [
    escapeLine(site.name ?? '-'),
    count(site.requests),
    ...['2xx', '3xx', '4xx', '5xx'].map(name => count(site.statuses[name] ?? 0)),
    time(quantile(site.latency_ms, 0.5)),
    time(quantile(site.latency_ms, 0.95)),
    count(site.open_requests),
    count(site.open_tunnels),
    bytes(site.received_bytes),
    bytes(site.sent_bytes),
  ]);
  const { title, lines } = table(columns, cells, Number.POSITIVE_INFINITY);
  return [title, ...lines].map(line => `${line}\n`).join('');
}
