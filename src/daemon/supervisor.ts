// All programs of this host together: which there are, who may use which socket, and the commands that people give.
// What happens to a single program is lifecycle's business; this file only says when to start and stop which.

import { messageOf } from '../errors.ts';
import { select } from '../lifecycle/fleet.ts';
import { policyOf } from '../lifecycle/policy.ts';
import type { Policy } from '../lifecycle/process.ts';
import type { Host, Program } from '../model/host.ts';
import { native } from '../native/index.ts';
import { type Equipment, type LaunchContext, userOf } from './launch.ts';
import type { Logger } from './log.ts';
import { type Loop, makeLoop } from './loop.ts';
import { attend, makePerform } from './perform.ts';
import { type Probe, startProbe } from './probe.ts';
import { equipProxy, proxyGroup, proxyPrograms } from './proxies.ts';
import { killRun, type Run } from './run.ts';
import { type Sockets, tcpKey } from './sockets.ts';
import { isDown, makeUnit, statusOf, type Unit } from './unit.ts';

export interface Supervisor {
  readonly loop: Loop;
  readonly sockets: Sockets;
  host(): Host;
  setHost(host: Host): void;
  units(): Unit[];
  unit(name: string): Unit | undefined;
  /** The units that a typed name means; "all" leaves the proxy workers out. */
  select(name: string): Unit[];
  /** Takes a program in, in the place of the one of the same name. It is not started. */
  admit(program: Program): Unit;
  /** Makes a run that an earlier hostd has started the unit's own. */
  adopt(unit: Unit, run: Run): void;
  /** Forgets a unit; one that still runs is stopped, and is seen to its end. */
  retire(unit: Unit): void;
  /** Puts a unit of a new generation into the table (see update.ts). */
  replace(unit: Unit): void;
  /** SIGKILL to everything, for a second signal to a hostd that is already stopping. */
  killAll(): void;
}

export interface SupervisorContext extends LaunchContext {
  readonly sockets: Sockets;
  readonly log: Logger;
  readonly now: () => number;
}

export function makeSupervisor(first: Host, context: SupervisorContext): Supervisor {
  const { sockets, log } = context;
  const units = new Map<string, Unit>();
  const retiring = new Set<Unit>();
  const perform = makePerform(context, log);
  const loop = makeLoop(perform, context.now);
  let host = first;

  const equip = (unit: Unit): Equipment =>
    isProxy(unit.program) ? equipWorker(unit) : equipProgram(unit.program, host, sockets);

  const equipWorker = (unit: Unit): Equipment => {
    const { run } = unit.state;
    return equipProxy(
      host,
      unit.program,
      sockets,
      fact => {
        if (fact.kind === 'ready') loop.post(unit, { kind: 'ready', run });
        else log.debug({ program: unit.program.name, ...fact }, 'proxy worker says');
      },
      message => log.warn({ program: unit.program.name }, message),
    );
  };

  /** Closes the sockets of a unit that is down, unless another one that is not uses them too. */
  const release = (unit: Unit) => {
    const used = new Set(
      [...units.values(), ...retiring].filter(u => !isDown(u)).flatMap(u => socketKeys(u, host)),
    );
    for (const key of socketKeys(unit, host)) if (!used.has(key)) sockets.release(key);
  };

  const probes = new Map<Unit, Probe>();
  /** A program with a health path is asked from the moment that it is spawned until it is RUNNING, or not STARTING any more. */
  const probe = (unit: Unit) => {
    const { health, socket } = unit.program;
    if (health === null || socket === null) return;
    probes.get(unit)?.stop();
    probes.delete(unit);
    unit.waitsFor = null;
    if (unit.state.kind !== 'starting' || unit.run === null) return;
    const { run } = unit.state;
    unit.waitsFor = health.path;
    const question = { socket: socket.path, ...health };
    const started = startProbe(host, question, answer => {
      if (probes.get(unit) !== started) return;
      if (answer.kind === 'healthy') loop.post(unit, { kind: 'ready', run });
      else unit.waitsFor = `${health.path}: ${answer.why}`;
    });
    probes.set(unit, started);
  };

  loop.listen((unit, before) => {
    logChange(log, unit, before);
    if (before.kind !== unit.state.kind || before.run !== unit.state.run) probe(unit);
    if (!isDown(unit)) return;
    retiring.delete(unit);
    if (!unit.holdSockets) release(unit);
  });

  const admit = (program: Program): Unit => {
    return makeUnit(program, policyFor(program), equip);
  };

  return {
    loop,
    sockets,
    host: () => host,
    setHost: next => {
      host = next;
    },
    units: () => [...units.values()],
    unit: name => units.get(name),
    select: name => {
      const own = (unit: Unit) => name !== 'all' || !isProxy(unit.program);
      const chosen = new Set(
        select(
          [...units.values()].map(unit => unit.program),
          name,
        ),
      );
      return [...units.values()].filter(unit => chosen.has(unit.program) && own(unit));
    },
    admit(program) {
      const unit = admit(program);
      units.set(program.name, unit);
      return unit;
    },
    adopt(unit, run) {
      unit.state = { kind: 'running', run: run.number, tries: 0, since: context.now() };
      for (const key of socketKeys(unit, host)) sockets.takeBack(key, run.pidfd, run.process.pid);
      attend(unit, run, context, log, news => loop.post(unit, news));
    },
    retire(unit) {
      if (units.get(unit.program.name) === unit) units.delete(unit.program.name);
      if (isDown(unit)) return;
      retiring.add(unit);
      loop.post(unit, { kind: 'stop' });
    },
    replace(unit) {
      units.set(unit.program.name, unit);
    },
    killAll() {
      for (const unit of [...units.values(), ...retiring]) if (unit.run !== null) killRun(unit.run);
    },
  };
}

