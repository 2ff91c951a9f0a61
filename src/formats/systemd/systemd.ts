// systemd's units: a service for each program, a timer for each schedule, and for each app the socket unit that holds its listening socket.

import { type BoundField, boundFields, noBounds } from '../../model/bounds.ts';
import type { App, Host, Limit, Program } from '../../model/host.ts';
import type { Problem } from '../../model/problem.ts';
import { sleepKeys } from '../../model/sleep.ts';
import { type Field, fields, supervisionRows } from '../../model/supervision.ts';
import { cannotSay, type Format, type OutputFile, type WriteOptions } from '../format.ts';
import { appOf, elsewhereProblems, givenEnvironment, isScripted, writtenBy } from '../layout.ts';
import { escapePercent, quoteAssignment, quoteExec, quoteVariable } from './quote.ts';
import { timerLines } from './timer.ts';

const unitDirectory = '/etc/systemd/system';

export const systemd: Format = {
  name: 'systemd',
  write(host, options) {
    const problems: Problem[] = [...elsewhereProblems(host, 'systemd')];
    const units = unitNames(host);
    const files = host.programs.flatMap(program => {
      const siblings = host.programs.filter(({ app }) => app !== null && app === program.app).length;
      report(program, siblings, problems);
      const app = appOf(host, program);
      const unit = (kind: string, lines: readonly string[], mode = 0o644): OutputFile => ({
        kind: 'file',
        path: `${unitDirectory}/${units.get(program.name)}.${kind}`,
        text: `${lines.join('\n')}\n`,
        mode,
        owner: program.group,
      });
      const given = Object.entries(givenEnvironment(host, program));
      const variables = given.map(([name, value]) => `${name}=${quoteVariable(value)}`);
      const comment = options.plain ? [] : [`# ${writtenBy(`"${program.name}"`)}`];
      return [
        unit('service', [...comment, ...serviceLines(host, program, app, units, options)]),
        ...(program.socket === null ? [] : [unit('socket', [...comment, ...socketLines(host, program)])]),
        ...(program.schedule === null
          ? []
          : [unit('timer', [...comment, ...timerLines(program, program.schedule)])]),
        // Everybody may ask systemd for Environment=, but not for the content of a file.
        ...(given.length === 0 ? [] : [unit('env', [...comment, ...variables], 0o600)]),
      ];
    });
    return { files, problems };
  },
};

/** "hello:celery" is hello-celery, since systemd-analyze takes the part after a colon for an alias. */
function unitNames(host: Host): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { name } of host.programs.toSorted(
    (a, b) => Number(a.name.includes(':')) - Number(b.name.includes(':')),
  )) {
    const plain = name.replaceAll(':', '-');
    let unit = plain;
    for (let number = 2; taken.has(unit); number++) unit = `${plain}-${number}`;
    taken.add(unit);
    names.set(name, unit);
  }
  return names;
}

function socketLines(host: Host, program: Program): readonly string[] {
  return [
    '[Unit]',
    `Description=${escapePercent(program.name)}: the socket that nginx connects to`,
    '',
    '[Socket]',
    `ListenStream=${escapePercent(program.socket?.path ?? '')}`,
    `Backlog=${program.socket?.backlog}`,
    `SocketUser=root`,
    `SocketGroup=${host.settings.proxy.user}`,
    'SocketMode=0660',
    '',
    '[Install]',
    'WantedBy=sockets.target',
  ];
}

function serviceLines(
  host: Host,
  program: Program,
  app: App | null,
  units: ReadonlyMap<string, string>,
  { plain }: WriteOptions,
): readonly string[] {
  const given = givenEnvironment(host, program);
  const socket = program.socket === null ? [] : [`Requires=${units.get(program.name)}.socket`];
  const services = program.requires.flatMap(({ name }) => servicesOf[name] ?? []);
  const earlier = host.programs
    .filter(other => rank(other) < rank(program) && other.name !== program.name)
    .map(other => `${units.get(other.name)}.service`);
  return [
    '[Unit]',
    `Description=${escapePercent(app === null ? program.name : `${program.name} (Django)`)}`,
    `After=${['network.target', ...services, ...earlier].join(' ')}`,
    ...(services.length === 0 ? [] : [`Wants=${services.join(' ')}`]),
    ...socket,
    ...startLimit(program),
    '',
    '[Service]',
    // gunicorn itself says when it is ready (sd_notify), and that it reloads by HUP.
    `Type=${app !== null && isScripted(app) ? 'notify' : 'exec'}`,
    ...(app !== null && isScripted(app) ? ['NotifyAccess=main', 'ExecReload=/bin/kill -s HUP $MAINPID'] : []),
    ...(program.user === null ? [] : [`User=${program.user}`]),
    ...(program.unixGroup === null ? [] : [`Group=${program.unixGroup}`]),
    ...(program.directory === null ? [] : [`WorkingDirectory=${escapePercent(program.directory)}`]),
    ...serviceKeys.umask(program),
    ...Object.entries(program.environment)
      .filter(([name]) => !Object.hasOwn(given, name))
      .map(([name, value]) => `Environment=${quoteAssignment(name, value)}`),
    ...(Object.keys(given).length === 0
      ? []
      : [`EnvironmentFile=${unitDirectory}/${units.get(program.name)}.env`]),
    `ExecStart=${program.command.map(quoteExec).join(' ')}`,
    ...endings.flatMap(field => serviceKeys[field](program)),
    ...runLines(program),
    `StandardOutput=${output(program.stdout.path)}`,
    `StandardError=${program.stderr === null ? 'inherit' : output(program.stderr.path)}`,
    ...bounds.flatMap(field => serviceKeys[field](program)),
    ...(plain || program.user === null || !program.noNewPrivileges ? [] : sandbox),
    ...(program.autostart && program.schedule === null
      ? ['', '[Install]', 'WantedBy=multi-user.target']
      : []),
  ];
}

