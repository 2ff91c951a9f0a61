// Which programs sleep: sends those to sleep that have been idle (awake-watch.ts), lets their visitors wait (waiting-room.ts), and wakes
// them at the first one. One that is given sleeps_with_app follows its app. What a program is to do is lifecycle's decision; the next
// hostd finds who sleeps in the records.

import { hintOf, messageOf } from '../../errors.ts';
import { mayFallAsleep } from '../../lifecycle/service.ts';
import type { Program } from '../../model/host.ts';
import { servesApp } from '../../model/kind.ts';
import { maySleep } from '../../model/sleep.ts';
import type { Logger } from '../own/log.ts';
import type { Run } from '../runs/run.ts';
import type { SocketRights, Sockets } from '../sockets/sockets.ts';
import { type AwakeWatch, makeAwakeWatch } from './awake-watch.ts';
import { fallAsleep } from './fall-asleep.ts';
import { type KeeperContext, keptProgram } from './keeper.ts';
import type { Entry, Loop } from './loop.ts';
import { isKept, makeWaitingRoom, type WaitingRoom } from './waiting-room.ts';

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
  /**
   * Called before hostd itself asks the program for its health, which is no visit. Call what it returns when that is over. null: it is
   * about to sleep, and the question would wake it.
   */
  probing(program: Program): (() => void) | null;
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
  /** It follows its app to sleep as soon as it can. */
  isToFollow: boolean;
  readonly watch: AwakeWatch;
  readonly room: WaitingRoom;
}

export function makeSleepers(context: SleepersContext): Sleepers {
  const { loop, sockets, records, log, rightsOf } = context;
  const all = new Map<string, Sleeper>();
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
  const complain = (program: Program, what: string, error: unknown) => {
    const hint = hintOf(error);
    log.error(
      { program: program.name },
      `${program.name} ${what}: ${messageOf(error)}${hint === undefined ? '' : `\n  try: ${hint}`}`,
    );
  };
  const rightsOrNone = (program: Program) => {
    try {
      return rightsOf(program);
    } catch {
      return undefined;
    }
  };
  const roomContext = {
    ...context,
    complain,
    onVisitor({ name }: Program) {
      log.info({ program: name }, `waking ${name}: it has a visitor`);
      wake(name, 'a visitor');
    },
    onNoSocket: ({ name }: Program) => wake(name, 'no socket to sleep with'),
  };
  const onIdle = (program: Program, since: number) => {
    const entry = loop.entries.get(program.name);
    if (entry === undefined) return;
    // A command about it may be under way: its visitors are not to meet a new socket that nobody serves.
    if (mayFallAsleep(entry.service)) goToSleep(entry, program, since);
    else watchAwake(entry, program);
  };
  const of = (name: string): Sleeper => {
    const known = all.get(name);
    if (known !== undefined) return known;
    const fresh: Sleeper = {
      isAsleep: false,
      since: null,
      isGoing: false,
      isToFollow: false,
      watch: makeAwakeWatch(context, onIdle),
      room: makeWaitingRoom(roomContext),
    };
    all.set(name, fresh);
    return fresh;
  };

  const watchAwake = ({ service }: Entry, program: Program) => {
    const { watch, isGoing } = of(program.name);
    watch.follow(service, program, !isGoing);
  };

  const goToSleep = (entry: Entry, program: Program, since: number) => {
    const { name, socket } = program;
    const sleeper = of(name);
    if (socket === null || sleeper.isGoing) return;
    sleeper.isGoing = true;
    sleeper.since = since;
    const end = () => {
      sleeper.isGoing = false;
      follow(entry);
    };
    try {
      // A hostd that is killed from here on leaves visitors in a socket that nobody serves: the next one sees to that.
      records.setAsleep(name, since);
      fallAsleep(loop, entry, sleeper.room.divert(entry, program, socket), end);
    } catch (error) {
      complain(program, 'stays awake', error);
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
    try {
      records.setAsleep(program.name, sleeper.since);
    } catch (error) {
      complain(program, 'sleeps, but were hostd killed, the next one would start it', error);
    }
    log.info({ program: program.name }, `${program.name} sleeps until it is needed`);
    if (!servesApp(program)) return;
    for (const { name } of followersOf(program)) {
      of(name).isToFollow = true;
      loop.post(name, { kind: 'idle' });
    }
  };

  /** It is needed again, stopped by hand, or gone. */
  const endSleep = (name: string, sleeper: Sleeper) => {
    sleeper.room.close();
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

  function follow(entry: Entry): void {
    const { name, service } = entry;
    const current = service.current;
    const program = (service.heir ?? current)?.definition.program;
    if (current === null || program === undefined || service.removing) {
      const sleeper = all.get(name);
      if (sleeper === undefined) return;
      sleeper.watch.end();
      sleeper.room.endKeeper();
      endSleep(name, sleeper);
      all.delete(name);
      return;
    }
    if (!maySleep(program) && !all.has(name)) return;
    const sleeper = of(name);
    if (service.asleep) {
      if (!sleeper.isAsleep) beginSleep(program, sleeper);
      sleeper.room.open(entry, program);
      if (!maySleep(program)) wake(name, 'it may sleep no more');
    } else if (!sleeper.isGoing) {
      endSleep(name, sleeper);
      if (isSettled && !isKept(current)) sleeper.room.endKeeper();
      watchAwake(entry, program);
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
      of(keptProgram(name)).room.adopt(name, run, fd);
    },
    settle() {
      isSettled = true;
      for (const [name, { room }] of all) {
        const entry = loop.entries.get(name);
        if (entry === undefined) room.endKeeper();
        else follow(entry);
      }
    },
    probing({ name }) {
      const sleeper = all.get(name);
      if (sleeper === undefined) return () => {};
      return sleeper.isGoing ? null : sleeper.watch.interrupt();
    },
    renewSocket(program) {
      const [sleeper, entry] = [all.get(program.name), loop.entries.get(program.name)];
      if (sleeper?.isAsleep !== true || entry === undefined) return false;
      sleeper.room.close();
      sleeper.room.open(entry, program);
      return true;
    },
  };
}
