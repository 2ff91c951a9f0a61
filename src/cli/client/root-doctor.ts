// The doctor with root's eyes, for whoever is not root: hostd runs it for each app (POST /v1/doctor). Where hostd does not, this
// process looks for itself.

import { statSync } from 'node:fs';
import type { Examined } from '../../doctor/examine.ts';
import type { Daemon } from '../../doctor/facts.ts';
import { HostdError } from '../../errors.ts';
import { type DoctorRequest, decodeExamined, longestExamination } from '../../protocol/doctor.ts';
import { examinedFrom } from '../program/doctor-lines.ts';
import type { Client } from './client.ts';

/** Seconds that hostd may take beyond an examination's own time. */
const slack = 20;

/** hostd's own, where it is root or another user than this one; null: it sees no more than this user. */
export async function clientThatSeesMore(connect: () => Promise<Client>): Promise<Client | null> {
  const own = process.geteuid?.();
  if (own === undefined || own === 0) return null;
  try {
    const client = await connect();
    return statSync(client.socket).uid === own ? null : client;
  } catch {
    return null;
  }
}

/** The names of all apps: these, and those that hostd has. */
export function withAppsOf(
  { programs }: Pick<Daemon, 'programs'>,
  names: readonly string[],
): readonly string[] {
  return [...new Set([...names, ...programs.flatMap(({ app }) => app ?? [])])].sort();
}

/** Who looks for a name with this user's own rights: at the machine, and then at the name. */
export type OwnEyes = (name: string) => AsyncIterable<Examined>;

/**
 * The machine, and then each of these names, in their order: what hostd's doctor says of them. `own` looks at names that hostd does not
 * know, since only their files are there, and where it cannot look: then `refused` is called first, with the reason.
 */
export async function* examineAsRoot(
  client: Pick<Client, 'get'>,
  { names, wake }: { readonly names: readonly string[]; readonly wake: boolean },
  own: OwnEyes,
  refused: (why: HostdError) => void,
): AsyncGenerator<Examined> {
  // Each answer has the machine before the app.
  let isMachineTold = false;
  for (const name of names) {
    let all: AsyncIterable<Examined> | readonly Examined[];
    try {
      all = await ask(client, { name, wake });
    } catch (error) {
      if (!(error instanceof HostdError)) throw error;
      if (error.code !== 'unknown-name') refused(error);
      all = own(name);
    }
    for await (const examined of all) if (examined.name !== null || !isMachineTold) yield examined;
    isMachineTold = true;
  }
}

async function ask(client: Pick<Client, 'get'>, body: DoctorRequest): Promise<readonly Examined[]> {
  const timeout = longestExamination / 1000 + slack;
  const reply = await client.get<unknown>({ method: 'POST', path: 'doctor', body, timeout });
  const reports = decodeExamined(JSON.stringify(reply));
  if (reports === null)
    throw new HostdError('failed', `cannot understand what hostd's doctor says of "${body.name}"`);
  return reports.map(examinedFrom);
}
