// npm run demo: prepares two Django sites, runs hostd with them until Ctrl-C, and says what can be tried.
//   --once       checks both sites through the proxy and ends: exit 0 when all is well
//   --dir DIR    instead of /srv/hostd-demo (root) or .demo/ (anyone else); $PORT chooses the port
//   --remove     removes the demo's directory and the users that it made

import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mark, marked } from '../integration/harness/processes.ts';
import { until } from '../integration/harness/until.ts';
import { writeConfig } from './demo-config.ts';
import {
  checkout,
  choosePort,
  type DemoPlace,
  digestOf,
  isRoot,
  type Memory,
  openPlace,
  recall,
  remember,
  removePlace,
  siteAccounts,
  siteNames,
} from './demo-place.ts';
import { ensureAdmin, installSite, type Site, type SiteName } from './django-site.ts';
import { ask } from './http.ts';
import { type Account, must, run } from './run.ts';
import { verifySite } from './verify.ts';
import { makeVirtualenv, modern } from './virtualenv.ts';

const { values: options } = parseArgs({
  options: { once: { type: 'boolean' }, dir: { type: 'string' }, remove: { type: 'boolean' } },
});
const say = (text: string) => console.log(`demo: ${text}`);
const admin = 'admin';

interface Prepared {
  readonly memory: Memory;
  readonly accounts: Readonly<Record<SiteName, Account>>;
}

async function prepare(place: DemoPlace): Promise<Prepared> {
  const recalled = recall(place);
  const [accounts, made] = await siteAccounts(place);
  if (made.length > 0) say(`made the users ${made.join(', ')} in the group webapps`);
  let memory: Memory = { ...recalled, made: [...recalled.made, ...made] };
  remember(place, memory);
  const digests = await Promise.all(siteNames.map(name => prepareSite(place, name, memory, accounts[name])));
  memory = { ...memory, prepared: { hello: digests[0] ?? '', goodbye: digests[1] ?? '' } };
  remember(place, memory);
  return { memory, accounts };
}

/** Prepares virtualenv, code, database, static files and superuser. Returns the digest of what is now in place. */
async function prepareSite(
  place: DemoPlace,
  name: SiteName,
  memory: Memory,
  account: Account,
): Promise<string> {
  const root = place.root(name);
  const site: Site = { name, root, account, env: { SECRET_KEY: memory.secretKeys[name] } };
  // The directories above are the caller's. The root is the app's, as in a real installation.
  await must(`make "${root}"`, ['mkdir', '-p', root]);
  if (isRoot)
    await must(`give "${root}" to ${account.name}`, ['chown', '-h', `${account.uid}:${account.gid}`, root]);
  const reached = await run(['test', '-w', root], { as: account });
  if (reached.code !== 0)
    throw new Error(`cannot let "${account.name}" write to "${root}"\n  try: --dir /srv/DIR`);

  const digest = await digestOf(name);
  const made = await makeVirtualenv(root, modern, account);
  if (!made && memory.prepared[name] === digest) return digest;
  say(`${name}: ${made ? 'made its virtualenv (Django, gunicorn); ' : ''}migrate, collectstatic, superuser`);
  await installSite(site);
  await ensureAdmin(site, admin, memory.password);
  return digest;
}

/** In its own session: Ctrl-C reaches only this program, which then asks hostd to stop, once. */
function start(config: string, log: string | null): ChildProcess {
  const output = log === null ? 'inherit' : openSync(log, 'w');
  return spawn(`${checkout}/bin/hostd`, ['start', '-c', config], {
    stdio: ['ignore', output, output],
    detached: true,
  });
}

async function sitesAnswer(port: number, hostd: ChildProcess): Promise<void> {
  const health = async (name: SiteName) => {
    if (hostd.exitCode !== null || hostd.signalCode !== null) throw new Error('hostd has ended');
    const host = `${name}.localhost:${port}`;
    const answer = await ask({ to: { port }, host, path: '/healthz' }).catch(() => null);
    return answer?.status === 200;
  };
  for (const name of siteNames) {
    await until(`${name} to answer on port ${port}`, () => health(name), { timeout: 60_000, every: 100 });
  }
}

