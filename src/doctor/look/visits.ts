// Sends the visitor (visit/main.ts) out, as a user without rights: it alone parses what apps and the network say.

import { existsSync, readFileSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { startAs } from '../../linux/start.ts';
import type { User } from '../../native/index.ts';
import { decodeVisit, longestAnswer, type VisitAnswer, type VisitQuestion } from '../../protocol/visit.ts';

const suffix = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const code = new URL(`../../visit/main${suffix}`, import.meta.url);
/** The certificate authorities that this machine trusts besides those that Node brings. */
const authorities = '/etc/ssl/certs/ca-certificates.crt';
/** Milliseconds for the start of the visitor, on a machine that is busy. */
const longestStart = 30_000;

/** What the visitor has seen; or why it could not go, in words. This process must be root, or `user` itself. */
export function sendVisitor(question: VisitQuestion, user: User): Promise<VisitAnswer | string> {
  const type = suffix === '.ts' ? 'module-typescript' : 'module';
  const argv = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    `--input-type=${type}`,
    '--eval',
    readFileSync(code, 'utf8'),
    JSON.stringify(question),
  ];
  const env = {
    PATH: '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...(existsSync(authorities) ? { NODE_EXTRA_CA_CERTS: authorities } : {}),
  };
  return new Promise(resolve => {
    let child: ReturnType<typeof startAs>;
    try {
      child = startAs(user, argv, env, { groups: [user.gid] });
    } catch (error) {
      resolve(messageOf(error));
      return;
    }
    let stdout = '';
    let stderr = '';
    const late = setTimeout(() => child.kill(), question.patience + longestStart);
    child.stdin.on('error', () => {});
    child.stdin.end();
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (stdout.length <= longestAnswer) stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-1000);
    });
    const closed = new Promise(done => child.stdout.once('close', done));
    child.whenOver(ending => {
      clearTimeout(late);
      void closed.then(() => {
        if (ending instanceof Error) resolve(messageOf(ending));
        else
          resolve(
            decodeVisit(stdout) ?? `the visitor told nothing: ${stderr.trim().split('\n').at(-1) ?? ''}`,
          );
      });
    });
  });
}