/** A line of systemd.resource-control(5), from the program's own bound or, for the program that serves the app, from the app's. */
function bound(word: string, field: BoundField, unit = ''): (program: Program) => readonly string[] {
  return ({ [field]: own, app, name, appBounds = noBounds }) => {
    const given = [own, name === app ? appBounds[field] : 0].filter(value => value > 0);
    return given.length === 0 ? [] : [`${word}=${Math.min(...given)}${unit}`];
  };
}

/** The lines in [Service] for each field of a program; empty: [Unit] or [Install], another field's line, or report() has it. */
const serviceKeys: { readonly [F in Field]: (program: Program) => readonly string[] } = {
  umask: ({ umask }) => [`UMask=0${umask.toString(8).padStart(3, '0')}`],
  limits: ({ limits }) =>
    Object.entries(limits).map(([name, limit]) => `Limit${name.toUpperCase()}=${limitText(limit)}`),
  noNewPrivileges: ({ noNewPrivileges }) => (noNewPrivileges ? ['NoNewPrivileges=yes'] : []),
  nice: ({ nice }) => (nice === null ? [] : [`Nice=${nice}`]),
  oomScoreAdj: ({ oomScoreAdj }) => (oomScoreAdj === null ? [] : [`OOMScoreAdjust=${oomScoreAdj}`]),
  // As much swap as memory, as hostd does.
  memoryMax: program => ['MemoryMax', 'MemorySwapMax'].flatMap(word => bound(word, 'memoryMax')(program)),
  memoryHigh: bound('MemoryHigh', 'memoryHigh'),
  cpuMax: bound('CPUQuota', 'cpuMax', '%'),
  cpuWeight: bound('CPUWeight', 'cpuWeight'),
  tasksMax: bound('TasksMax', 'tasksMax'),
  ioWeight: bound('IOWeight', 'ioWeight'),
  memoryRestart: () => [],
  // It is ended, and started again by Restart=.
  maxAge: ({ maxAge }) => (maxAge === 0 ? [] : [`RuntimeMaxSec=${maxAge}`]),
  restartAt: () => [],
  autorestart: restart,
  stopsignal: ({ stopsignal }) => [`KillSignal=${stopsignal}`],
  // What is left after the main process is killed with it, as by hostd.
  stopasgroup: ({ stopasgroup }) => [`KillMode=${stopasgroup ? 'control-group' : 'mixed'}`],
  stopwaitsecs: ({ stopwaitsecs }) => [`TimeoutStopSec=${stopwaitsecs}`],
  killasgroup: () => [],
  exitcodes: () => [],
  startsecs: () => [],
  startretries: () => [],
  requires: () => [],
  priority: () => [],
  autostart: () => [],
};

/** How a program ends and starts again. These lines are together, before the logs. */
const endings: readonly Field[] = ['autorestart', 'stopsignal', 'stopasgroup', 'stopwaitsecs'];
const bounds: readonly Field[] = fields.filter(field => field !== 'umask' && !endings.includes(field));

/** Units of the named services. A unit that is not installed does no harm. */
const servicesOf: Readonly<Record<string, readonly string[]>> = {
  postgresql: ['postgresql.service'],
  mysql: ['mysql.service', 'mariadb.service'],
  redis: ['redis-server.service', 'redis.service'],
  memcached: ['memcached.service'],
};

function rank(program: Program): number {
  return program.groupPriority * 1e6 + program.priority;
}