async function verify(port: number, accounts: Prepared['accounts']): Promise<void> {
  for (const name of siteNames) {
    for (const host of [`${name}.localhost:${port}`, `${name}.test`]) {
      const uid = accounts[name].uid;
      const done = await verifySite({ name, to: { port }, host, uid, files: true });
      say(`${host}: ${done.join(', ')}: fine`);
    }
  }
}

function explain(config: string, port: number, password: string): void {
  const sudo = process.env['SUDO_USER'] ? 'sudo ' : '';
  const hostctl = `${sudo}${checkout}/bin/hostctl -c ${config}`;
  console.log(`
  http://hello.localhost:${port}/      http://goodbye.localhost:${port}/
  admin: http://hello.localhost:${port}/admin/   user ${admin}, password ${password}

  curl -H 'Host: hello.test' http://127.0.0.1:${port}/whoami

  In another terminal:
    ${hostctl} status
    ${sudo}kill -9 $(${hostctl} pid hello)     # hostd starts it again; no visitor is refused
    ${hostctl} logs hello -f

  Ctrl-C stops everything. To remove it: npm run demo -- --remove${options.dir ? ` --dir ${options.dir}` : ''}
`);
}

/** Asks hostd to stop when this program is asked to. Resolves with hostd's exit code. */
function untilEnded(hostd: ChildProcess): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say('stopping');
      hostd.kill('SIGTERM');
    });
  }
  return new Promise(resolve => {
    hostd.on('exit', code => resolve(code ?? 1));
    hostd.on('error', error => {
      console.error(`demo: cannot run hostd: ${error.message}`);
      resolve(1);
    });
  });
}

async function nothingIsLeft(mark: Mark): Promise<boolean> {
  await until('all processes to end', () => marked(mark).length === 0, { timeout: 2000 }).catch(() => {});
  const left = marked(mark);
  for (const { pid, command } of left) say(`still running: ${pid} ${command}`);
  if (left.length === 0) say('stopped; nothing is left running');
  return left.length === 0;
}

async function isRunning(socket: string): Promise<boolean> {
  const answer = ask({ to: { socketPath: socket }, host: 'hostd', path: '/v1/status', timeout: 3000 });
  return await answer.then(
    () => true,
    () => false,
  );
}

async function main(): Promise<number> {
  process.umask(0o022);
  const place = openPlace(options.dir === undefined ? undefined : resolve(options.dir));
  if (await isRunning(`${place.dir}/run/hostd.sock`)) {
    throw new Error(
      `cannot start the demo: it is running already, in ${place.dir}\n  try: Ctrl-C in its terminal`,
    );
  }
  if (options.remove) {
    await removePlace(place, recall(place));
    say(`removed ${place.dir}`);
    return 0;
  }
  say(`in ${place.dir}${isRoot ? '' : ' (not root: both sites run as you)'}`);
  const { memory, accounts } = await prepare(place);
  const port = await choosePort();
  const config = writeConfig(place, port, memory, accounts);
  const log = options.once ? `${place.dir}/hostd.log` : null;
  const hostd = start(config, log);
  const ended = untilEnded(hostd);
  let fine = true;
  try {
    await sitesAnswer(port, hostd);
    if (options.once) await verify(port, accounts);
    explain(config, port, memory.password);
  } catch (error) {
    fine = false;
    console.error(`demo: ${error instanceof Error ? error.message : error}`);
    if (log !== null) console.error(readFileSync(log, 'utf8'));
  }
  if (options.once || !fine) hostd.kill('SIGTERM');
  const code = await ended;
  const clean = await nothingIsLeft({
    environment: `HOSTD_DEMO=${place.dir}`,
    directory: `${place.dir}/log/`,
  });
  return fine && clean && code === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
