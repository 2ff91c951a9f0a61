// hostd start: puts the parts together, in this order: configuration, lock, adoption, control socket, programs, ready.

import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Loaded, load } from '../config/load.ts';
import { HostdError, messageOf } from '../errors.ts';
import { changes } from '../model/changes.ts';
import { formatProblem } from '../model/problem.ts';
import { adoptAll } from './adopt.ts';
import { findCgroups } from './cgroups.ts';
import { commandHandlers } from './commands.ts';
import { serveControl } from './control.ts';
import { takeLock } from './lock.ts';
import { type Logger, openLog } from './log.ts';
import { notify, startWatchdog } from './notify.ts';
import { type Report, start, stop } from './orders.ts';
import { openRecords } from './records.ts';
import { makeSockets } from './sockets.ts';
import { allPrograms, detach, makeSupervisor, type Supervisor } from './supervisor.ts';
import { isDown } from './unit.ts';
import { apply, update } from './update.ts';

const defaultConfig = '/etc/hostd/hostd.toml';

function run(): void {
  const { log, flush } = openLog(process.env['HOSTD_LOG_LEVEL'] ?? 'info');
  process.on('exit', flush);
  try {
    startHostd(configFile(), log);
  } catch (error) {
    const hint = error instanceof HostdError && error.hint !== undefined ? `\n  try: ${error.hint}` : '';
    process.stderr.write(`hostd: ${messageOf(error)}${hint}\n`);
    process.exit(error instanceof HostdError && error.code === 'usage' ? 2 : 1);
  }
}

function configFile(): string {
  try {
    const { values, positionals } = parseArgs({
      options: { config: { type: 'string', short: 'c' } },
      allowPositionals: true,
    });
    if (positionals.length > 1 || (positionals[0] ?? 'start') !== 'start')
      throw new Error(`unexpected argument "${positionals.at(-1)}"`);
    return values.config ?? process.env['HOSTD_CONFIG'] ?? defaultConfig;
  } catch (error) {
    throw new HostdError('usage', messageOf(error), { hint: 'hostd start [-c FILE]' });
  }
}

function startHostd(file: string, log: Logger): void {
  process.umask(0o022);
  // hostd's own supplementary groups are nothing that a file opened on an app's behalf should profit from.
  if (process.geteuid?.() === 0) process.setgroups?.([]);
  const loaded = load(file);
  sayProblems(loaded, log);
  if (loaded.broken.settings)
    throw new HostdError('config', 'cannot start: hostd.toml has errors', { hint: `hostd check -c ${file}` });
  const { settings } = loaded.host;
  for (const directory of [settings.runtimeDir, settings.logDir])
    mkdirSync(directory, { recursive: true, mode: 0o755 });
  takeLock(settings.stateDir);
  const records = openRecords(settings.stateDir);
  const cgroups = findCgroups(createHash('sha256').update(settings.stateDir).digest('hex').slice(0, 8));
  log.info(`hostd started with pid ${process.pid}`);
  if (cgroups === null)
    log.warn('no cgroup v2 that hostd may use: stray processes are found by their environment');

  const sockets = makeSockets();
  const now = () => performance.now();
  const warn = (message: string) => log.warn(message);
  const supervisor = makeSupervisor(loaded.host, { cgroups, records, sockets, log, now, warn });
  const adopted = adoptAll(supervisor, records, log);
  const shutdown = makeShutdown(supervisor, log);
  serveControl(settings.control, commandHandlers({ supervisor, log, shutdown }), log);
  handleSignals(supervisor, log, shutdown);
  detach(log, boot(supervisor, loaded, adopted, log));
}

function sayProblems({ problems }: Loaded, log: Logger): void {
  for (const problem of problems)
    log[problem.severity === 'error' ? 'error' : 'warn'](formatProblem(problem));
}

/** Starts what is to be started; adopted programs that have changed meanwhile are brought up to date. */
async function boot(supervisor: Supervisor, loaded: Loaded, adopted: number, log: Logger): Promise<void> {
  const nobody: Report = () => {};
  if (adopted > 0) {
    const started = supervisor.units().map(unit => unit.program);
    const kept = started.filter(program => loaded.broken.has(program.source));
    const found = changes(started, [...allPrograms(loaded.host), ...kept]);
    for (const { name, change } of found)
      log.info({ program: name }, `${name}: ${change} since it was started`);
    await apply(supervisor, found, log, nobody);
  } else {
    const units = allPrograms(loaded.host).map(program => supervisor.admit(program));
    await start(
      supervisor.loop,
      units.filter(unit => unit.program.autostart),
      nobody,
    );
  }
  notify('READY=1');
  startWatchdog();
  const running = supervisor.units().filter(unit => unit.state.kind === 'running').length;
  log.info(`ready: ${running} of ${supervisor.units().length} programs are running`);
}

type Shutdown = (keepApps: boolean, report: Report) => Promise<void>;

function makeShutdown(supervisor: Supervisor, log: Logger): Shutdown {
  return async (keepApps, report) => {
    notify('STOPPING=1');
    if (keepApps) log.info('hostd ends; its programs go on, for the next hostd to adopt');
    else
      await stop(
        supervisor.loop,
        supervisor.units().filter(unit => !isDown(unit)),
        report,
      );
    log.info('hostd has ended');
    // After the answer to the command that asked for it has been sent.
    setImmediate(() => process.exit(0));
  };
}

function handleSignals(supervisor: Supervisor, log: Logger, shutdown: Shutdown): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    log.info(`received ${signal} indicating exit request`);
    if (stopping) {
      log.warn('asked a second time: killing what is left');
      supervisor.killAll();
      return;
    }
    stopping = true;
    detach(
      log,
      shutdown(false, () => {}),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, stop);
  process.on('SIGHUP', () => {
    log.info('received SIGHUP: rereading the configuration');
    detach(
      log,
      update(supervisor, log, () => {}),
    );
  });
  process.on('uncaughtException', error => log.error({ err: error }, `internal error: ${messageOf(error)}`));
}

run();
