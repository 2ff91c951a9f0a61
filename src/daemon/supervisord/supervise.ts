// Puts the parts of hostd supervisord together, once what it was started with is known: takes over the processes of an earlier one, puts
// the configured groups into force and serves Supervisor's clients.

import { writeFileSync } from 'node:fs';
import { exitOf } from '../../linux/exit.ts';
import type { Host, Program, Settings } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import type { Machine } from '../../supervisord/config/machine.ts';
import type { Given, Realized } from '../../supervisord/config/options.ts';
import { readConfiguration } from '../../supervisord/config/read.ts';
import { logLevels } from '../../supervisord/config/values.ts';
import { untold } from '../events/bus.ts';
import { adoptAll } from '../fleet/adopt.ts';
import { openHalfClose } from '../fleet/half-close.ts';
import { makeSupervisor, type Supervisor } from '../fleet/supervisor.ts';
import type { Unit } from '../fleet/unit.ts';
import { makeLogs } from '../logs/logs.ts';
import { takeLock } from '../own/lock.ts';
import type { Logger } from '../own/log.ts';
import { giveMemoryBack } from '../own/memory.ts';
import { keepStatus, notifyReady } from '../own/notify.ts';
import { makeAgain, ownPaths, putRight } from '../own/own-files.ts';
import { makePassing } from '../passing.ts';
import { makeRpc, type Rpc } from '../rpc/process.ts';
import { findCgroups } from '../runs/cgroup-tree.ts';
import { reapOrphans } from '../runs/orphans.ts';
import { openRecords } from '../runs/records.ts';
import { keepNames, type SocketNames } from '../sockets/names.ts';
import { makeSockets, type Sockets, tcpKey } from '../sockets/sockets.ts';
import { makeAnswers } from './answers.ts';
import { clearAutoLogs } from './auto-logs.ts';
import { bearAsSupervisor, type Surroundings } from './birth.ts';
import type { Stage } from './daemonize.ts';
import { makeEnding } from './ending.ts';
import { fastCgiSockets } from './fastcgi.ts';
import { makeGroupPrograms, type OwnKeys } from './group-programs.ts';
import { type Groups, makeGroups } from './groups.ts';
import { makeLives, wordsOfExit } from './lives.ts';
import type { MainLog } from './log.ts';
import { settingsOf } from './place.ts';
import type { OpenServer } from './server-sockets.ts';
import { stopEverything } from './shutdown.ts';
import { handleSignals } from './signals.ts';
import { refuseTaken } from './taken.ts';

/** Milliseconds after a configuration was read until its garbage is given back: the programs start first. */
const tidyMs = 5000;
/** Milliseconds in which programs are begun before anything else is looked at. Supervisor begins all of them, however long it takes. */
const beginningMs = 50;

/** What a start has found out and opened. */
export interface Begun {
  readonly real: Realized;
  readonly machine: Machine;
  /** The options of the command line. */
  readonly given: Given;
  /** The directory of its own files. */
  readonly place: string;
  readonly main: MainLog;
  /** Triples for setrlimit(2). */
  readonly limits: readonly number[];
  readonly servers: readonly OpenServer[];
  /** The environment that bin/hostd was started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stage: Stage;
}

/** @throws HostdError: another one runs with these files, or a program would run twice. */
export function supervise(begun: Begun): void {
  const { real, machine, given, place, main, servers, environment, stage } = begun;
  const { log } = main;
  const settings = { ...settingsOf(real.file, place), supervisor: servers.map(({ listener }) => listener) };
  let own: OwnKeys = real;
  const fleet = makeFleet(begun, settings, () => own);
  const { supervisor, passing, logs, lives, names, sockets, fastCgi, records } = fleet;
  const { events } = passing;
  adoptAll(supervisor, records, passing.pipes, log);
  const adopted = supervisor.units();
  const usedLogs = new Set(
    adopted
      .flatMap(({ program: { stdout, stderr } }) => [stdout.path, stderr?.path ?? null])
      .filter(path => path !== null),
  );
  if (!real.nocleanup)
    clearAutoLogs(real.childlogdir, real.identifier, usedLogs, message => log.warn(message));
  const programs = makeGroupPrograms({ supervisor, fastCgi, real, own: () => own, usedLogs, log });
  const groups = makeGroups({ supervisor, lives, programsOf: programs.of });
  let known = real.configuration.names;
  let tidying: NodeJS.Timeout | undefined;
  const read = () => readConfiguration(real.file, machine, { names: known });
  const take = (configuration: Realized['configuration']) => {
    known = configuration.names;
    groups.read(configuration);
    clearTimeout(tidying);
    tidying = setTimeout(giveMemoryBack, tidyMs).unref();
  };
  take(real.configuration);

  writePidFile(real, main);
  const ending = makeEnding({
    pidfile: real.pidfile,
    place,
    stage,
    main,
    log,
    servers,
    names,
    tell: () => rpc.tell(),
    unserve: () => rpc.keep({ ...supervisor.host(), settings: { ...settings, supervisor: [] } }),
    stopEverything() {
      events.emit({ kind: 'supervisor-state', state: 'STOPPING' });
      return stopEverything(supervisor, groups, passing.pools, log);
    },
    assertUsable: read,
  });
  const rpc: Rpc = makeRpc({
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
      autoLog: programs.autoLog,
      mood: ending.mood,
      reread() {
        const next = read();
        own = { ...next.supervisord, ...given };
        rpc.tell();
        take(next);
      },
      shutdown: ending.shutdown,
      restart: ending.restart,
      remoteEvent: (type, data) => events.emit({ kind: 'remote-communication', type, data }),
    }),
    about: () => ({
      pid: process.pid,
      mood: ending.mood(),
      identification: own.identifier,
      interfaces: real.configuration.interfaces,
      hears: real.loglevel <= logLevels.trace ? 'calls' : 'errors',
    }),
  });
  keepServers(servers, sockets, names);
  rpc.keep(supervisor.host());

  putIntoForce(groups, adopted, supervisor, log);
  programs.begun();
  events.emit({ kind: 'supervisor-state', state: 'RUNNING' });
  for (const group of groups.active()) groups.start(group);
  notifyReady();
  handleSignals(ending, logs, main, log);
}

