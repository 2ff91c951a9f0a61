// hostd start: puts the parts together, in this order: configuration, lock, adoption, control socket, programs, ready.

import { constants } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Loaded, load } from '../config/load.ts';
import { ownProgramProblems } from '../config/own-programs.ts';
import { HostdError, messageOf } from '../errors.ts';
import type { Host } from '../model/host.ts';
import { formatProblem } from '../model/problem.ts';
import { native } from '../native/index.ts';
import { nameProcess } from '../process-name.ts';
import { boot, withRunning } from './boot.ts';
import { commandHandlers } from './control/commands.ts';
import { serveControl } from './control/control.ts';
import { handleSignals, makeEnding } from './ending.ts';
import { adoptAll } from './fleet/adopt.ts';
import { keepBounds } from './fleet/bounds.ts';
import { writeGunicornConfiguration } from './fleet/gunicorn.ts';
import { openHalfClose } from './fleet/half-close.ts';
import { reload } from './fleet/handover.ts';
import { renewCertificates } from './fleet/renewal.ts';
import { askedBy, detach, makeSupervisor } from './fleet/supervisor.ts';
import { tellOfProblems } from './fleet/update.ts';
import { keepUp } from './fleet/upkeep.ts';
import { hostdsWords } from './fleet/words.ts';
import { makeJournal } from './journal/journal.ts';
import { watchMemory } from './journal/memory-kills.ts';
import { beginLife } from './journal/own-life.ts';
import { rememberPrograms } from './journal/programs.ts';
import { recallUpstreams } from './journal/recall.ts';
import { reopenMoved, reopenOnSignal } from './logs/commands.ts';
import { makeDisks } from './logs/disks.ts';
import { makeLogs } from './logs/logs.ts';
import { type Metrics, makeMetrics } from './metrics/process.ts';
import { makeNotifier } from './notify/notifier.ts';
import { passEarlySignals } from './own/early-signals.ts';
import { takeLock } from './own/lock.ts';
import { type Logger, openLog } from './own/log.ts';
import { keepStatus } from './own/notify.ts';
import { makeAgain, ownPaths, putRight } from './own/own-files.ts';
import { makePassing } from './passing.ts';
import { makeCertificates } from './proxies/certificates.ts';
import type { Rpc } from './rpc/process.ts';
import { serveSupervisorsClients } from './rpc/serve.ts';
import { findCgroups } from './runs/cgroup-tree.ts';
import { reapOrphans } from './runs/orphans.ts';
import { openRecords } from './runs/records.ts';
import { makeSamples } from './samples/sample.ts';
import { makeSchedules } from './schedules/schedules.ts';
import { keepNames } from './sockets/names.ts';
import { controlRights, listenOwn } from './sockets/own-socket.ts';
import { makeSockets } from './sockets/sockets.ts';
import { inheritedSockets } from './upgrade.ts';
import { makeWeb, type Web } from './web/process.ts';

const defaultConfig = '/etc/hostd/hostd.toml';

interface Arguments {
  readonly config: string;
  /** Only finds out whether hostd would start (upgrade.ts). */
  readonly trial: boolean;
}

function run(): void {
  nameProcess('hostd');
  process.umask(0o022);
  try {
    const { config, trial } = readArguments();
    const loaded = load(config);
    const { log, flush } = openLog(process.env['HOSTD_LOG_LEVEL'] ?? 'info', loaded.host.settings.logFile);
    process.on('exit', flush);
    startHostd(config, trial, loaded, log);
  } catch (error) {
    const hint = error instanceof HostdError && error.hint !== undefined ? `\n  try: ${error.hint}` : '';
    process.stderr.write(`hostd: ${messageOf(error)}${hint}\n`);
    process.exit(error instanceof HostdError && error.code === 'usage' ? 2 : 1);
  }
}

