// One caller's way to root, as the methods use it: what may be asked, and how it is refused.

import type { AskKind, Asks, FaultName, Hears, Mood } from '../protocol/rpc.ts';

/** Facts about hostd itself. */
export interface About {
  readonly pid: number;
  readonly mood: Mood;
  readonly identification: string;
  /** The names of Supervisor's own interface; absent: "supervisor". */
  readonly interfaces?: readonly string[];
  /** What hostd's log tells of clients; absent: nothing. */
  readonly hears?: Hears;
}

export interface Session {
  readonly about: () => About;
  /** @throws RootFault */
  ask<K extends AskKind>(kind: K, ask: Asks[K]['ask']): Promise<Asks[K]['reply']>;
  /** Unix time in milliseconds. */
  now(): number;
}

/** A refusal of root's. */
export class RootFault extends Error {
  readonly fault: FaultName;
  readonly extra: string | null;
  constructor(fault: FaultName, extra: string | null) {
    super(fault);
    this.fault = fault;
    this.extra = extra;
  }
}
