// Handles one stream of a run that passes through hostd (supervisor/dispatchers.py, POutputDispatcher).

import type { Channel, LogFile, Through } from '../../model/host.ts';
import { ownOutputOf } from '../../model/own-output.ts';
import { plainThrough } from '../../model/supervision.ts';
import type { About } from '../../protocol/events.ts';
import { decoded, reprText } from '../../words/python-repr.ts';
import type { Bus } from '../events/bus.ts';
import { stripEscapes } from './ansi.ts';
import { makeCapture, type Piece } from './capture.ts';
import type { OwnOutput } from './own-output.ts';
import { sendToSystemLog } from './system-log.ts';

export interface ChannelContext {
  readonly about: About;
  readonly channel: Channel;
  readonly pid: number;
  readonly file: LogFile;
  /** Writes the stream's log; null: it has no file. */
  readonly log: { write(data: Buffer): void } | null;
  readonly ownOutput: (fd: 1 | 2) => OwnOutput;
  readonly bus: Bus;
  readonly debug: (message: string) => void;
  /** hostd's name in the machine's log. */
  readonly ident: string;
}

export interface ChannelSink {
  /** Takes a piece. false: no more until `whenFree` is called. */
  hear(data: Buffer, whenFree: () => void): boolean;
  /** No more will come. */
  end(): void;
}

export function makeChannel(context: ChannelContext): ChannelSink {
  const { about, channel, pid, file, log, bus, debug, ident } = context;
  const through: Through = file.through ?? plainThrough;
  const clean = (data: Buffer) => (through.stripAnsi ? stripEscapes(data) : data);
  const capture = through.captureBytes > 0 ? makeCapture(through.captureBytes, clean) : null;
  const own = ownOutputOf(file.path);
  const output = own === null ? null : context.ownOutput(own);
  const name = reprText(about.process);
  const source = { ...about, channel, pid };

  const keep = (data: Buffer, whenFree: () => void): boolean => {
    log?.write(data);
    if (through.syslog) sendToSystemLog(ident, about.process, data);
    return output?.write(data, whenFree) ?? true;
  };
  const take = (piece: Piece, whenFree: () => void): boolean => {
    const { data } = piece;
    if (piece.kind === 'captured') {
      bus.emit({ kind: 'process-communication', ...source, data });
      debug(`${name} ${channel} emitted a comm event`);
      return true;
    }
    const isFree = piece.inside || keep(data, whenFree);
    if (through.echo) debug(`${name} ${channel} output:\n${decoded(data)}`);
    if (through.events) bus.emit({ kind: 'process-log', ...source, data });
    return isFree;
  };
  return {
    hear(data, whenFree) {
      if (capture === null) return take({ kind: 'output', data: clean(data), inside: false }, whenFree);
      const pieces: Piece[] = capture.feed(data);
      return pieces.map(piece => take(piece, whenFree)).every(isFree => isFree);
    },
    end() {
      // Supervisor drops this rest. Here it goes to the log, but as there no event tells of it.
      for (const piece of capture?.end() ?? [])
        if (piece.kind === 'output' && !piece.inside) keep(piece.data, () => {});
    },
  };
}
