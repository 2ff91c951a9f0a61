// hostd supervisord: runs a supervisord.conf as it is. Puts the parts together in the order in which Supervisor starts (options.py,
// supervisord.py of 4.2.5). What goes wrong before it is a daemon is said on the terminal, in Supervisor's words.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { HostdError, hintOf, messageOf } from '../../errors.ts';
import { exitOf } from '../../linux/exit.ts';
import type { Host, Program } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { nameProcess } from '../../process-name.ts';
import type { Mood } from '../../protocol/rpc.ts';
import type { FastCgiSocket, ProcessConfig, Supervisord } from '../../supervisord/config/config.ts';
import type { Machine } from '../../supervisord/config/machine.ts';
import {
  Exit,
  type Given,
  type Realized,
  readArguments,
  realize,
  usage,
} from '../../supervisord/config/options.ts';
import { readConfiguration } from '../../supervisord/config/read.ts';
import { ConfigError, logLevels } from '../../supervisord/config/values.ts';
import { thisMachine } from '../../supervisord/machine.ts';
import { repr } from '../../words/python.ts';
import { untold } from '../events/bus.ts';
import { adoptAll } from '../fleet/adopt.ts';
import { openHalfClose } from '../fleet/half-close.ts';
import { detach, makeSupervisor } from '../fleet/supervisor.ts';
import { isDown, type Unit } from '../fleet/unit.ts';
import { makeLogs } from '../logs/logs.ts';
import { sha256 } from '../own/digest.ts';
import { passEarlySignals } from '../own/early-signals.ts';
import { takeLock } from '../own/lock.ts';
import type { Logger } from '../own/log.ts';
import { giveMemoryBack } from '../own/memory.ts';
import { keepStatus, notifyReady, notifyRestarting, notifyStopping } from '../own/notify.ts';
import { ownPaths, putRight } from '../own/own-files.ts';
import { makePassing } from '../passing.ts';
import { makeRpc } from '../rpc/process.ts';
import { findCgroups } from '../runs/cgroup-tree.ts';
import { reapOrphans } from '../runs/orphans.ts';
import { openRecords } from '../runs/records.ts';
import { keepNames } from '../sockets/names.ts';
import { makeSockets, tcpKey } from '../sockets/sockets.ts';
import { makeAnswers } from './answers.ts';
import { clearAutoLogs, makeAutoLog } from './auto-logs.ts';
import { bearAsSupervisor, type Surroundings } from './birth.ts';
import { becomeDaemon, givenEnvironment, ownStage, type Stage } from './daemonize.ts';
import { fastCgiSockets, tryOut } from './fastcgi.ts';
import { makeGroups } from './groups.ts';
import { LimitError, limitsFor, mayRaise, softLimit } from './limits.ts';
import { liveRecords } from './live-records.ts';
import { makeLives, wordsOfExit } from './lives.ts';
import { type MainLog, openMainLog } from './log.ts';
import { makePlace, removePlace, settingsOf } from './place.ts';
import { programsOf } from './programs.ts';
import { listenerOf, type OpenServer, openServer, ServerError, wordsOfMedusa } from './server-sockets.ts';
import { stopEverything } from './shutdown.ts';
import { refuseTaken } from './taken.ts';

/** Milliseconds after a configuration was read until its garbage is given back: the programs start first. */
const tidyMs = 5000;
/** Milliseconds in which programs are begun before anything else is looked at. Supervisor begins all of them, however long it takes. */
const beginningMs = 250;

/** The name that it was called by, for "For help, use ... -h". */
const program = process.env['HOSTD_PROGRAM'] ?? 'supervisord';
const stage: Stage = ownStage();
/** The environment that bin/hostd was started with. */
const environment = givenEnvironment();

function run(): void {
  nameProcess('supervisord');
  try {
    const machine: Machine = { ...thisMachine(), environment };
    const args = process.argv.slice(2);
    const own = ownOptions(args);
    const given = readArguments(own.rest, program, machine);
    if (given.configuration === undefined && process.getuid?.() === 0 && stage.kind === 'first')
      process.stderr.write(
        `UserWarning: Supervisord is running as root and it is searching for its configuration file in default locations (including its current working directory); you probably want to specify a "-c" argument specifying an absolute path to a configuration file for improved security.\n`,
      );
    const real = realize(given, program, machine, own.lenient);
    if (own.handOver) beginHandOver(real, own);
    else start(real, machine, given);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    process.stdout.write(error.stdout);
    process.stderr.write(error.stderr);
    process.exitCode = error.code;
    process.exit();
  }
}

