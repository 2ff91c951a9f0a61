// Which programs sleep: watches those that may until they are idle, sends them to sleep, holds and watches their sockets meanwhile,
// and wakes them at the first connection. One that is given sleeps_with_app follows its app. What a program is to do is
// lifecycle's decision; the next hostd finds who sleeps in the records.

import { closeSync, fstatSync } from 'node:fs';
import { hintOf, messageOf } from '../../errors.ts';
import { type Generation, mayFallAsleep } from '../../lifecycle/service.ts';
import type { Program, UnixSocket } from '../../model/host.ts';
import { servesApp } from '../../model/kind.ts';
import { maySleep } from '../../model/sleep.ts';
import { native, type Watch } from '../../native/index.ts';
import type { Logger } from '../own/log.ts';
import type { Run } from '../runs/run.ts';
import { closeShared } from '../sockets/socket-identity.ts';
import type { SocketRights, Sockets } from '../sockets/sockets.ts';
import { fallAsleep } from './fall-asleep.ts';
import { type Idleness, watchIdleness } from './idleness.ts';
import { attendKeeper, type Keeper, type KeeperContext, keptProgram, startKeeper } from './keeper.ts';
import type { Entry, Loop } from './loop.ts';
import type { Made } from './unit.ts';

export interface Sleepers {
  /** Told of a service after each change. */
  follow(entry: Entry): void;
  /** Sends what begins asleep to sleep before it is started: on_demand, or what an earlier hostd says has slept. */
  bed(program: Program, since: number | null): void;
  /** Goes on with what an earlier hostd was about to send to sleep, and has been adopted. */
  bedAgain(program: Program, since: number): void;
  /** A keeper of an earlier hostd, by the name of its record, and the path of its socket, which is held again; null: it is not. */
  adoptKeeper(name: string, keeper: Run, path: string | null): void;
  /** Ends what an earlier hostd has left for a sleep that is over. */
  settle(): void;
  /** Called before hostd itself asks the program for its health, which is no visit. Call what it returns when that is over. */
  probing(program: Program): () => void;
  /** Makes the socket of a program that sleeps anew: it has lost its name. false: it does not sleep. */
  renewSocket(program: Program): boolean;
}

export interface SleepersContext extends KeeperContext {
  readonly loop: Loop;
  readonly sockets: Sockets;
  readonly log: Logger;
  /** @throws HostdError for a user that is none. */
  readonly rightsOf: (program: Program) => SocketRights;
}

/** What is known of one program. */
interface Sleeper {
  isAsleep: boolean;
  /** Unix time in milliseconds; null: it is awake. */
  since: number | null;
  /** It is being sent to sleep. */
  isGoing: boolean;
  idleness: { readonly generation: number; readonly timeout: number; readonly watch: Idleness } | null;
  socket: { readonly key: string; readonly epoll: number; readonly watch: Watch } | null;
  keeper: Keeper | null;
  /** It follows its app to sleep as soon as it can. */
  isToFollow: boolean;
  /** Path of the socket of which nobody can tell whether it is idle; that has been said. */
  unknown: string | null;
}

