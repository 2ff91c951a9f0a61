// All output of runs that passes through hostd: which stream of which run is read, and where it goes.

import type { Owner } from '../../linux/paths.ts';
import { aboutOf } from '../../model/about.ts';
import type { Channel, Program } from '../../model/host.ts';
import { ownOutputOf } from '../../model/own-output.ts';
import { usualLog } from '../../model/supervision.ts';
import type { Bus } from '../events/bus.ts';
import type { Pools } from '../events/pools.ts';
import type { Unit } from '../fleet/unit.ts';
import type { KeptLog } from '../logs/kept-log.ts';
import type { Logger } from '../own/log.ts';
import { logOwnerOf } from '../runs/launch.ts';
import type { Pipes } from '../runs/pipes.ts';
import type { Run } from '../runs/run.ts';
import { type ChannelSink, makeChannel } from './channel.ts';
import { WrittenLog } from './log-file.ts';
import { makeOwnOutput, type OwnOutput } from './own-output.ts';
import { type Reader, readPipe } from './reader.ts';

export interface Outputs {
  attach(unit: Unit, run: Run): void;
  /** The run has ended. When this returns, everything that the run has written has been handled. */
  detach(run: Run): void;
  /** The logs of live runs that hostd writes. */
  logs(): readonly KeptLog[];
}

export interface OutputsContext {
  readonly bus: Bus;
  readonly pools: Pools;
  readonly pipes: Pipes;
  readonly log: Logger;
  /** hostd's name in the machine's log. */
  readonly ident: string;
}

/** An owner without files. */
const nobody: Owner = { uid: 65_534, gid: 65_534 };

interface Attached {
  readonly name: string;
  readonly streams: readonly {
    readonly reader: Reader;
    readonly sink: ChannelSink;
    readonly path: string | null;
  }[];
}

export function makeOutputs({ bus, pools, pipes, log, ident }: OutputsContext): Outputs {
  const attached = new Map<Run, Attached>();
  const written = makeShared();
  const ownOutputs = new Map<number, OwnOutput>();
  const ownOutput = (fd: 1 | 2): OwnOutput => {
    const output = ownOutputs.get(fd) ?? makeOwnOutput(fd);
    ownOutputs.set(fd, output);
    return output;
  };

  const open = (unit: Unit, run: Run, channel: Channel) => {
    const fd = run.ends[channel];
    if (fd === null) return [];
    const { program } = unit;
    const file = program[channel] ?? { path: null, ...usualLog };
    const path = ownOutputOf(file.path) === null ? file.path : null;
    const writes =
      path === null ? null : written.open(path, () => writtenLog(path, unit, program, channel, log));
    const sink: ChannelSink =
      program.kind === 'listener' && channel === 'stdout'
        ? { hear: data => hearListener(run, data, writes), end: () => {} }
        : makeChannel({
            about: { program: program.name, ...aboutOf(program) },
            channel,
            pid: run.process.pid,
            file,
            log: writes,
            ownOutput,
            bus,
            debug: message => log.debug(message),
            ident,
          });
    const resume = () => reader.resume();
    const event = channel === 'stdout' ? 'PROCESS_LOG_STDOUT' : 'PROCESS_LOG_STDERR';
    const mayRead = () => file.through?.events !== true || pools.hasRoom(event, resume);
    const reader = readPipe(fd, data => sink.hear(data, resume), mayRead);
    return [{ reader, sink, path }];
  };
  const hearListener = (run: Run, data: Buffer, writes: WrittenLog | null): boolean => {
    writes?.write(data);
    pools.hear(run, data);
    return true;
  };

  return {
    attach(unit, run) {
      if (unit.program.listener !== null) pools.attach(unit, run);
      const streams = [...open(unit, run, 'stdout'), ...open(unit, run, 'stderr')];
      if (streams.length > 0 || run.ends.stdin !== null)
        attached.set(run, { name: unit.program.name, streams });
    },
    detach(run) {
      const one = attached.get(run);
      if (one === undefined) return;
      attached.delete(run);
      for (const { reader, sink, path } of one.streams) {
        reader.finish();
        sink.end();
        if (path !== null) written.close(path);
      }
      pools.detach(run);
      pipes.remove(one.name, run.number);
    },
    logs: () => written.all(),
  };
}

function writtenLog(path: string, unit: Unit, program: Program, channel: Channel, log: Logger): WrittenLog {
  const { name } = program;
  return new WrittenLog(path, {
    name,
    owner: ownerOf(program),
    mode: program.supervisord === undefined ? 0o600 : 0o666,
    rules: () => unit.program[channel] ?? usualLog,
    warn: message => log.warn({ program: name }, message),
  });
}

/** The program's user, or nobody where the user was removed while the program runs. */
function ownerOf(program: Program): Owner {
  try {
    return logOwnerOf(program);
  } catch {
    return nobody;
  }
}

/** Two streams may share a log. Then one object writes and rotates it. */
function makeShared() {
  const logs = new Map<string, { readonly log: WrittenLog; users: number }>();
  return {
    open(path: string, make: () => WrittenLog): WrittenLog {
      const one = logs.get(path) ?? { log: make(), users: 0 };
      one.users += 1;
      logs.set(path, one);
      return one.log;
    },
    close(path: string): void {
      const one = logs.get(path);
      if (one === undefined) return;
      one.users -= 1;
      if (one.users > 0) return;
      logs.delete(path);
      one.log.close();
    },
    all: () => [...logs.values()].map(({ log }) => log),
  };
}