/** Options that supervisord does not have. */
interface OwnOptions {
  readonly lenient: boolean;
  readonly handOver: boolean;
  readonly isDry: boolean;
  /** hostd.toml. */
  readonly config: string;
  /** Supervisor's own. */
  readonly rest: readonly string[];
}

/** @throws Exit */
function ownOptions(args: readonly string[]): OwnOptions {
  const [lenient, handOver, isDry, to] = ['--lenient', '--hand-over', '--dry-run', '--to'];
  const isOver = args.includes(handOver);
  const at = isOver ? args.indexOf(to) : -1;
  const config = at < 0 ? undefined : args[at + 1];
  if (at >= 0 && config === undefined) throw usage('option --to requires argument', program);
  const isOwn = (word: string, index: number) =>
    word === lenient ||
    word === handOver ||
    (isOver && word === isDry) ||
    (at >= 0 && (index === at || index === at + 1));
  return {
    lenient: args.includes(lenient),
    handOver: isOver,
    isDry: args.includes(isDry),
    config: config ?? environment['HOSTD_CONFIG'] ?? '/etc/hostd/hostd.toml',
    rest: args.filter((word, index) => !isOwn(word, index)),
  };
}

function beginHandOver(real: Realized, { config, isDry }: OwnOptions): void {
  const place = makePlace(real, environment);
  import('./hand-over.ts')
    .then(({ handOver }) => handOver({ real, place, config, isDry }))
    .catch(error => {
      const hint = hintOf(error);
      process.stderr.write(`Error: ${messageOf(error)}${hint === undefined ? '' : `\n  try: ${hint}`}\n`);
      return 1;
    })
    .then(code => process.exit(code));
}

function start(real: Realized, machine: Machine, given: Given): void {
  const { configuration } = real;
  const criticals: string[] = [];
  const infos = [...configuration.infos];
  const place = stage.kind === 'first' ? makePlace(real, environment) : stage.place;
  setUser(real, criticals, infos);
  const limits = takeLimits(real, infos);
  const main = openLog(real);
  const { log } = main;
  process.on('exit', main.flush);
  if (stage.kind !== 'daemon') {
    for (const message of criticals) main.critical(message);
    for (const message of configuration.warnings) log.warn(message);
    for (const { section, message } of configuration.broken)
      log.error(`${message}: [${section}] is left out`);
    for (const message of infos) log.info(message);
    tryOutAll(configuration, place, log);
  }
  const servers = stage.kind === 'daemon' ? inherited(real, stage.fds) : serve(real, main);
  if (stage.kind !== 'daemon') {
    if (!real.nodaemon && stage.kind === 'first') {
      log.info('daemonizing the supervisord process');
      if (real.directory !== null) enter(real.directory, main);
      main.flush();
      becomeDaemon(
        place,
        servers.map(({ fd }) => fd),
      );
      return;
    }
  }
  if (stage.kind === 'daemon') {
    if (real.directory !== null) process.chdir(real.directory);
    process.umask(real.umask);
  }
  try {
    supervise(real, machine, given, place, main, limits, servers);
  } catch (error) {
    const isTwice = error instanceof HostdError && error.code === 'conflict';
    const hint = isTwice
      ? '\n  try: supervisorctl status, or another pid file (-j) for a second one with this configuration'
      : error instanceof HostdError && error.hint !== undefined
        ? `\n  try: ${error.hint}`
        : '';
    main.critical(`${messageOf(error)}${hint}`);
    process.stderr.write(`Error: ${messageOf(error)}${hint}\n`);
    process.exit(1);
  }
}

/** Processes of an earlier supervisord go on with their sockets. */
function tryOutAll({ groups }: Realized['configuration'], place: string, log: Logger): void {
  const sockets = groups.flatMap(group => (group.kind === 'fcgi' ? [group.socket] : []));
  if (sockets.length === 0) return;
  const inUse = new Set(liveRecords(place).map(({ program }) => program.supervisord?.fastCgi));
  for (const socket of sockets) if (!inUse.has(socket.url)) tryOut(socket, log);
}

function enter(directory: string, { log, critical }: MainLog): void {
  try {
    process.chdir(directory);
    log.info(`set current directory: ${repr(directory)}`);
  } catch (error) {
    critical(`can't chdir into ${repr(directory)}: ${messageOf(error)}`);
  }
}

function openLog(real: Realized): MainLog {
  try {
    return openMainLog({
      level: real.loglevel,
      file: real.logfile,
      maxBytes: real.logfileMaxBytes,
      backups: real.logfileBackups,
      echo: real.nodaemon && !real.silent,
      umask: real.umask,
    });
  } catch (error) {
    process.stderr.write(`Error: cannot open the log file ${real.logfile}: ${messageOf(error)}\n`);
    process.exit(1);
  }
}

