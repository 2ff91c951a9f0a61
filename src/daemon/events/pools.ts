// All pools of event listeners. They hear the bus, and each listener's run joins its pool here.

import { aboutOf } from '../../model/about.ts';
import type { EventName } from '../../model/event-names.ts';
import type { Program } from '../../model/host.ts';
import type { Event } from '../../protocol/events.ts';
import { includes } from '../../protocol/events.ts';
import type { Unit } from '../fleet/unit.ts';
import type { Logger } from '../own/log.ts';
import type { Run } from '../runs/run.ts';
import type { Bus } from './bus.ts';
import { type ListenerInput, makeListenerInput } from './listener-input.ts';
import { newParser, sent } from './listener-protocol.ts';
import type { Note, Notes } from './notes.ts';
import { messageOf } from './payload.ts';
import { answersInTime, type Member, Pool } from './pool.ts';
import { makeTicks } from './ticks.ts';

export interface Pools {
  /** Makes the pool of a configured listener, or changes it. */
  keep(program: Program): void;
  /** Removes the pool of this group. */
  drop(group: string): void;
  attach(unit: Unit, run: Run): void;
  /** Handles what a listener's run has written to its standard output. */
  hear(run: Run, data: Buffer): void;
  /** The run has ended, and its output has been handled to the end. */
  detach(run: Run): void;
  /** The state of a listener's program has changed. */
  changed(unit: Unit): void;
  /** Whether an event of this name may come now. false: `whenFree` is called when it is to be asked again, which is soon. */
  hasRoom(name: EventName, whenFree: () => void): boolean;
  /** Resolves when the listeners have dealt with all events, or after `ms` milliseconds. */
  rest(ms: number): Promise<void>;
}

export interface PoolsContext {
  readonly bus: Bus;
  readonly log: Logger;
  readonly notes: Notes;
  /** The server's name in an event's header: Supervisor's "identifier". */
  readonly server: () => string;
  /** Starts a listener again that was left in the middle of an event. */
  readonly restart: (name: string) => void;
}

interface Joined {
  readonly pool: Pool;
  readonly member: Member;
  readonly input: ListenerInput | null;
  readonly note: Note;
}

export function makePools({ bus, log, notes, server, restart }: PoolsContext): Pools {
  const pools = new Map<string, Pool>();
  const joined = new Map<Run, Joined>();
  const ticks = makeTicks(bus);
  let serial = -1;
  const nextSerial = () => {
    serial = serial === Number.MAX_SAFE_INTEGER ? 0 : serial + 1;
    return serial;
  };
  const setTicks = () =>
    ticks.set(period =>
      [...pools.values()].some(pool => pool.wants(wanted => includes(wanted, `TICK_${period}`))),
    );
  bus.listen((event: Event) => {
    if (pools.size === 0) return;
    const item = { event, serial: null, poolSerials: new Map<string, number>() };
    for (const pool of pools.values()) pool.offer(item);
  });
  const whenIdle = new Set<() => void>();
  const tellIdle = () => {
    if (whenIdle.size === 0 || [...pools.values()].some(pool => pool.isBusy)) return;
    const told = [...whenIdle];
    whenIdle.clear();
    for (const tell of told) tell();
  };
  const held = new Set<() => void>();
  let heldTimer: NodeJS.Timeout | undefined;
  const release = () => {
    clearTimeout(heldTimer);
    heldTimer = undefined;
    const free = [...held];
    held.clear();
    for (const tell of free) tell();
  };
  const keep = ({ group, listener }: Program) => {
    if (listener === null) return;
    const known = pools.get(group);
    if (known !== undefined) known.listener = listener;
    else {
      const pool = new Pool(group, listener, nextSerial, {
        debug: message => {
          if (log.isLevelEnabled('debug')) log.debug(message());
        },
        warn: message => log.warn(message),
        error: message => log.error(message),
      });
      pools.set(group, pool);
    }
    setTicks();
  };
  return {
    keep,
    drop(group) {
      pools.delete(group);
      setTicks();
    },
    attach(unit, run) {
      const { program } = unit;
      // An adopted listener is attended to before anything is told of it.
      keep(program);
      const pool = pools.get(program.group);
      if (pool === undefined) return;
      const isAdopted = run.status === null;
      const before = isAdopted ? notes.read(program.name, run.number) : newParser;
      const note = notes.open(program.name, run.number);
      const write = () => note.write(member.parser, input?.isBehind !== true);
      const { stdin } = run.ends;
      const input = stdin === null ? null : makeListenerInput(stdin, write);
      const member: Member = {
        name: aboutOf(program).process,
        parser: newParser,
        item: null,
        listens: before !== null && before.state !== 'ACKNOWLEDGED',
        isUp: () => unit.run === run && unit.state.kind === 'running',
        send: (item, poolSerial) => {
          const envelope = { server: server(), pool: pool.name, serial: item.serial ?? 0, poolSerial };
          // A hostd that finds this note cannot tell whether the event has been sent.
          note.write(member.parser, false);
          const isSent = input?.write(messageOf(item.event, envelope)) ?? false;
          note.write(isSent ? sent(member.parser) : member.parser, input?.isBehind !== true);
          return isSent;
        },
      };
      pool.members.push(member);
      pool.members.sort((a, b) => (a.name < b.name ? -1 : 1));
      joined.set(run, { pool, member, input, note });
      pool.begin(member, before ?? newParser);
      write();
      if (before !== null) return;
      log.warn(
        { program: program.name },
        `${program.name}: was in the middle of an event when hostd ended: started again`,
      );
      restart(program.name);
    },
    hear(run, data) {
      const one = joined.get(run);
      if (one === undefined) return;
      one.pool.hear(one.member, data, () => one.note.write(one.member.parser, one.input?.isBehind !== true));
      release();
      tellIdle();
    },
    detach(run) {
      const one = joined.get(run);
      if (one === undefined) return;
      joined.delete(run);
      setImmediate(tellIdle);
      one.pool.members = one.pool.members.filter(member => member !== one.member);
      one.input?.close();
      one.note.close();
      one.pool.end(one.member);
    },
    hasRoom(name, whenFree) {
      let isFilling = false;
      for (const pool of pools.values())
        isFilling ||= pool.isFilling && pool.wants(wanted => includes(wanted, name));
      if (!isFilling) return true;
      held.add(whenFree);
      heldTimer ??= setTimeout(release, answersInTime);
      return false;
    },
    rest(ms) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      whenIdle.add(() => {
        clearTimeout(timer);
        resolve();
      });
      tellIdle();
      return promise;
    },
    changed(unit) {
      if (unit.state.kind !== 'running') return;
      pools.get(unit.program.group)?.dispatch();
    },
  };
}