export function makeSleepers(context: SleepersContext): Sleepers {
  const { loop, sockets, records, log, rightsOf } = context;
  const all = new Map<string, Sleeper>();
  const of = (name: string): Sleeper => {
    const known = all.get(name);
    if (known !== undefined) return known;
    const fresh: Sleeper = {
      isAsleep: false,
      since: null,
      isGoing: false,
      idleness: null,
      socket: null,
      keeper: null,
      isToFollow: false,
      unknown: null,
    };
    all.set(name, fresh);
    return fresh;
  };

  /** Before that, what an earlier hostd has left may still be needed. */
  let isSettled = false;
  const wake = (name: string, what: string) =>
    loop.ask(
      name,
      { kind: 'wake' },
      () => {},
      () => {},
      { what, user: null },
    );
  const letGo = (sleeper: Sleeper) => {
    if (sleeper.socket === null) return;
    native.unwatch(sleeper.socket.watch);
    closeSync(sleeper.socket.epoll);
    sleeper.socket = null;
  };
  const rightsOrNone = (program: Program) => {
    try {
      return rightsOf(program);
    } catch {
      return undefined;
    }
  };
  const warn = (program: Program, what: string, error: unknown) => {
    const hint = hintOf(error);
    log.error(
      { program: program.name },
      `${program.name} ${what}: ${messageOf(error)}${hint === undefined ? '' : `\n  try: ${hint}`}`,
    );
  };

  /** From now on the socket outlives hostd. */
  const keep = ({ service }: Entry, program: Program, listener: number) => {
    const sleeper = of(program.name);
    if (sleeper.keeper?.inode === fstatSync(listener).ino) return;
    // One that is about to end still has its record and its cgroup.
    const number = Math.max(service.lastRun, (sleeper.keeper?.number ?? -1) + 1);
    sleeper.keeper?.end();
    sleeper.keeper = null;
    try {
      sleeper.keeper = startKeeper(program, number, listener, context, forget(sleeper));
    } catch (error) {
      warn(program, 'sleeps, but were hostd killed, its visitors would be refused', error);
    }
  };
  const forget = (sleeper: Sleeper) => (ended: Keeper) => {
    if (sleeper.keeper === ended) sleeper.keeper = null;
  };
  /** Once a run has the socket, or nobody is to wait in it, nobody need keep it. */
  const isKept = ({ state }: Generation<Made>) => state.kind === 'starting' && state.since === null;

  /** The socket is there, and its first connection wakes the program. */
  const attendSocket = (entry: Entry, program: Program, sleeper: Sleeper) => {
    const { name, socket } = program;
    if (socket === null || sleeper.socket?.key === socket.path) return;
    letGo(sleeper);
    try {
      const { owner, clients } = rightsOf(program);
      const listener = sockets.unix(socket, owner, clients);
      keep(entry, program, listener);
      const epoll = native.epoll(listener);
      const watch = native.watch(epoll, () => {
        letGo(sleeper);
        log.info({ program: name }, `waking ${name}: it has a visitor`);
        wake(name, 'a visitor');
      });
      sleeper.socket = { key: socket.path, epoll, watch };
    } catch (error) {
      warn(program, 'cannot sleep without its socket, and is started', error);
      wake(name, 'no socket to sleep with');
    }
  };

  /** Whoever connects from now on finds a new socket. Returns the inode of the one that the program has. */
  const divert = (entry: Entry, program: Program, socket: UnixSocket): number => {
    const run = entry.units.get(entry.service.current?.id ?? 0)?.run;
    const given = run?.sockets?.find(({ key }) => key === socket.path)?.inode;
    const held = sockets.held().get(socket.path);
    // An earlier hostd has come as far, and the keeper's socket is what visitors find.
    if (given !== undefined && held !== undefined && fstatSync(held).ino !== given) {
      keep(entry, program, held);
      return given;
    }
    const { owner, clients } = rightsOf(program);
    const former = sockets.renew(socket, owner, clients, listener => keep(entry, program, listener));
    if (former === null) return given ?? 0;
    const { ino } = fstatSync(former);
    closeShared(former);
    return ino;
  };
  const goToSleep = (entry: Entry, program: Program, since: number) => {
    const { name, socket } = program;
    const sleeper = of(name);
    if (socket === null || sleeper.isGoing) return;
    sleeper.isGoing = true;
    sleeper.since = since;
    // A hostd that is killed from here on leaves visitors in a socket that nobody serves: the next one sees to that.
    records.setAsleep(name, since);
    const end = () => {
      sleeper.isGoing = false;
      follow(entry);
    };
    try {
      fallAsleep(loop, entry, divert(entry, program, socket), end);
    } catch (error) {
      warn(program, 'stays awake', error);
      end();
    }
  };

  /** Programs that sleep with this app. */
  const followersOf = (app: Program) =>
    [...loop.entries.values()].flatMap(({ name, service }) => {
      const program = service.current?.definition.program;
      const follows = program?.sleepsWithApp === true && maySleep(program) && program.app === app.name;
      return follows ? [{ name, isAsleep: service.asleep }] : [];
    });

  const beginSleep = (program: Program, sleeper: Sleeper) => {
    sleeper.isAsleep = true;
    sleeper.isToFollow = false;
    sleeper.since ??= Date.now();
    records.setAsleep(program.name, sleeper.since);
    log.info({ program: program.name }, `${program.name} sleeps until it is needed`);
    if (!servesApp(program)) return;
    for (const { name } of followersOf(program)) {
      of(name).isToFollow = true;
      loop.post(name, { kind: 'idle' });
    }
  };

  /** It is needed again, stopped by hand, or gone. */
  const endSleep = (name: string, sleeper: Sleeper) => {
    letGo(sleeper);
    sleeper.isAsleep = false;
    if (sleeper.since === null) return;
    sleeper.since = null;
    records.setAsleep(name, null);
  };

  const wakeFollowers = (program: Program) => {
    for (const { name, isAsleep } of followersOf(program)) {
      of(name).isToFollow = false;
      if (isAsleep) wake(name, `${program.name} is awake`);
    }
  };

  const watchAwake = (entry: Entry, program: Program, sleeper: Sleeper) => {
    const { current, next } = entry.service;
    const timeout = program.idleTimeout ?? null;
    const mayWatch =
      current?.state.kind === 'running' && next === null && timeout !== null && program.socket !== null;
    const { idleness } = sleeper;
    if (idleness !== null && mayWatch && idleness.generation === current.id && idleness.timeout === timeout)
      return;
    idleness?.watch.end();
    sleeper.idleness = null;
    if (!mayWatch || sleeper.isGoing || sleeper.unknown === program.socket.path) return;
    try {
      sleeper.unknown = null;
      const watch = watchIdleness(sockets, program.socket, rightsOf(program).owner, timeout, {
        onIdle: since => {
          sleeper.idleness = null;
          // A command about it may be under way: its visitors are not to meet a new socket that nobody serves.
          if (mayFallAsleep(entry.service)) goToSleep(entry, program, since);
          else watchAwake(entry, program, sleeper);
        },
        onUnknown: () => sayUnknown(program, sleeper),
      });
      if (sleeper.unknown === null) sleeper.idleness = { generation: current.id, timeout, watch };
    } catch (error) {
      warn(program, 'stays awake', error);
    }
  };
  const sayUnknown = (program: Program, sleeper: Sleeper) => {
    const { name, socket } = program;
    sleeper.unknown = socket?.path ?? null;
    log.error(
      { program: name },
      `${name} stays awake: the file system of "${socket?.path}" does not tell when somebody connects (noatime, or overlayfs)\n  try: socket = "/run/${program.app}.sock"`,
    );
  };

  function follow(entry: Entry): void {
    const { name, service } = entry;
    const current = service.current;
    const program = (service.heir ?? current)?.definition.program;
    if (current === null || program === undefined || service.removing) {
      const sleeper = all.get(name);
      if (sleeper === undefined) return;
      sleeper.idleness?.watch.end();
      sleeper.keeper?.end();
      endSleep(name, sleeper);
      all.delete(name);
      return;
    }
    if (!maySleep(program) && !all.has(name)) return;
    const sleeper = of(name);
    if (service.asleep) {
      if (!sleeper.isAsleep) beginSleep(program, sleeper);
      attendSocket(entry, program, sleeper);
      if (!maySleep(program)) wake(name, 'it may sleep no more');
    } else if (!sleeper.isGoing) {
      endSleep(name, sleeper);
      if (isSettled && !isKept(current)) sleeper.keeper?.end();
      watchAwake(entry, program, sleeper);
      if (sleeper.isToFollow && current.state.kind === 'running') loop.post(name, { kind: 'idle' });
      if (servesApp(program) && service.wanted === 'up') wakeFollowers(program);
    }
    const unit = entry.units.get(current.id);
    if (unit !== undefined) unit.asleepSince = sleeper.isAsleep ? sleeper.since : null;
  }

  return {
    follow,
    bed(program, since) {
      if (since !== null) {
        of(program.name).since = since;
        if (program.socket !== null) sockets.inherit(program.socket.path, rightsOrNone(program));
      }
      loop.post(program.name, { kind: 'idle' });
    },
    bedAgain(program, since) {
      const entry = loop.entries.get(program.name);
      if (entry !== undefined) goToSleep(entry, program, since);
    },
    adoptKeeper(name, run, path) {
      const fd = path === null ? undefined : sockets.held().get(path);
      const sleeper = of(keptProgram(name));
      const keeper = attendKeeper(
        name,
        run,
        fd === undefined ? 0 : fstatSync(fd).ino,
        context,
        forget(sleeper),
      );
      sleeper.keeper = keeper;
      if (fd === undefined) keeper.end();
    },
    settle() {
      isSettled = true;
      for (const [name, { keeper }] of all) {
        const entry = loop.entries.get(name);
        if (entry === undefined) keeper?.end();
        else follow(entry);
      }
    },
    probing(program) {
      const { idleness = null } = all.get(program.name) ?? {};
      return idleness === null ? () => {} : idleness.watch.interrupt();
    },
    renewSocket(program) {
      const [sleeper, entry] = [all.get(program.name), loop.entries.get(program.name)];
      if (sleeper?.isAsleep !== true || entry === undefined) return false;
      letGo(sleeper);
      attendSocket(entry, program, sleeper);
      return true;
    },
  };
}
