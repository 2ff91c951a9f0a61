// All programs of this host together: which there are, and who may use which socket. What happens to one program is decided by
// lifecycle.

import { hintOf, messageOf } from '../../errors.ts';
import { select } from '../../lifecycle/fleet.ts';
import { targetOf } from '../../lifecycle/service.ts';
import type { Host, Program, SignalName } from '../../model/host.ts';
import { servesApp } from '../../model/kind.ts';
import type { Bus, Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { hearNote, type Published } from '../proxies/proxies.ts';
import { makeTraffic, type Traffic } from '../proxies/traffic.ts';
import { makeUpstreamNews, type UpstreamNews } from '../proxies/upstream-news.ts';
import { killRun, type Run, signalRun } from '../runs/run.ts';
import type { SocketRights, Sockets } from '../sockets/sockets.ts';
import type { Asker } from './asker.ts';
import { writeDownReasons } from './down-reasons.ts';
import type { HalfClose } from './half-close.ts';
import { releaser } from './held-sockets.ts';
import { equip, madeFrom, socketRights } from './kinds.ts';
import { type Entry, type Loop, makeLoop } from './loop.ts';
import { attend, makePerform, type RunContext } from './perform.ts';
import { askForHealth } from './probes.ts';
import { makeSleepers, type Sleepers } from './sleepers.ts';
import { startTrial } from './trial.ts';
import { isDown, type Made, type Unit } from './unit.ts';
import { hearingOf } from './worker-facts.ts';
import { scaleRun } from './workers.ts';

/** By a table of hostd.toml, such as "web": why something of it is not served. */
export type Unserved = readonly (readonly [table: string, why: readonly string[]])[];

export interface Supervisor {
  readonly loop: Loop;
  readonly sockets: Sockets;
  readonly traffic: Traffic;
  readonly upstreams: UpstreamNews;
  readonly sleepers: Sleepers;
  /** The bus for events. */
  readonly events: Bus;
  /** What is to be remembered is told here. */
  readonly tell: Tell;
  /** Who asks, where it is known: of a supervisor that `askedBy` has made. */
  readonly asker: Asker | null;
  host(): Host;
  /** Returns what of hostd.toml's own tables cannot be served, by table, and why. */
  setHost(host: Host): Unserved;
  /** What a host's proxy workers are told besides its configuration, as of now. Changes nothing. */
  published(host: Host): Published;
  /** What a program's generation is made from, in the present configuration. */
  made(program: Program): Made;
  /** The programs, as they are now. */
  units(): Unit[];
  unit(name: string): Unit | undefined;
  /** Each program that has a generation, also a program that the configuration no longer has. */
  allPrograms(): Program[];
  /** The programs as they will be when all orders are done. */
  targets(): Program[];
  /** The units that a typed name means. "all" leaves the proxy workers out. */
  select(name: string): Unit[];
  /** Gives a program its run that an earlier hostd has started. Of several runs the newest comes first. */
  adopt(program: Program, run: Run): void;
  /** Takes back the socket that the keeper of an earlier hostd holds; `name`: of its record. */
  adoptKeeper(name: string, program: Program, keeper: Run): void;
  /** Signals a unit's main process. false: the unit does not run. */
  signal(unit: Unit, signal: SignalName): boolean;
  /** Sends SIGKILL to everything. For a second signal to a hostd that is already stopping. */
  killAll(): void;
}

export interface SupervisorContext extends RunContext {
  readonly sockets: Sockets;
  readonly events: Bus;
  readonly tell: Tell;
  readonly now: () => number;
  readonly gunicornConfiguration: string;
  /** Makes directories of hostd's own again that somebody has removed. Called before each start of a program. */
  readonly makeAgain: () => void;
  readonly halfClose: HalfClose;
  readonly published: (host: Host) => Published;
  /** Called with each new configuration. */
  readonly onHost: (host: Host) => Unserved;
}

export function makeSupervisor(first: Host, context: SupervisorContext): Supervisor {
  const { sockets, log, gunicornConfiguration, halfClose, published, tell } = context;
  let host = first;
  const traffic = makeTraffic();
  const upstreams = makeUpstreamNews(() => host, tell);
  const facts = { log, traffic, upstreams, tell };

  const setSync = (unit: Unit, isSync: boolean) => {
    unit.isSync = isSync;
    updateHalfClose(unit.program);
  };
  const updateHalfClose = (program: Program) => {
    const { name } = program;
    if (servesApp(program)) halfClose.update(name, [...(loop.entries.get(name)?.units.values() ?? [])]);
  };

  /** Visitors in the socket of a program that itself waits are told, unless another generation serves them. */
  const onHopeless = (unit: Unit) => {
    const entry = loop.entries.get(unit.program.name);
    if ([...(entry?.units.values() ?? [])].some(other => other !== unit && !isDown(other))) return;
    const path = unit.program.socket?.path;
    if (path !== undefined) sockets.release(path);
  };
  const perform = makePerform({
    ...context,
    onHopeless,
    tryOut: (unit, run, onOver) => {
      context.makeAgain();
      const { socket } = unit.program;
      if (!unit.isNext || !servesApp(unit.program) || socket === null) return null;
      // A socket that has lost its name is made anew, whatever the trial says.
      const { owner, clients } = socketRights(unit.program, host);
      sockets.unix(socket, owner, clients);
      return startTrial(unit, run, { ...context, host: () => host }, onOver);
    },
    equip: (unit, onReady) => {
      context.makeAgain();
      return equip(unit, onReady, {
        host: () => host,
        published,
        sockets,
        ...facts,
        gunicornConfiguration,
        onWorkerClass: setSync,
      });
    },
  });
  const release = releaser(sockets, () => loop.entries.values(), context.now);
  const loop = makeLoop({ perform, scale: scaleRun }, context.now, entry => {
    sleepers.follow(entry);
    release(entry);
  });
  const rightsNow = (program: Program) => socketRights(program, host);
  const sleepers = makeSleepers({ ...context, loop, rightsOf: rightsNow });
  askForHealth(loop, () => host, log, tell);
  writeDownReasons(loop, first.settings.runtimeDir);
  loop.listen((unit, before) => {
    context.words.changed(unit, before);
    updateHalfClose(unit.program);
  });

  const made = (program: Program) => madeFrom(program, host);
  const units = () => [...loop.entries.values()].flatMap(entry => currentOf(entry) ?? []);

  return {
    loop,
    sockets,
    traffic,
    upstreams,
    sleepers,
    events: context.events,
    tell,
    asker: null,
    host: () => host,
    setHost: next => {
      host = next;
      try {
        context.records.writeHost(host);
      } catch (error) {
        // The note is for the next hostd, in case it finds broken files. This hostd's work goes on without it.
        const hint = hintOf(error);
        log.error(`${messageOf(error)}${hint === undefined ? '' : `\n  try: ${hint}`}`);
        tell({ kind: 'disk-full', name: 'hostd', cause: messageOf(error) });
      }
      return context.onHost(host);
    },
    published,
    made,
    units,
    unit: name => currentOf(loop.entries.get(name)),
    allPrograms: () =>
      [...loop.entries.values()].flatMap(entry => {
        const unit = currentOf(entry) ?? [...entry.units.values()].at(-1);
        return unit?.program ?? [];
      }),
    targets: () => [...loop.entries.values()].flatMap(({ service }) => targetOf(service)?.program ?? []),
    select: name => {
      const own = (unit: Unit) => name !== 'all' || unit.program.kind !== 'proxy';
      const all = units();
      const chosen = new Set(
        select(
          all.map(unit => unit.program),
          name,
        ),
      );
      return all.filter(unit => chosen.has(unit.program) && own(unit));
    },
    adopt(program, run) {
      const definition = made(program);
      const post = (unit: Unit) => {
        unit.isSync = halfClose.isSync(program.name, run);
        for (const key of definition.sockets)
          if (!sockets.takeBack(key, run.pidfd, run.process.pid, run.sockets, rightsOf(program, host)))
            log.warn(
              { program: program.name },
              `cannot take "${key}" back from '${program.name}': it will be made anew when that has ended`,
            );
        const ended =
          program.kind === 'proxy'
            ? hearNote(host.settings, { name: program.name, run: run.number }, hearingOf(unit, facts, null))
            : null;
        attend(unit, run, context, news => {
          ended?.();
          loop.post(program.name, { kind: 'process', generation: unit.id, news });
        });
      };
      loop.post(program.name, { kind: 'adopt', definition, run: run.number }, post);
    },
    adoptKeeper(name, program, keeper) {
      const { pidfd, process: id, sockets: given } = keeper;
      const path = program.socket?.path;
      const isBack =
        path !== undefined && sockets.takeBack(path, pidfd, id.pid, given, rightsOf(program, host));
      sleepers.adoptKeeper(name, keeper, isBack ? path : null);
    },
    signal(unit, signal) {
      if (unit.run === null) return false;
      // gunicorn reads its configuration anew, or starts a second gunicorn: the workers may now be of another kind.
      if (signal === 'SIGHUP' || signal === 'SIGUSR2') setSync(unit, false);
      signalRun(unit.run, signal, false);
      return true;
    },
    killAll() {
      for (const { units } of loop.entries.values())
        for (const unit of units.values()) if (unit.run !== null) killRun(unit.run);
    },
  };
}

/** undefined: the program's user does not exist any more, so the socket has no owner. */
function rightsOf(program: Program, host: Host): SocketRights | undefined {
  try {
    return socketRights(program, host);
  } catch {
    return undefined;
  }
}

function currentOf(entry: Entry | undefined): Unit | undefined {
  const current = entry?.service.current;
  return current == null ? undefined : entry?.units.get(current.id);
}

/** The same supervisor. Its orders are known to be this asker's. */
export function askedBy(asker: Asker, supervisor: Supervisor): Supervisor {
  const { loop } = supervisor;
  return {
    ...supervisor,
    asker,
    loop: { ...loop, ask: (name, order, done, ready) => loop.ask(name, order, done, ready, asker) },
  };
}

/** Runs a command's promise to its end. An error is a fault of hostd, and goes to the log. */
export function detach(log: Logger, promise: Promise<unknown>): void {
  promise.catch(error => log.error({ err: error }, messageOf(error)));
}