/** What supervises processes, and what keeps their output, their sockets and what is known of them. */
function makeFleet(
  { real, place, main, limits, environment }: Begun,
  settings: Settings,
  own: () => OwnKeys,
) {
  const { log } = main;
  const warn = (message: string) => log.warn(message);
  putRight(settings);
  takeLock(settings.stateDir, warn);
  refuseTaken(place);
  const records = openRecords(settings.stateDir);
  const cgroups = findCgroups(native.sha256(settings.stateDir).slice(0, 8));
  process.on('exit', () => cgroups?.close());
  const passing = makePassing({
    directory: ownPaths(settings).pipes,
    identifier: () => own().identifier,
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
  const host: Host = { settings, apps: [], programs: [], resting: [], groups: [], sites: [] };
  const supervisor: Supervisor = makeSupervisor(host, {
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
    makeAgain: () => {
      for (const message of makeAgain(settings, () => {})) warn(message);
    },
    halfClose: openHalfClose(settings.runtimeDir),
    published: () => ({ certificates: new Map(), maintenance: new Map() }),
    onHost: () => [],
  });
  passing.follow(supervisor.loop);
  keepStatus(supervisor.loop, supervisor.units);
  reapOrphans((pid, ended) => log.info(`reaped unknown pid ${pid} (${wordsOfExit(exitOf(ended))})`));
  return { supervisor, passing, logs, lives, names, sockets, fastCgi, records };
}

function writePidFile({ pidfile }: Realized, main: MainLog): void {
  try {
    writeFileSync(pidfile, `${process.pid}\n`);
    main.log.info(`supervisord started with pid ${process.pid}`);
  } catch {
    main.critical(`could not write pidfile ${pidfile}`);
  }
}

/** A log for parts that Supervisor does not have: their information is logged at the trace level. */
function behind(log: Logger): Logger {
  return { ...log, info: log.trace.bind(log) } as Logger;
}

function keepServers(servers: readonly OpenServer[], sockets: Sockets, names: SocketNames): void {
  for (const { listener, fd } of servers) {
    const { address } = listener;
    sockets.keep('path' in address ? address.path : tcpKey(address), fd);
    if ('path' in address && address.rights !== null) names.keepFound(address.path, null, address.rights);
  }
  names.sweep();
}

/** Nothing is started yet. What an earlier one has started and the configuration does not have any more is stopped. */
function putIntoForce(groups: Groups, adopted: readonly Unit[], supervisor: Supervisor, log: Logger): void {
  // Of two groups of one name, a [group] and a [program], Supervisor has the first.
  for (const config of groups.configured())
    if (groups.find(config.name) === undefined) groups.add(config, 'later');
  const wanted = new Set(groups.active().flatMap(({ programs }) => programs.map(({ name }) => name)));
  for (const { program } of adopted)
    if (!wanted.has(program.name)) {
      log.warn(`${program.name} is in the configuration no more: it is stopped`);
      supervisor.loop.ask(program.name, { kind: 'remove' }, () => {});
    }
}