function readArguments(): Arguments {
  try {
    const { values, positionals } = parseArgs({
      options: { config: { type: 'string', short: 'c' }, trial: { type: 'boolean' } },
      allowPositionals: true,
    });
    if (positionals.length > 1 || (positionals[0] ?? 'start') !== 'start')
      throw new Error(`unexpected argument "${positionals.at(-1)}"`);
    return {
      // Absolute: an upgrade tries the new version in another directory.
      config: resolve(values.config ?? process.env['HOSTD_CONFIG'] ?? defaultConfig),
      trial: values.trial === true,
    };
  } catch (error) {
    throw new HostdError('usage', messageOf(error), { hint: 'hostd start [-c FILE]' });
  }
}

function startHostd(config: string, trial: boolean, loaded: Loaded, log: Logger): void {
  // A file that is opened for an app must not profit from hostd's own supplementary groups.
  if (process.geteuid?.() === 0) process.setgroups?.([]);
  if (!trial) sayProblems(loaded, log);
  if (loaded.broken.settings)
    throw new HostdError('config', 'cannot start: hostd.toml has errors', {
      hint: `hostd check -c ${config}`,
    });
  if (trial) {
    refuseClosed(loaded.host);
    return;
  }
  const { settings } = loaded.host;
  const warn = (message: string) => log.warn(message);
  for (const message of putRight(settings)) warn(message);
  takeLock(settings.stateDir, warn);
  const records = openRecords(settings.stateDir);
  const cgroups = findCgroups(native.sha256(settings.stateDir).slice(0, 8));
  log.info(`hostd started with pid ${process.pid}`);
  process.on('exit', () => cgroups?.close());
  if (cgroups === null)
    log.warn('no cgroup v2 that hostd may use: stray processes are found by their environment');

  const at = ownPaths(settings);
  const journal = makeJournal({ current: at.events, before: at.eventsBefore }, log);
  const { tell } = journal;
  const life = beginLife(at.life);
  process.on('exit', life.end);
  if (life.death !== null) tell({ kind: 'hostd-died', name: 'hostd', cause: life.death });
  tellOfProblems(loaded.problems, tell);
  const passing = makePassing({
    directory: at.pipes,
    identifier: () => 'supervisor',
    ident: 'hostd',
    log,
  });
  const { events, pipes, outputs } = passing;
  const nothing = { held: () => new Map<string, number>() };
  const notifier = makeNotifier(at.notify, { cgroups, records, journal, log, warn, pipes, sockets: nothing });
  const { stateDir } = settings;
  const disks = makeDisks({ settings: () => supervisor.host().settings, note: at.diskLow, tell, log });
  const logs = makeLogs({
    stateDir,
    host: () => supervisor.host(),
    log,
    tell,
    written: outputs.logs,
    onWritten: disks.written,
  });
  const renew = () => {
    certificates.keep(supervisor.host());
    return renewCertificates(supervisor, log).catch(error => {
      log.error({ err: error }, messageOf(error));
      return true;
    });
  };
  const certificates = makeCertificates(renew, records, { warn, tell });
  const names = keepNames(at.socketNames, warn, path => {
    // The next generation gets a new socket of that name. The old generation serves the visitors in the old socket.
    const programs = supervisor.units().map(unit => unit.program);
    const losers = programs
      .filter(program => program.socket?.path === path)
      .filter(program => !supervisor.sleepers.renewSocket(program));
    detach(
      log,
      reload(
        askedBy({ what: 'its socket has lost its name', user: null }, supervisor),
        losers,
        log,
        () => {},
      ),
    );
  });
  const inherited = inheritedSockets();
  const supervisor = makeSupervisor(loaded.host, {
    cgroups,
    records,
    pipes,
    outputs,
    logs,
    events,
    tell,
    sockets: makeSockets(inherited, names, warn),
    log,
    words: hostdsWords(log),
    now: () => performance.now(),
    warn,
    gunicornConfiguration: writeGunicornConfiguration(settings.runtimeDir),
    makeAgain: () => {
      const written = () => writeGunicornConfiguration(settings.runtimeDir);
      for (const message of makeAgain(settings, written)) warn(message);
    },
    halfClose: openHalfClose(settings.runtimeDir),
    published: host => ({ certificates: certificates.read(host), maintenance: records.maintenance() }),
    onHost: host => {
      certificates.keep(host);
      certificates.watch(host);
      notifier.keep(host);
      return [
        ['supervisor', rpc?.keep(host) ?? []],
        ['web', web?.keep(host) ?? []],
        ['metrics', metrics?.keep(host) ?? []],
      ];
    },
  });
  let rpc: Rpc | null = null;
  let web: Web | null = null;
  let metrics: Metrics | null = null;
  passing.follow(supervisor.loop);
  rememberPrograms(supervisor.loop, tell, watchMemory());
  const schedules = makeSchedules(supervisor.loop, records, tell, log);
  keepStatus(supervisor.loop, supervisor.units);
  keepBounds(supervisor.loop, cgroups, log, tell);
  keepUp(supervisor, log);
  // What the former version has started and not adopted, such as hostd-rpc, nobody else would reap.
  if (process.pid === 1 || inherited.size > 0) reapOrphans();
  adoptAll(supervisor, records, pipes, log);
  supervisor.setHost(withRunning(supervisor, loaded, records));
  detach(log, recallUpstreams(supervisor, journal));
  const ending = makeEnding(
    supervisor,
    { listeners: passing.pools, schedules, journal },
    records,
    config,
    log,
  );
  const samples = makeSamples(
    { supervisor, records, certificates, schedules, journal, disks },
    loaded.problems,
  );
  // An event is written, and comes with what writes more.
  journal.hear(() => setImmediate(disks.written));
  const handlers = commandHandlers({
    supervisor,
    records,
    certificates,
    schedules,
    log,
    logs,
    ending,
    journal,
    notifier,
    samples,
    disks,
  });
  // Held like the programs' sockets, so that an upgrade in place refuses no hostctl.
  const { socket } = settings.control;
  if (!supervisor.sockets.held().has(socket))
    supervisor.sockets.keep(socket, listenOwn(socket, controlRights(settings.control), false));
  names.keepFound(socket, null, controlRights(settings.control));
  rpc = serveSupervisorsClients({ supervisor, records, logs, ending, log, names });
  web = makeWeb({ sockets: supervisor.sockets, names, log, tell, handlers });
  web.keep(supervisor.host());
  metrics = makeMetrics({ sockets: supervisor.sockets, names, log, tell, samples });
  metrics.keep(supervisor.host());
  names.sweep();
  process.on('exit', () => names.remove(socket));
  serveControl(
    supervisor.sockets.held().get(socket) ?? -1,
    handlers,
    { log, tell },
    async (socket, early, caller) => {
      // Loaded when the first terminal is asked for.
      const { serveTerminal } = await import('./terminal/terminal.ts');
      serveTerminal(socket, early, caller, { supervisor, cgroups, log });
    },
  );
  handleSignals(supervisor, ending, log);
  reopenOnSignal(logs, log);
  reopenMoved(logs, log);
  passEarlySignals();
  native.unblock(constants.signals.SIGUSR1);
  boot(supervisor, records, log).then(schedules.begin, error => {
    log.fatal({ err: error }, `cannot start: ${messageOf(error)}`);
    // Programs that run go on, for the next hostd to adopt.
    process.exit(1);
  });
}

/** Refuses an upgrade after which the proxy could not serve. At a start this would be an error in the log; here the old proxy serves on. */
function refuseClosed(host: Host): void {
  const problem = ownProgramProblems(host).find(({ severity }) => severity === 'error');
  if (problem === undefined) return;
  const { message, hint } = problem;
  throw new HostdError('failed', message, hint === undefined ? {} : { hint });
}

function sayProblems({ host, problems }: Loaded, log: Logger): void {
  for (const problem of [...problems, ...ownProgramProblems(host)])
    log[problem.severity === 'error' ? 'error' : 'warn'](formatProblem(problem));
}

run();