export function isProxy(program: Program): boolean {
  return program.group === proxyGroup;
}

/** A proxy worker says when it is ready; of a program with a health path the probe does. */
export function policyFor(program: Program): Policy {
  const notified = isProxy(program) || (program.health !== null && program.socket !== null);
  return policyOf(program, notified ? 'notified' : 'startsecs');
}

/** The programs of a host, its proxy workers included. */
export function allPrograms(host: Host): Program[] {
  return [...host.programs, ...proxyPrograms(host)];
}

function socketKeys(unit: Unit, host: Host): string[] {
  if (isProxy(unit.program)) return host.settings.proxy.listen.map(tcpKey);
  return unit.program.socket === null ? [] : [unit.program.socket.path];
}

/** LISTEN_FDS and LISTEN_PID of sd_listen_fds(3); LISTEN_PID is filled in by the launcher. */
function equipProgram(program: Program, host: Host, sockets: Sockets): Equipment {
  if (program.socket === null) return { env: {}, fds: [], close: [] };
  const { uid, gid } = userOf(program);
  const clients = native.user(host.settings.proxy.user)?.gid ?? gid;
  const fd = sockets.unix(program.socket, { uid, gid }, clients);
  return { env: { LISTEN_FDS: '1', LISTEN_PID: '' }, fds: [fd], close: [] };
}

function logChange(log: Logger, unit: Unit, before: Unit['state']): void {
  const { name } = unit.program;
  const { state } = unit;
  if (before.kind === state.kind && before.run === state.run) return;
  switch (state.kind) {
    case 'running':
      log.info({ program: name, run: state.run }, `success: ${name} entered RUNNING state`);
      break;
    case 'backoff':
      log.warn(
        { program: name },
        `${name} entered BACKOFF state: ${statusOf(unit, performance.now()).description}`,
      );
      break;
    case 'fatal':
      log.error({ program: name }, `gave up: ${name} entered FATAL state: ${state.why}`);
      break;
    case 'stopped':
      log.info({ program: name }, `stopped: ${name}`);
      break;
    default:
      break;
  }
}

/** Runs a command's promise to its end; what it throws is a fault of hostd's own and goes to the log. */
export function detach(log: Logger, promise: Promise<unknown>): void {
  promise.catch(error => log.error({ err: error }, messageOf(error)));
}
