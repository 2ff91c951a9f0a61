// Starts hostd-metrics, which answers Prometheus, and gives it a sample when it asks for one. It can ask for nothing else.

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { messageOf } from '../../errors.ts';
import type { Host, MetricsListener } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { freshFor, question } from '../../protocol/metrics.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { startOwn } from '../own-process.ts';
import { leastUser, makeOwnServer, type OpenListener, openOwnLog, type Serving } from '../own-server.ts';
import { readLines } from '../proxies/lines.ts';
import type { Samples } from '../samples/sample.ts';
import type { SocketNames } from '../sockets/names.ts';
import type { Sockets } from '../sockets/sockets.ts';

const title = 'hostd-metrics';

export interface MetricsContext {
  readonly sockets: Sockets;
  readonly names: SocketNames;
  readonly log: Logger;
  readonly tell: Tell;
  readonly samples: Samples;
}

export interface Metrics {
  /** Serves metrics as the host says. Does nothing where they are served so already. Returns what cannot be served, and why. */
  keep(host: Host): readonly string[];
}

export function makeMetrics(context: MetricsContext): Metrics {
  const { sockets, names, log, tell } = context;
  return makeOwnServer<MetricsListener, Serving>({
    title,
    clients: 'metrics',
    sockets,
    names,
    log,
    tell,
    wanted: ({ settings }) => (settings.metrics === null ? [] : [settings.metrics]),
    start: (host, listeners, ended) => start(host, listeners, context, ended),
    rests: false,
    tellEnd: cause => tell({ kind: 'metrics-restart', name: 'hostd', cause }),
  });
}

function start(
  host: Host,
  listeners: readonly OpenListener<MetricsListener>[],
  { log, samples }: MetricsContext,
  ended: (why: string | null) => void,
): Serving {
  const [asksRead, asksWrite] = native.pipe();
  const [answersRead, answersWrite] = native.pipe();
  const close = [asksWrite, answersRead];
  try {
    const stderr = openOwnLog(host, 'metrics.log', title, log);
    if (stderr !== null) close.push(stderr);
    const given = {
      user: leastUser(host),
      runtimeDir: host.settings.runtimeDir,
      env: [],
      fds: [asksWrite, answersRead, ...listeners.map(({ fd }) => fd)],
      stderr,
    };
    const child = startOwn('metrics', given, ended);
    const channel = answerAsks(asksRead, answersWrite, samples, why => {
      log.error(`${title} is ended: ${why}`);
      child.kill();
    });
    return { process: child, close: channel };
  } catch (error) {
    closeSync(asksRead);
    closeSync(answersWrite);
    throw error;
  } finally {
    for (const fd of close) closeSync(fd);
  }
}

/**
 * Answers one question after the other, at most twice while a sample is fresh. `onFault` is called when it cannot go on. Returns a function that
 * closes the channel.
 */
function answerAsks(
  asks: number,
  answers: number,
  samples: Samples,
  onFault: (why: string) => void,
): () => void {
  const out = new Socket({ fd: answers, readable: false, writable: true });
  let next = 0;
  let isBusy = false;
  let isClosed = false;
  const answer = async () => {
    const pause = next - performance.now();
    if (pause > 0) await new Promise(resolve => setTimeout(resolve, pause));
    next = performance.now() + freshFor / 2;
    const sample = await samples.take(false);
    if (out.writable) out.write(`${JSON.stringify(sample)}\n`);
  };
  const accept = (line: string): boolean => {
    if (isClosed) return false;
    // It has not read what it was told, or asks before it could have: it may wait.
    if (line !== question || isBusy || out.writableLength > 0) {
      onFault('it says what it may not');
      return false;
    }
    isBusy = true;
    answer().then(
      () => {
        isBusy = false;
      },
      error => onFault(messageOf(error)),
    );
    return true;
  };
  readLines(asks, question.length, accept);
  out.on('error', () => {});
  out.unref();
  return () => {
    isClosed = true;
    out.destroy();
  };
}
