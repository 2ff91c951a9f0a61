// hostctl doctor's visitor: asks sites as their visitors would, and looks their names up. It speaks with apps and with the network, so
// it runs as a user without rights, and tells what it saw in one line. It is started from its text (doctor/look/visits.ts), since that
// user may not be able to read this file: it must import nothing but Node's own modules.

import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Door, LookedUp, Visit, Visited, VisitedTls, VisitQuestion } from '../protocol/visit.ts';

/** Redirects that are followed, as many as browsers follow before they complain. */
const mostHops = 20;
/** Bytes of a page that its title is looked for in. */
const longestBeginning = 16_384;
/** Characters of one text in the answer. */
const longestText = 300;
/** Milliseconds that the lookup of a name may take. */
const longestLookup = 5000;

/** One request. */
interface Asked {
  readonly door: Door;
  readonly isSecure: boolean;
  readonly path: string;
}

interface Answered {
  readonly status: number;
  readonly location: string;
  readonly server: string;
  readonly title: string;
  readonly tls: VisitedTls | null;
  readonly ms: number;
}

const short = (text: string) => text.slice(0, longestText);

function open(door: Door): Socket {
  return 'socket' in door ? connect(door.socket) : connect(door.port, door.host);
}

/** Resolves when the connection can be written to. */
async function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
}

async function ask({ door, isSecure, path }: Asked, { host }: Visit, signal: AbortSignal): Promise<Answered> {
  const began = performance.now();
  const plain = open(door);
  signal.addEventListener('abort', () => plain.destroy(), { once: true });
  await opened(plain, 'connect');
  let socket: Socket = plain;
  let tls: VisitedTls | null = null;
  if (isSecure && !('socket' in door)) {
    const secured: TLSSocket = connectTls({ socket: plain, servername: host, rejectUnauthorized: false });
    await opened(secured, 'secureConnect');
    const fault = secured.authorized ? null : String(secured.authorizationError);
    tls = { fault: fault === null ? null : short(fault) };
    socket = secured;
  }
  // An app's socket is asked as the proxy would.
  const scheme = 'socket' in door ? { 'x-forwarded-proto': isSecure ? 'https' : 'http' } : {};
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(
        {
          method: 'GET',
          path,
          headers: { host, 'user-agent': 'hostctl-doctor', accept: '*/*', connection: 'close', ...scheme },
          createConnection: () => socket,
          signal,
        },
        resolve,
      );
      sent.on('error', reject);
      sent.end();
    });
    const ms = performance.now() - began;
    const { statusCode: status = 0, headers } = answer;
    const beginning = await beginningOf(answer);
    return {
      status,
      location: short(headers.location ?? ''),
      server: short(String(headers['server'] ?? '')),
      title: titleIn(beginning),
      tls,
      ms,
    };
  } finally {
    plain.destroy();
  }
}

/** The first bytes of a body, as text. What comes later, or too late, is not waited for. */
async function beginningOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('latin1');
  try {
    for await (const chunk of answer as AsyncIterable<string>) {
      text += chunk;
      if (text.length >= longestBeginning) break;
    }
  } catch {
    // A body that is cut off has a beginning all the same.
  }
  return Buffer.from(text.slice(0, longestBeginning), 'latin1').toString();
}

function titleIn(page: string): string {
  const from = page.search(/<title[^>]{0,200}>/i);
  if (from < 0) return page.trimStart().startsWith('<') ? '' : short(page.trim().split('\n')[0] ?? '');
  const rest = page.slice(page.indexOf('>', from) + 1);
  const end = rest.search(/<\/title/i);
  return short((end < 0 ? rest : rest.slice(0, end)).replaceAll(/\s+/g, ' ').trim());
}

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

async function visit(order: Visit, patience: number): Promise<Visited> {
  const late = AbortSignal.timeout(patience);
  const began = performance.now();
  const hops: string[] = [];
  let asked: Asked = { door: order.to, isSecure: order.isSecure, path: order.path };
  const seen = new Set<string>();
  let tls: VisitedTls | null = null;
  let last: Answered | null = null;
  let isLoop = false;
  const told = (why: string): Visited => ({
    id: order.id,
    status: why === '' ? (last?.status ?? 0) : 0,
    why: short(why),
    hops,
    isLoop,
    ms: Math.round(why === '' ? (last?.ms ?? 0) : performance.now() - began),
    server: last?.server ?? '',
    title: last?.title ?? '',
    tls,
  });
  try {
    for (;;) {
      const url: string = `${asked.isSecure ? 'https' : 'http'}://${order.host}${asked.path}`;
      isLoop = seen.has(url) || hops.length > mostHops;
      if (isLoop) return told('');
      seen.add(url);
      last = await ask(asked, order, late);
      tls = last.tls ?? tls;
      if (!isRedirect(last.status) || last.location === '') return told('');
      const next: URL | null = URL.parse(last.location, url);
      hops.push(next?.href ?? last.location);
      const isNextSecure = next?.protocol === 'https:';
      const door = isNextSecure ? order.secure : order.to;
      // Another host's answers are not this site's.
      if (next === null || next.hostname !== order.host || door === null) return told('');
      asked = { door, isSecure: isNextSecure, path: `${next.pathname}${next.search}` };
    }
  } catch (error) {
    if (late.aborted) return told('late');
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return told(code === '' ? 'unknown' : code);
  }
}

async function find(name: string): Promise<LookedUp> {
  const found = lookup(name, { all: true }).then(
    all => ({ addresses: all.map(({ address }) => address), error: null }),
    (error: unknown) => ({
      addresses: [],
      error: error instanceof Error && 'code' in error ? String(error.code) : String(error),
    }),
  );
  const late = sleep(longestLookup, { addresses: [], error: 'late' }, { ref: false });
  return { name, ...(await Promise.race([found, late])) };
}

const question = JSON.parse(process.argv.at(-1) ?? '') as VisitQuestion;
const [visited, names] = await Promise.all([
  Promise.all(question.visits.map(one => visit(one, question.patience))),
  Promise.all(question.names.map(find)),
]);
process.stdout.write(`${JSON.stringify({ visited, names })}\n`, () => process.exit(0));