function serve(real: Realized, main: MainLog): OpenServer[] {
  try {
    const { servers, interfaces, interfaceOptions } = real.configuration;
    const say = (text: string) => void process.stderr.write(text);
    return servers.map(server => {
      const open = openServer(server, say);
      main.log.trace(wordsOfMedusa(server, new Date()));
      for (const name of interfaces) {
        const [more] = interfaceOptions.get(name) ?? [];
        if (more !== undefined) {
          main.log.warn(`make_main_rpcinterface() got an unexpected keyword argument ${repr(more)}`);
          throw new ServerError(`Could not make ${name} rpc interface`);
        }
        main.log.info(`RPC interface ${repr(name)} initialized`);
      }
      if (!server.username)
        main.critical(`Server ${repr(server.section)} running without any HTTP authentication checking`);
      return open;
    });
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    main.flush();
    throw usage(error.message, program);
  }
}

/** The sockets that were opened before this process became a daemon. */
function inherited(real: Realized, fds: readonly number[]): OpenServer[] {
  const { servers } = real.configuration;
  return fds.flatMap((fd, index) => {
    native.cloexec(fd, 1);
    const server = servers[index];
    return server === undefined ? [] : [{ fd, listener: listenerOf(server) }];
  });
}

/** A log for parts that Supervisor does not have: their information is logged at the trace level. */
function behind(log: Logger): Logger {
  return { ...log, info: log.trace.bind(log) } as Logger;
}

/** Makes this process another user's, as user= in [supervisord] says. @throws Exit */
function setUser(real: Realized, criticals: string[], infos: string[]): void {
  const own = process.getuid?.() ?? 0;
  if (real.uid === null) {
    if (own === 0)
      criticals.push(
        'Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message.',
      );
    return;
  }
  if (real.uid !== own) {
    if (own !== 0) throw usage("Can't drop privilege as nonroot user", program);
    const account = native.user(real.uid);
    if (account === null) throw usage(`Can't find uid ${real.uid}`, program);
    process.setgroups?.([...new Set([account.gid, ...account.groups])]);
    process.setgid?.(account.gid);
    process.setuid?.(account.uid);
  }
  infos.push(`Set uid to user ${real.uid} succeeded`);
}

/** @throws Exit */
function takeLimits(real: Realized, infos: string[]): readonly number[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const given = process.env['HOSTD_NOFILE'];
  const openFiles =
    given === undefined
      ? softLimit(limits, 'Max open files')
      : given === 'unlimited'
        ? Number.POSITIVE_INFINITY
        : Number(given);
  try {
    const { minfds, minprocs } = real;
    const processes = softLimit(limits, 'Max processes');
    const { triples, raised } = limitsFor(
      { minfds, minprocs, openFiles, processes },
      limits,
      mayRaise(readFileSync('/proc/self/status', 'utf8'), readFileSync('/proc/sys/fs/nr_open', 'utf8')),
    );
    if (stage.kind === 'first') infos.push(...raised);
    return triples;
  } catch (error) {
    throw error instanceof LimitError ? usage(error.message, program) : error;
  }
}

function writePidFile({ pidfile }: Realized, main: MainLog): void {
  try {
    writeFileSync(pidfile, `${process.pid}\n`);
    main.log.info(`supervisord started with pid ${process.pid}`);
  } catch {
    main.critical(`could not write pidfile ${pidfile}`);
  }
}

