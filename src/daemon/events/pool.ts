// The listeners of one pool and the events that wait for them (supervisor/process.py, EventListenerPool): which listener gets which
// event, which events are dropped, and what is logged. Knows no process and no pipe: `send` is given by the caller.

import type { Listener } from '../../model/host.ts';
import { type Event, includes, nameOfEvent } from '../../protocol/events.ts';
import { decoded, reprBytes, reprText } from '../../words/python-repr.ts';
import { type Heard, hear, newParser, type Parser, sent } from './listener-protocol.ts';

/** An event for the pools that want it. The first pool gives it its serial number. */
export interface Item {
  readonly event: Event;
  serial: number | null;
  readonly poolSerials: Map<string, number>;
}

/** One listener. */
export interface Member {
  /** The process's name. */
  readonly name: string;
  parser: Parser;
  /** The event that the listener was sent and has not dealt with. */
  item: Item | null;
  /** The program has said READY, so it really is a listener. */
  listens: boolean;
  /** Its program is RUNNING. */
  isUp(): boolean;
  /** Writes to the listener's standard input. false: the listener has closed it. */
  send(item: Item, poolSerial: number): boolean;
}

export interface PoolLog {
  /** `message` is made only where it is wanted. */
  debug(message: () => string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Lines a second about dropped events: a flood of events must not flood the log. */
const mostComplaints = 20;

/** Milliseconds in which a listener that is at work answers. Output does not wait for a slower one. */
export const answersInTime = 200;

export class Pool {
  readonly name: string;
  listener: Listener;
  /** In the order of the processes. */
  members: Member[] = [];
  readonly #log: PoolLog;
  readonly #nextSerial: () => number;
  readonly #buffer: Item[] = [];
  #serial = -1;
  #complaints = { second: 0, count: 0 };
  #movedAt = Number.NEGATIVE_INFINITY;

  /** `nextSerial` counts the events of all pools. */
  constructor(name: string, listener: Listener, nextSerial: () => number, log: PoolLog) {
    this.name = name;
    this.listener = listener;
    this.#nextSerial = nextSerial;
    this.#log = log;
  }

  get waiting(): number {
    return this.#buffer.length;
  }

  /** Whether a listener is at work, or is about to be sent an event that waits. */
  get isBusy(): boolean {
    return this.members.some(
      ({ listens, parser, isUp }) =>
        listens &&
        isUp() &&
        (parser.state === 'BUSY' || (parser.state === 'ACKNOWLEDGED' && this.waiting > 0)),
    );
  }

  /** Whether many events wait and a listener that answers in time is at work: who can wait had better, so that none is dropped. */
  get isFilling(): boolean {
    return (
      this.#buffer.length * 2 >= this.listener.bufferSize &&
      performance.now() - this.#movedAt < answersInTime &&
      // It has READY still to say, when it has answered.
      this.members.some(
        ({ listens, parser }) => listens && (parser.state === 'BUSY' || parser.state === 'ACKNOWLEDGED'),
      )
    );
  }

  /** Queues an event, once for each of the pool's subscriptions that includes it. */
  offer(item: Item): void {
    const name = nameOfEvent(item.event);
    for (const wanted of this.listener.events) if (includes(wanted, name)) this.#accept(item, false);
    this.dispatch();
  }

  wants(test: (wanted: string) => boolean): boolean {
    return this.listener.events.some(test);
  }

  /** Handles what a listener says. `heardIt` is called before anything follows from it. */
  hear(member: Member, data: Buffer, heardIt: () => void): void {
    this.#movedAt = performance.now();
    this.#log.debug(() => `${reprText(member.name)} stdout output:\n${reprBytes(data)}`);
    const { parser, heard } = hear(member.parser, data);
    member.parser = parser;
    heardIt();
    for (const word of heard) {
      this.#take(member, word);
      // The next state is logged first.
      if (word.kind === 'state' && member.item !== null && word.from === 'BUSY') this.#reject(member);
    }
    this.dispatch();
  }

  /** A listener begins anew, or where an earlier hostd has left it. */
  begin(member: Member, parser: Parser = newParser): void {
    member.parser = parser;
    member.item = null;
    this.dispatch();
  }

  /** A listener has ended. The event that it had not dealt with goes to another listener, or to its next run. */
  end(member: Member): void {
    this.#reject(member);
    member.parser = newParser;
  }

  /** Sends the oldest events to listeners that are ready. */
  dispatch(): void {
    if (!this.members.some(member => member.parser.state === 'READY' && member.isUp())) return;
    for (let item = this.#buffer.shift(); item !== undefined; item = this.#buffer.shift()) {
      if (this.#send(item)) continue;
      this.#accept(item, true);
      return;
    }
  }

  #send(item: Item): boolean {
    const poolSerial = item.poolSerials.get(this.name) ?? 0;
    for (const member of this.members) {
      if (member.parser.state !== 'READY' || !member.isUp()) continue;
      if (!member.send(item, poolSerial)) {
        this.#log.debug(
          () =>
            `epipe occurred while sending event ${item.serial} to listener ${member.name}, listener state unchanged`,
        );
        continue;
      }
      member.parser = sent(member.parser);
      this.#movedAt = performance.now();
      member.item = item;
      this.#log.debug(() => `event ${item.serial} sent to listener ${member.name}`);
      return true;
    }
    return false;
  }

  #accept(item: Item, atHead: boolean): void {
    item.serial ??= this.#nextSerial();
    const size = this.#buffer.length;
    const { bufferSize } = this.listener;
    if (!item.poolSerials.has(this.name)) {
      this.#serial += 1;
      item.poolSerials.set(this.name, this.#serial);
    } else
      this.#log.debug(
        () => `rebuffering event ${item.serial} for pool ${this.name} (buf size=${size}, max=${bufferSize})`,
      );
    if (size >= bufferSize) {
      const dropped = this.#buffer.shift();
      if (dropped !== undefined) this.#complain(dropped);
    }
    if (atHead) this.#buffer.unshift(item);
    else this.#buffer.push(item);
  }

  #complain(dropped: Item): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#complaints.second) this.#complaints = { second, count: 0 };
    this.#complaints.count += 1;
    if (this.#complaints.count <= mostComplaints)
      this.#log.error(`pool ${this.name} event buffer overflowed, discarding event ${dropped.serial}`);
  }

  #take(member: Member, word: Heard): void {
    const { name } = member;
    switch (word.kind) {
      case 'accepted':
        this.#log.debug(() => `${name}: event was processed`);
        member.item = null;
        return;
      case 'rejected':
        this.#log.warn(`${name}: event was rejected`);
        return;
      case 'bad-result':
        this.#log.warn(`${name}: bad result line: '${decoded(word.line)}'`);
        return;
      case 'state':
        this.#log.debug(() => `${name}: ${word.from} -> ${word.to}`);
        if (word.to === 'READY') member.listens = true;
        if (word.to === 'UNKNOWN')
          this.#log.warn(
            `${name}: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol`,
          );
    }
  }

  #reject(member: Member): void {
    const { item } = member;
    member.item = null;
    if (item !== null) this.#accept(item, true);
  }
}
