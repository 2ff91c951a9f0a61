// All programs of this host together: which there are, who may use which socket, and the commands that people give.
// What happens to a single program is lifecycle's business; this file only says when to start and stop which.

import { messageOf } from '../../errors.ts';
import { select } from '../../lifecycle/fleet.ts';
import type { Host, Program } from '../../model/host.ts';
import type { Logger } from '../own/log.ts';
import { lingering, type Published } from '../proxies/proxies.ts';
import { makeTraffic, type Traffic } from '../proxies/traffic.ts';
import type { LaunchContext } from '../runs/launch.ts';
import { killRun, type Run, signalRun } from '../runs/run.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { equip, isProxy, policyFor, socketKeys } from './equip.ts';
import type { HalfClose } from './half-close.ts';
import { type Loop, makeLoop } from './loop.ts';
import { attend, makePerform } from './perform.ts';
import { askForHealth } from './probes.ts';
import { isDown, makeUnit, statusOf, type Unit } from './unit.ts';

export interface Supervisor {
  readonly loop: Loop;
  readonly sockets: Sockets;
  readonly traffic: Traffic;
  host(): Host;
  setHost(host: Host): void;
  /** What the proxy workers of a host are told besides its configuration, as it is now. */
  published(host: Host): Published;
  units(): Unit[];
  /** The units in the table, and those of other generations that are not down yet. */
  everyUnit(): Unit[];
  unit(name: string): Unit | undefined;
  /** The units that a typed name means; "all" leaves the proxy workers out. */
  select(name: string): Unit[];
  /** Takes a program in, in the place of the one of the same name. It is not started. */
  admit(program: Program): Unit;
  /** A unit of a new generation, beside the one of the same name that is in the table (handover.ts). */
  makeSuccessor(program: Program): Unit;
  /** Makes a run that an earlier hostd has started the unit's own. */
  adopt(unit: Unit, run: Run): void;
  /** Runs what changes which units there are, one after the other. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Signals a unit's main process. false: it does not run. */
  signal(unit: Unit, signal: NodeJS.Signals): boolean;
  /** Forgets a unit; one that still runs is stopped, and is seen to its end. */
  retire(unit: Unit): void;
  /** Puts a unit into the table, in the place of the one that has its name. */
  replace(unit: Unit): void;
  /** SIGKILL to everything, for a second signal to a hostd that is already stopping. */
  killAll(): void;
}

export interface SupervisorContext extends LaunchContext {
  readonly sockets: Sockets;
  readonly log: Logger;
  readonly now: () => number;
  readonly gunicornConfiguration: string;
  readonly halfClose: HalfClose;
  readonly published: (host: Host) => Published;
  /** Told of each new configuration. */
  readonly onHost: (host: Host) => void;
}

export function makeSupervisor(first: Host, context: SupervisorContext): Supervisor {
  const { sockets, log, gunicornConfiguration, halfClose, published } = context;
  const units = new Map<string, Unit>();
  const retiring = new Set<Unit>();
  const perform = makePerform(context, log);
  const loop = makeLoop(perform, context.now);
  let host = first;
  let queue: Promise<unknown> = Promise.resolve();

  const traffic = makeTraffic();
  const equipUnit = (unit: Unit) =>
    equip(unit, loop, {
      host: () => host,
      published,
      sockets,
      log,
      traffic,
      gunicornConfiguration,
      onWorkerClass: setSync,
    });

  const updateHalfClose = ({ program: { name, app } }: Unit) => {
    if (app === name)
      halfClose.update(
        app,
        [...units.values(), ...retiring].filter(unit => unit.program.name === name),
      );
  };
  const setSync = (unit: Unit, isSync: boolean) => {
    unit.isSync = isSync;
    updateHalfClose(unit);
  };

  /** Closes the sockets of a unit that is down, unless another one that is not uses them too. */
  const release = (unit: Unit) => {
    const used = new Set(
      [...units.values(), ...retiring].filter(u => !isDown(u)).flatMap(u => socketKeys(u.program, host)),
    );
    for (const key of socketKeys(unit.program, host)) if (!used.has(key)) sockets.release(key);
  };

  askForHealth(loop, () => host, log);
  loop.listen((unit, before) => {
    logChange(log, unit, before);
    updateHalfClose(unit);
    if (!isDown(unit)) return;
    retiring.delete(unit);
    if (!unit.holdSockets) release(unit);
  });

  const make = (program: Program): Unit => makeUnit(program, policyFor(program, host), equipUnit);

  return {
    loop,
    sockets,
    traffic,
    host: () => host,
    setHost: next => {
      host = next;
      context.records.writeHost(host);
      context.onHost(host);
    },
    published,
    units: () => [...units.values()],
    everyUnit: () => [...units.values(), ...retiring],
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
      const unit = make(program);
      units.set(program.name, unit);
      return unit;
    },
    makeSuccessor(program) {
      const unit = make(program);
      unit.successor = true;
      retiring.add(unit);
      return unit;
    },
    adopt(unit, run) {
      unit.state = { kind: 'running', run: run.number, tries: 0, since: context.now() };
      unit.isSync = halfClose.isSync(unit.program.name, run);
      for (const key of socketKeys(unit.program, host))
        if (!sockets.takeBack(key, run.pidfd, run.process.pid, run.sockets))
          log.warn(
            { program: unit.program.name },
            `cannot take "${key}" back from '${unit.program.name}': it will be made anew when that has ended`,
          );
      attend(unit, run, context, log, news => loop.post(unit, news));
    },
    exclusively(work) {
      const result = queue.then(work);
      queue = result.catch(() => {});
      return result;
    },
    signal(unit, signal) {
      if (unit.run === null) return false;
      // gunicorn reads its configuration anew, or runs a second one of itself: it may have other workers now.
      if (signal === 'SIGHUP' || signal === 'SIGUSR2') setSync(unit, false);
      signalRun(unit.run, signal, false);
      return true;
    },
    retire(unit) {
      if (units.get(unit.program.name) === unit) units.delete(unit.program.name);
      if (isDown(unit)) return;
      retiring.add(unit);
      if (isProxy(unit.program)) unit.policy = lingering(unit.policy);
      loop.post(unit, { kind: 'stop' });
    },
    replace(unit) {
      const old = units.get(unit.program.name);
      if (old !== undefined && !isDown(old)) retiring.add(old);
      retiring.delete(unit);
      units.set(unit.program.name, unit);
    },
    killAll() {
      for (const unit of [...units.values(), ...retiring]) if (unit.run !== null) killRun(unit.run);
    },
  };
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