function supervise(
  real: Realized,
  machine: Machine,
  given: Given,
  place: string,
  main: MainLog,
  limits: readonly number[],
  servers: readonly OpenServer[],
): void {
  const { log } = main;
  const settings = { ...settingsOf(real.file, place), supervisor: servers.map(({ listener }) => listener) };
  const warn = (message: string) => log.warn(message);
  putRight(settings);
  takeLock(settings.stateDir, warn);
  refuseTaken(place);
  const records = openRecords(settings.stateDir);
  const cgroups = findCgroups(sha256(settings.stateDir).slice(0, 8));
  process.on('exit', () => cgroups?.close());
  let mood: Mood = 1;
  const host: Host = { settings, apps: [], programs: [], resting: [], groups: [], sites: [] };
  // As in Supervisor, a reread takes these over at once. An option of the command line wins for ever.
  let own: Pick<Supervisord, 'identifier' | 'childlogdir' | 'stripAnsi'> = real;
  const passing = makePassing({
    directory: ownPaths(settings).pipes,
    identifier: () => own.identifier,
    ident: 'supervisord',
    log,
  });
  const { events, pipes, outputs } = passing;
  const logs = makeLogs({
    stateDir: settings.stateDir,
    host: () => supervisor.host(),
    log,
    tell: untold,
    written: outputs.logs,
    plainBackups: true,
  });
  const lives = makeLives(log, () => supervisor.loop.isEnding());
  const names = keepNames(ownPaths(settings).socketNames, warn, () => {});
  const sockets = makeSockets(new Map(), names, warn);
  const fastCgi = fastCgiSockets(sockets, log);
  const around: Surroundings = {
    environment,
    serverUrl: real.serverUrl,
    umask: process.umask(),
    limits,
    socket: fastCgi.fd,
  };
  const supervisor = makeSupervisor(host, {
    cgroups,
    records,
    pipes,
    outputs,
    logs,
    events,
    tell: untold,
    sockets,
    log,
    words: lives,
    warn,
    beginningMs,
    bear: (program: Program) =>
      program.supervisord === undefined ? null : bearAsSupervisor(program, program.supervisord, around),
    now: () => performance.now(),
    gunicornConfiguration: '',
    halfClose: openHalfClose(settings.runtimeDir),
    published: () => ({ certificates: new Map(), maintenance: new Map() }),
    onHost: () => [],
  });
  passing.follow(supervisor.loop);
  keepStatus(supervisor.loop, supervisor.units);
  reapOrphans((pid, ended) => log.info(`reaped unknown pid ${pid} (${wordsOfExit(exitOf(ended))})`));
  adoptAll(supervisor, records, pipes, log);
  const adopted = supervisor.units();
  const usedLogs = new Set(
    adopted
      .flatMap(({ program: { stdout, stderr } }) => [stdout.path, stderr?.path ?? null])
      .filter(path => path !== null),
  );
  if (!real.nocleanup) clearAutoLogs(real.childlogdir, real.identifier, usedLogs, warn);
  const autoLogs = new WeakMap<ProcessConfig, { stdout?: string; stderr?: string }>();
  const groups = makeGroups({
    supervisor,
    lives,
    programsOf: config => {
      if (config.kind === 'fcgi' && isBegun) tryOut(config.socket, log);
      const output = { stripAnsi: own.stripAnsi, echo: real.loglevel <= logLevels.debug };
      const programs = programsOf(config, real.file, output, (process, name, channel) => {
        const path = supervisor.unit(name)?.program[channel]?.path ?? null;
        // A process that runs on writes to the log that it has.
        const chosen =
          path !== null && usedLogs.has(path)
            ? path
            : makeAutoLog(own.childlogdir, process.name, channel, own.identifier);
        autoLogs.set(process, { ...autoLogs.get(process), [channel]: chosen });
        return chosen;
      });
      if (config.kind === 'fcgi') keepSocket(config.socket, programs);
      return programs;
    },
  });
  function keepSocket(socket: FastCgiSocket, programs: readonly Program[]) {
    fastCgi.know(socket);
    for (const { name } of programs) {
      const run = supervisor.unit(name)?.run ?? null;
      if (run !== null) fastCgi.take(socket, run.process.pid);
    }
  }
  supervisor.loop.observe(({ changes }) => {
    for (const { unit } of changes) {
      const url = unit.program.supervisord?.fastCgi ?? null;
      const isOver = ({ program, state }: Unit) => program.supervisord?.fastCgi !== url || isDown({ state });
      if (url !== null && isDown(unit) && supervisor.units().every(isOver)) fastCgi.close(url);
    }
  });
  let isBegun = false;
  let known = real.configuration.names;
  let tidying: NodeJS.Timeout | undefined;
  const take = (configuration: Realized['configuration']) => {
    known = configuration.names;
    groups.read(configuration);
    clearTimeout(tidying);
    tidying = setTimeout(giveMemoryBack, tidyMs).unref();
  };
  take(real.configuration);

  writePidFile(real, main);
  const ending = makeEnding();
  const rpc = makeRpc({
    sockets,
    names,
    log: behind(log),
    tell: untold,
    say: (level, text) => (level === 'critical' ? main.critical(text) : log[level](text)),
    answers: makeAnswers({
      supervisor,
      groups,
      lives,
      logs,
      log,
      environment,
      mainLog: real.logfile === 'syslog' ? null : real.logfile,
      reopenMainLog: main.reopen,
      autoLog: (process, channel) => autoLogs.get(process)?.[channel],
      mood: () => mood,
      reread() {
        const next = readConfiguration(real.file, machine, { names: known });
        own = { ...next.supervisord, ...given };
        rpc.tell();
        take(next);
      },
      shutdown: () => ending.shutdown(),
      restart: () => ending.restart(),
      remoteEvent: (type, data) => events.emit({ kind: 'remote-communication', type, data }),
    }),
    about: () => ({
      pid: process.pid,
      mood,
      identification: own.identifier,
      interfaces: real.configuration.interfaces,
      hears: real.loglevel <= logLevels.trace ? 'calls' : 'errors',
    }),
  });
  for (const { listener, fd } of servers) {
    const { address } = listener;
    sockets.keep('path' in address ? address.path : tcpKey(address), fd);
    if ('path' in address && address.rights !== null) names.keepFound(address.path, null, address.rights);
  }
  names.sweep();
  rpc.keep(supervisor.host());

  // Of two groups of one name, a [group] and a [program], Supervisor has the first.
  for (const config of groups.configured())
    if (groups.find(config.name) === undefined) groups.add(config, 'later');
  const wanted = new Set(groups.active().flatMap(({ programs }) => programs.map(({ name }) => name)));
  for (const {
    program: { name },
  } of adopted)
    if (!wanted.has(name)) {
      log.warn(`${name} is in the configuration no more: it is stopped`);
      supervisor.loop.ask(name, { kind: 'remove' }, () => {});
    }
  isBegun = true;
  events.emit({ kind: 'supervisor-state', state: 'RUNNING' });
  for (const group of groups.active()) groups.start(group);
  notifyReady();
  handleSignals();
  passEarlySignals();
  main.begun();
  native.unblock(constants.signals.SIGUSR1);

  function makeEnding() {
    const end = async (next: Mood, last: () => void) => {
      if (mood < 1 && next >= mood) return;
      const isUnderWay = mood < 1;
      mood = next;
      rpc.tell();
      // A service manager that hears of an end waits for it; of a new beginning it hears by another word.
      (next === 0 ? notifyRestarting : notifyStopping)();
      if (isUnderWay) return;
      events.emit({ kind: 'supervisor-state', state: 'STOPPING' });
      await stopEverything(supervisor, groups, passing.pools, log);
      last();
    };
    const finish = () => {
      if (mood === 0 && becomesAnew()) return;
      rmSync(real.pidfile, { force: true });
      // After the answer to the client that has asked for it, and while nobody else can take the sockets.
      setImmediate(() =>
        main.settle(() => {
          removePlace(place);
          process.exit(0);
        }),
      );
    };
    return {
      shutdown: () => detach(log, end(-1, finish)),
      restart: () => {
        // A configuration that no start could use is reported, and nothing changes.
        try {
          readConfiguration(real.file, machine, { names: known });
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          log.error(`cannot restart: ${error.message}`);
          return;
        }
        detach(log, end(0, finish));
      },
    };
  }

  /** Ends as if it had been killed, but tidily: its processes are the next one's, or another hostd's. */
  function leave(): void {
    main.flush();
    for (const { listener } of servers) if ('path' in listener.address) names.remove(listener.address.path);
    rmSync(real.pidfile, { force: true });
    process.exit(0);
  }

  /** Begins anew in the same process. */
  function becomesAnew(): boolean {
    main.flush();
    rpc.keep({ ...supervisor.host(), settings: { ...settings, supervisor: [] } });
    for (const { listener } of servers) if ('path' in listener.address) names.remove(listener.address.path);
    rmSync(real.pidfile, { force: true });
    return stage.becomeAgain(place);
  }

  function handleSignals(): void {
    // Without a program and a server there would be nothing to wait for, and Node would end.
    setInterval(() => {}, 2 ** 31 - 1);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
      process.on(signal, () => {
        log.warn(`received ${signal} indicating exit request`);
        ending.shutdown();
      });
    process.on('SIGHUP', () => {
      if (mood === -1) log.warn('ignored SIGHUP indicating restart request (shutdown in progress)');
      else {
        log.warn('received SIGHUP indicating restart request');
        ending.restart();
      }
    });
    process.on('SIGUSR1', () => {
      log.warn('received SIGUSR1: ending, and leaving all processes as they are');
      leave();
    });
    process.on('SIGUSR2', () => {
      log.info('received SIGUSR2 indicating log reopen request');
      log.info('supervisord logreopen');
      main.reopen();
      for (const watched of logs.of(null).logs)
        void watched
          .reopen()
          .catch(error => log.warn(`cannot reopen "${watched.source.path}": ${messageOf(error)}`));
    });
    process.on('uncaughtException', error => {
      log.error({ err: error }, `internal error: ${messageOf(error)}`);
    });
  }
}

run();
