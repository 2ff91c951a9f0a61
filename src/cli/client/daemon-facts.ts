// What the doctor asks hostd, over its control socket. A question that fails is one that nobody has answered.

import type { Daemon } from '../../doctor/facts.ts';
import { HostdError } from '../../errors.ts';
import type { AboutReply, PidReply, RereadReply, StatusReply } from '../../protocol/control.ts';
import { decodeEvent } from '../../protocol/journal.ts';
import type { Client } from './client.ts';

/** Seconds that hostd may be silent. */
const timeout = 20;
/** The last events of an app, and lines of a log. */
const [events, lines] = ['200', '400'];
/** Bytes from the end of a log that are looked at. */
const longestLog = 131_072;

/** Never throws: a hostd that does not answer is a fact, too. */
export async function daemonFacts(connect: () => Promise<Client>): Promise<Daemon> {
  try {
    return await factsOf(await connect());
  } catch (error) {
    if (!(error instanceof HostdError)) throw error;
    return absent(error);
  }
}

async function factsOf(client: Client): Promise<Daemon> {
  const get = <T>(path: string, query: readonly (readonly [string, string])[] = []) =>
    client.get<T>({ method: 'GET', path, query, timeout });
  const [{ programs }, { version = null }, { changes, settings = [] }] = await Promise.all([
    get<StatusReply>('status'),
    get<PidReply>('pid'),
    // A hostd before 0.2.0 says nothing of settings.
    orElse<Pick<RereadReply, 'changes'> & Partial<RereadReply>>({ changes: [] }, () =>
      client.get<RereadReply>({ method: 'POST', path: 'reread', timeout }),
    ),
  ]);
  return {
    state: 'up',
    message: '',
    hint: null,
    version,
    programs,
    changes,
    settings,
    events: names =>
      orElse([], async () => {
        const query = [...names.map(name => ['name', name] as const), ['lines', events] as const];
        const text = await textOf(client, 'events', query);
        return text.split('\n').flatMap(line => decodeEvent(line) ?? []);
      }),
    log: name =>
      orElse<string | null>(null, () =>
        textOf(client, 'logs', [
          ['name', name],
          ['lines', lines],
        ]),
      ),
    holdsSocket: name =>
      orElse<boolean | null>(null, async () => {
        const about = await get<AboutReply>('about', [['name', name]]);
        const own = about.programs.find(program => program.name === name);
        return own?.socket?.held ?? null;
      }),
  };
}

function absent({ code, message, hint }: HostdError): Daemon {
  return {
    state: code === 'permission' ? 'closed' : 'down',
    message,
    hint: hint ?? null,
    version: null,
    programs: [],
    changes: [],
    settings: [],
    events: async () => [],
    log: async () => null,
    holdsSocket: async () => null,
  };
}

async function textOf(
  client: Client,
  path: string,
  query: readonly (readonly [string, string])[],
): Promise<string> {
  let end = Buffer.alloc(0);
  for await (const chunk of client.stream({ method: 'GET', path, query, timeout }))
    end = Buffer.concat([end, chunk]).subarray(-longestLog);
  return end.toString();
}

async function orElse<T>(other: T, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HostdError) return other;
    throw error;
  }
}
