// The access log's line for an exchange that has ended, in the format that the worker was told.

import type { AccessLogFormat } from '../../model/host.ts';
import { logTimeNow } from '../clock.ts';
import type { EndedExchange } from '../request/exchange.ts';
import { accessLogJson } from './access-log-json.ts';
import { accessLogLine } from './access-log-line.ts';

/** The line, with its end. null: the request was refused before its site was known, so it is in no site's log. */
export function exchangeLine(ended: EndedExchange, format: AccessLogFormat = 'combined'): string | null {
  const { accepted, app } = ended;
  if (accepted === null) return null;
  const { method, url, httpVersion } = ended.req;
  const { client } = accepted;
  const { fields } = accepted.head;
  const protocol = `HTTP/${httpVersion}`;
  const logged = {
    remoteAddress: client.address,
    authorization: fields.get('authorization') ?? null,
    requestLine: `${method} ${url} ${protocol}`,
    status: ended.loggedStatus,
    bodyBytes: ended.sentBytes,
    referer: fields.get('referer') ?? null,
    userAgent: fields.get('user-agent') ?? null,
  };
  if (format === 'combined') return accessLogLine(logged, logTimeNow());
  if (format === 'combined_id') return accessLogLine(logged, logTimeNow(), ended.requestId);
  return accessLogJson(
    {
      ...logged,
      site: accepted.site.name,
      method,
      uri: url,
      protocol,
      host: accepted.host,
      scheme: client.secure ? 'https' : 'http',
      requestId: ended.requestId,
      requestMs: ended.endedAt - ended.startedAt,
      // An app that was given up because its client went away has no end of its own: the exchange's end counts.
      upstreamMs: app === null || app.askedAt === 0 ? null : (app.endedAt || ended.endedAt) - app.askedAt,
      queuedMs: app?.queuedMs ?? null,
    },
    Date.now(),
  );
}
