// One hostd with two sites, each with its own user: "evil" does what it likes, and "good" has to be served all the while. The attacks
// also come from a third user.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { TomlTable } from '../../scripts/toml-text.ts';
import { type Account, testAccounts } from './accounts.ts';
import { type Hostd, type HostdOptions, startHostd } from './hostd.ts';
import { makePlace, type Place } from './place.ts';

/** A program that answers each request on its inherited socket with the same text. */
const server = `import socket, sys
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    try:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 5\\r\\n\\r\\nmine\\n")
    except OSError: pass
    connection.close()
`;

/** nobody: it is neither root, nor an app's user, nor the proxy's. */
const stranger = { uid: 65_534, gid: 65_534 };

export interface Attack {
  readonly place: Place;
  readonly hostd: Hostd;
  readonly evil: Account;
  root(name: 'evil' | 'good'): string;
  /** Runs a shell script as the hostile app, in its root. */
  asEvil(script: string): void;
  /** Runs Python as a stranger until the test ends. Its argument is the proxy's port. */
  stranger(script: string): ChildProcess;
  /** Milliseconds of one request to the other site, which gets the right answer. */
  ask(): Promise<number>;
  /** The same again and again while `attack` lasts, and longer where that is short. */
  meanwhile(attack: Promise<unknown>): Promise<readonly number[]>;
}

export async function makeAttack(
  t: TestContext,
  options: Pick<HostdOptions, 'env'> & { readonly proxy?: TomlTable } = {},
): Promise<Attack> {
  const place = makePlace(t);
  const { a, b } = await testAccounts();
  place.write('server.py', server);
  const root = (name: string) => `${place.dir}/webapps/${name}`;
  const as = (account: Account, name: string, script: string) =>
    void execFileSync('sh', ['-c', `umask 022; ${script}`], {
      cwd: root(name),
      uid: account.uid,
      gid: account.gid,
      env: { PATH: '/usr/bin:/bin' },
      timeout: 120_000,
    });
  const app = (name: string, account: Account) => {
    chownSync(place.directory(`webapps/${name}`), account.uid, account.gid);
    as(account, name, 'mkdir logs run static media; echo page >static/page.html');
    return {
      root: root(name),
      project: root(name),
      user: account.name,
      command: `/usr/bin/python3 ${place.dir}/server.py`,
      server_names: [`${name}.test`],
    };
  };
  const config = { app: { evil: app('evil', a), good: app('good', b) }, proxy: options.proxy ?? {} };
  const hostd = await startHostd(place, {
    config,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  await hostd.state('hostd-proxy', 'RUNNING');
  const ask = async (): Promise<number> => {
    const start = performance.now();
    const [page, answer] = await Promise.all([
      hostd.get('good.test', '/static/page.html'),
      hostd.get('good.test', '/'),
    ]);
    if (page.text !== 'page\n' || answer.text !== 'mine\n')
      throw new Error(`not as it should be: ${page.status}, ${answer.status}`);
    return performance.now() - start;
  };
  return {
    place,
    hostd,
    evil: a,
    root,
    asEvil: script => as(a, 'evil', script),
    stranger(script) {
      const child = spawn('/usr/bin/python3', ['-c', script, String(hostd.port)], {
        ...stranger,
        env: { PATH: '/usr/bin:/bin', ...place.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      place.after(() => void child.kill('SIGKILL'));
      return child;
    },
    ask,
    async meanwhile(attack) {
      const times: number[] = [];
      let over = false;
      const end = attack.finally(() => {
        over = true;
      });
      do times.push(await ask());
      while (!over || times.length < 10);
      await end;
      return times;
    },
  };
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
