// One question of the health probe, and what its answer is worth. The app is a stranger: of a long page only the beginning is read, and an
// answer that does not end in time is none.

import type { Client } from 'undici';
import { lateText, type ProbeAnswer, type ProbeQuestion } from '../protocol/probe.ts';

/** Bytes of a page that are read. */
const mostRead = 128 * 1024;

/** `within`: milliseconds for the whole answer. */
export async function ask(client: Client, question: ProbeQuestion, within: number): Promise<ProbeAnswer> {
  const { path, host, secure } = question;
  try {
    const { statusCode, headers, body } = await client.request({
      method: 'GET',
      path,
      headers: { host, 'user-agent': 'hostd-probe', 'x-forwarded-proto': secure ? 'https' : 'http' },
      signal: AbortSignal.timeout(within),
    });
    // Not body.dump(), which takes a page that breaks off for a whole one.
    let read = 0;
    for await (const chunk of body) {
      read += (chunk as Buffer).length;
      if (read >= mostRead) break;
    }
    const { location } = headers;
    // A proxy in front of hostd's speaks TLS. Visitors see the page that the redirect leads to.
    if (!secure && typeof location === 'string' && isRedirect(statusCode) && location.startsWith('https://'))
      return await ask(client, { ...question, secure: true }, within);
    return statusCode >= 200 && statusCode < 400
      ? { kind: 'healthy' }
      : { kind: 'unhealthy', status: statusCode, why: `HTTP ${statusCode}` };
  } catch (error) {
    return { kind: 'unhealthy', status: 0, why: whyOf(error, within).slice(0, 100) };
  }
}

function whyOf(error: unknown, within: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return lateText(within / 1000);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

function isRedirect(status: number): boolean {
  return status >= 301 && status <= 308;
}