/** Always, except for the expected exit codes: with "on-failure" a SIGTERM would count as success. */
function restart({ autorestart, exitcodes }: Program): readonly string[] {
  if (autorestart === 'never') return ['Restart=no'];
  const prevent = autorestart === 'unexpected' && exitcodes.length > 0;
  return [
    'Restart=always',
    'RestartSec=1',
    ...(prevent ? [`RestartPreventExitStatus=${exitcodes.join(' ')}`] : []),
  ];
}

/** What a run of a scheduled program is judged by, and bound to. */
function runLines({ schedule, exitcodes }: Program): readonly string[] {
  if (schedule === null) return [];
  const { timeLimit } = schedule;
  return [
    ...(exitcodes.every(code => code === 0) ? [] : [`SuccessExitStatus=${exitcodes.join(' ')}`]),
    ...(timeLimit === null ? [] : [`RuntimeMaxSec=${timeLimit}`]),
  ];
}

/** startretries more tries, each after a second and at most startsecs of life. */
function startLimit({ autorestart, startretries, startsecs }: Program): readonly string[] {
  if (autorestart === 'never') return [];
  if (startretries === null) return ['StartLimitIntervalSec=0'];
  const tries = startretries + 1;
  return [`StartLimitBurst=${tries}`, `StartLimitIntervalSec=${Math.ceil(tries * (startsecs + 2))}`];
}

function output(path: string | null): string {
  return path === null ? 'null' : `append:${escapePercent(path)}`;
}

function limitText({ soft, hard }: Limit): string {
  const word = (limit: number | null) => (limit === null ? 'infinity' : String(limit));
  return soft === hard ? word(soft) : `${word(soft)}:${word(hard)}`;
}

/** What a web application does not need. Its own directories stay writable: only /usr, /boot and /etc are not. */
const sandbox: readonly string[] = [
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectSystem=full',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'ProtectControlGroups=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'CapabilityBoundingSet=',
  'SystemCallArchitectures=native',
];

/** `siblings`: the programs of its app, itself included. */
function report(program: Program, siblings: number, problems: Problem[]): void {
  const say = (key: string, message: string, hint: string) =>
    problems.push(
      cannotSay(
        program.group,
        { ...program.source, key: [...program.source.key, key] },
        `systemd: "${program.name}": ${message}`,
        hint,
      ),
    );
  const logs = [program.stdout, program.stderr].filter(
    log => log !== null && log.path !== null && log.maxBytes > 0,
  );
  if (logs.length > 0)
    say(
      'stdout_logfile_maxbytes',
      'systemd puts no log aside when it has grown',
      `logrotate for ${logs[0]?.path}`,
    );
  if (program.listener !== null)
    say('events', "systemd tells nobody by Supervisor's protocol", 'OnFailure= of the units that matter');
  for (const key of sleepKeys(program))
    say(key, 'systemd ends no service that nobody asks for anything', 'a .socket unit starts one on demand');
  if (program.health !== null) say('health', 'systemd asks no URL', 'WatchdogSec=, and a command that pings');
  const { app, name, appBounds = noBounds } = program;
  if (name === app && siblings > 1)
    for (const field of boundFields.filter(one => appBounds[one] > 0))
      say(
        supervisionRows[field].key,
        'it is that of this unit, where hostd holds all programs of the app to it together',
        'Slice= in a drop-in of each of the units',
      );
  if (program.memoryRestart > 0)
    say('memory_restart', 'systemd restarts nothing for the memory that it uses', 'MemoryMax= in a drop-in');
  if (program.maxAge > 0)
    say('max_age', 'systemd restarts it, where hostd reloads it without a lost request', 'leave out max_age');
  if (program.restartAt !== null)
    say('restart_at', 'systemd restarts nothing by the clock', 'a timer, and systemctl reload');
  for (const { name } of program.requires)
    if (!Object.hasOwn(servicesOf, name))
      say(
        'requires',
        `systemd waits for units, and for no address: "${name}"`,
        'After= and Requires= in a drop-in',
      );
  if (program.startsecs > 1)
    say('startsecs', 'systemd does not wait to see whether a program stays up', 'leave out startsecs');
  const paths = [
    program.directory,
    program.stdout.path,
    program.stderr?.path ?? null,
    program.socket?.path ?? null,
  ];
  for (const path of paths)
    if (path !== null && /[\n\r]|^\s|\s$|\\$/.test(path))
      say('directory', `${JSON.stringify(path)} cannot be written in a unit`, 'another path');
  const [command] = program.command;
  if (command !== undefined && !command.includes('/') && 'PATH' in program.environment)
    say('command', `systemd searches "${command}" in its own PATH`, `the full path of ${command}`);
}
