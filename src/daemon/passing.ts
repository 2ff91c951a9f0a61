// Puts together what passes through hostd: the bus of events, the pools of listeners, the runs' FIFOs and the handling of their output.

import { messageOf } from '../errors.ts';
import { type Bus, makeBus } from './events/bus.ts';
import { makeNotes } from './events/notes.ts';
import { makePools, type Pools } from './events/pools.ts';
import { tellOfPrograms } from './events/program-events.ts';
import type { Loop } from './fleet/loop.ts';
import { makeOutputs, type Outputs } from './output/outputs.ts';
import type { Logger } from './own/log.ts';
import { makePipes, type Pipes } from './runs/pipes.ts';

export interface Passing {
  readonly events: Bus;
  readonly pools: Pools;
  readonly pipes: Pipes;
  readonly outputs: Outputs;
  /** Called once, before any program is adopted or made. */
  follow(loop: Loop): void;
}

export interface PassingOptions {
  /** The directory of the FIFOs (own/own-files.ts). */
  readonly directory: string;
  /** Supervisor's "identifier": the server's name in what listeners are sent. */
  readonly identifier: () => string;
  /** hostd's name in the machine's log. */
  readonly ident: string;
  readonly log: Logger;
}

export function makePassing({ directory, identifier, ident, log }: PassingOptions): Passing {
  let followed: Loop | null = null;
  const events = makeBus(error => log.error({ err: error }, messageOf(error)));
  const pipes = makePipes(directory);
  const pools = makePools({
    bus: events,
    log,
    notes: makeNotes(directory),
    server: identifier,
    restart: name => void followed?.ask(name, { kind: 'restart' }, () => {}),
  });
  const outputs = makeOutputs({ bus: events, pools, pipes, log, ident });
  return {
    events,
    pools,
    pipes,
    outputs,
    follow(loop) {
      followed = loop;
      tellOfPrograms(loop, events, pools);
    },
  };
}
