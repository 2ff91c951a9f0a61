// hostd supervisord: runs a supervisord.conf as it is. Starts in the order in which Supervisor does (options.py, supervisord.py of 4.2.5). What goes wrong before it is a daemon is said on the terminal, in Supervisor's words.

import { HostdError, hintOf, messageOf } from '../../errors.ts';
import { nameProcess } from '../../process-name.ts';
import type { Machine } from '../../supervisord/config/machine.ts';
import { Exit, type Given, type Realized, readArguments, realize } from '../../supervisord/config/options.ts';
import { thisMachine } from '../../supervisord/machine.ts';
import { repr } from '../../words/python.ts';
import type { Logger } from '../own/log.ts';
import { becomeDaemon, givenEnvironment, ownStage, type Stage } from './daemonize.ts';
import { tryOut } from './fastcgi.ts';
import { liveRecords } from './live-records.ts';
import { type MainLog, openMainLog } from './log.ts';
import { type OwnOptions, ownOptions } from './own-options.ts';
import { makePlace } from './place.ts';
import { setUser, takeLimits } from './rights.ts';
import { inherited, serve } from './serve.ts';
import { supervise } from './supervise.ts';

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
    const own = ownOptions(args, program, environment);
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
  setUser(real, program, criticals, infos);
  const limits = takeLimits(real, program, stage, infos);
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
  const servers = stage.kind === 'daemon' ? inherited(real, stage.fds) : serve(real, program, main);
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
    supervise({ real, machine, given, place, main, limits, servers, environment, stage });
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

run();
