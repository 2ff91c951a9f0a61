// Runs bin/hostd and bin/hostctl for one test, with all their paths inside the test's place.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { type Answer, type Ask, ask } from '../../scripts/http.ts';
import { type Ran, run } from '../../scripts/run.ts';
import { type TomlTable, tomlText } from '../../scripts/toml-text.ts';
import type { StateName } from '../../src/model/state.ts';
import { API, type ProgramStatus, type StatusReply } from '../../src/protocol/control.ts';
import { proxyAccount } from './accounts.ts';
import type { TestApp } from './apps.ts';
import type { Place } from './place.ts';
import { until } from './until.ts';
import { writeApp } from './write-app.ts';

export const checkout = join(import.meta.dirname, '../..');

export interface HostdOptions {
  readonly apps?: readonly TestApp[];
  /** Tables besides the apps', or keys in place of the usual ones: { proxy: { workers: 2 } }. */
  readonly config?: TomlTable;
  /** apps.d/NAME.toml, written as it is. */
  readonly files?: Readonly<Record<string, string>>;
  /** More of hostd's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that becomes hostd by exec, with its arguments, such as ["prlimit", "--nofile=64"]. */
  readonly under?: readonly string[];
  /** Another installation than the one under test. */
  readonly home?: string;
}

export interface Hostd {
  readonly pid: number;
  readonly config: string;
  readonly socket: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** What it has written to stderr and stdout so far. */
  output(): string;
  /** bin/hostctl with this hostd's socket and configuration in its environment. */
  hostctl(...args: readonly string[]): Promise<Ran>;
  /** What `hostctl status --json` prints. */
  status(): Promise<ProgramStatus[]>;
  /** Waits until the program is in this state. */
  state(name: string, state: StateName): Promise<ProgramStatus>;
  /** A request through the proxy. */
  get(host: string, path?: string, rest?: Partial<Ask>): Promise<Answer>;
  /** SIGKILL. Its apps live on: `again` takes them over, or they are killed when the test ends. */
  kill9(): Promise<void>;
  /** Starts another hostd with the same configuration file, after kill9 or stop. */
  again(): Promise<Hostd>;
  /** Sends SIGTERM and waits for the end. Returns the exit code (null: a signal ended it). */
  stop(): Promise<number | null>;
}

/** Writes the configuration and starts hostd. Resolves when hostd has started everything. */
export async function startHostd(place: Place, options: HostdOptions = {}): Promise<Hostd> {
  const port = portOf(options.config) ?? (await freePort());
  return await launch(place, writeConfig(place, port, options), port, options);
}

async function launch(
  place: Place,
  config: string,
  port: number,
  options: Pick<HostdOptions, 'env' | 'under' | 'home'>,
): Promise<Hostd> {
  const { under = [], home = checkout } = options;
  const socket = `${place.dir}/run/hostd.sock`;
  const env = { PATH: process.env['PATH'], HOME: place.dir, ...place.env, ...options.env };
  const [file = '', ...args] = [...under, `${home}/bin/hostd`, 'start', '-c', config];
  const child = spawn(file, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  place.expectLeftovers(false);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  const ended = new Promise<number | null>(resolve => {
    child.on('exit', code => resolve(code));
    child.on('error', () => resolve(null));
  });
  const running = () => child.exitCode === null && child.signalCode === null;

  const client = { HOSTD_SOCKET: socket, HOSTD_CONFIG: config, PATH: process.env['PATH'], HOME: place.dir };
  const hostd: Hostd = {
    pid: child.pid ?? 0,
    config,
    socket,
    port,
    child,
    output: () => output,
    hostctl: (...args) =>
      run([`${checkout}/bin/hostctl`, ...args], { env: { ...client, ...place.env }, timeout: 120_000 }),
    async status() {
      const programs = await askStatus(socket);
      if (programs !== null) return programs;
      const { stdout, stderr, code } = await hostd.hostctl('status', '--json');
      if (code !== 0 && code !== 3) throw new Error(`hostctl status ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as ProgramStatus[];
    },
    state: (name, state) =>
      until(
        `"${name}" to be ${state}`,
        async () => (await hostd.status()).find(program => program.name === name && program.state === state),
        { every: 50 },
      ),
    get: (host, path = '/', rest = {}) => ask({ to: { port }, host, path, ...rest }),
    async kill9() {
      place.expectLeftovers(true);
      if (running()) child.kill('SIGKILL');
      await ended;
    },
    again: () => launch(place, config, port, options),
    async stop() {
      if (!running()) return await ended;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 120_000);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
  };
  place.after(async () => {
    await hostd.stop();
  });
  await ready(child, () => output);
  return hostd;
}

/** What hostctl asks and prints, without the third of a second that hostctl takes; null: nobody listens, and hostctl says why. */
async function askStatus(socketPath: string): Promise<ProgramStatus[] | null> {
  try {
    const { status, text } = await ask({ to: { socketPath }, host: 'hostd', path: `${API}/status` });
    return status === 200 ? (JSON.parse(text) as StatusReply).programs.slice() : null;
  } catch {
    return null;
  }
}

/** hostd logs "ready: ..." when everything has been started. If it ends before, its own output is the error. */
function ready(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`hostd ${why} before it was ready:\n${output()}`));
    const late = setTimeout(() => fail('went on for 120 s'), 120_000);
    const look = () => {
      if (!output().includes('"msg":"ready: ')) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('error', error => fail(error.message));
    child.on('close', code => {
      clearTimeout(late);
      fail(`ended with ${code}`);
    });
  });
}

function writeConfig(
  place: Place,
  port: number,
  { apps = [], config = {}, files = {} }: HostdOptions,
): string {
  const { dir } = place;
  const usual: Record<string, TomlTable> = {
    hostd: {
      include: ['apps.d/*.toml'],
      runtime_dir: `${dir}/run`,
      state_dir: `${dir}/lib`,
      log_dir: `${dir}/log`,
    },
    control: { socket: `${dir}/run/hostd.sock` },
    proxy: { enabled: true, listen: [`127.0.0.1:${port}`], user: proxyAccount().name, workers: 1 },
  };
  const merged: Record<string, TomlTable> = { ...(config as Record<string, TomlTable>) };
  for (const [name, table] of Object.entries(usual)) merged[name] = { ...table, ...merged[name] };
  for (const app of apps) writeApp(place, app);
  for (const [name, text] of Object.entries(files)) place.write(`etc/apps.d/${name}`, text);
  place.directory('etc/apps.d');
  return place.write('etc/hostd.toml', tomlText(merged));
}

function portOf(config: TomlTable | undefined): number | undefined {
  const proxy = config?.['proxy'] as { listen?: readonly string[] } | undefined;
  const port = proxy?.listen?.[0]?.split(':').pop();
  return port === undefined ? undefined : Number(port);
}
