// Reads from a child's status pipe, once the child has ended, what the launcher (native.spawn) wrote before it gave up.

import { readSync } from 'node:fs';
import { constants } from 'node:os';
import { launchStages } from '../native/index.ts';

const words: Readonly<Record<(typeof launchStages)[number], string>> = {
  '': 'cannot start',
  cgroup: 'cannot enter its cgroup',
  limits: 'cannot set its limits',
  user: 'cannot become its user',
  files: 'cannot set up its files',
  directory: 'cannot enter its directory',
  exec: 'cannot execute its command',
  keyring: 'cannot get a keyring of its own',
  priority: 'cannot set its nice or oom_score_adj',
};

/**
 * "cannot execute its command: EACCES"; null: nothing was written, since the child became the program.
 * `refusal`: the text where the kernel refuses to execute the program.
 */
export function launchFailure(status: number, refusal?: string): string | null {
  const report = Buffer.alloc(8);
  try {
    if (readSync(status, report) < 8) return null;
  } catch {
    // EAGAIN: nothing was written, and another process still has the pipe's other end.
    return null;
  }
  const stage = launchStages[report.readInt32LE(0)] ?? 'exec';
  const number = report.readInt32LE(4);
  const code = Object.entries(constants.errno).find(([, value]) => value === number)?.[0];
  if (stage === 'exec' && code === 'EACCES' && refusal !== undefined) return refusal;
  return `${words[stage]}: ${code ?? `errno ${number}`}`;
}
