// A bounded load: some clients, each with one request after the other, and what became of every request.
// For loopback and unix sockets only.

import { Agent, request } from 'node:http';

export interface LoadOptions {
  /** 127.0.0.1:PORT, or a unix socket. */
  readonly to: { readonly port: number } | { readonly socketPath: string };
  /** Host header. */
  readonly host: string;
  readonly path?: string;
  readonly clients?: number;
  /** Milliseconds until the load ends by itself; at most 60 s. */
  readonly atMost?: number;
  /** One connection for many requests. false: one for each, with which a refused connection shows best. */
  readonly keepAlive?: boolean;
  /** Milliseconds that a client pauses between requests, 10 where it is not said: what comes without a pause takes all processors. */
  readonly pause?: number;
}

export interface LoadReport {
  readonly requests: number;
  readonly ok: number;
  /** Nobody listened: ECONNREFUSED, or ENOENT for a unix socket, or EAGAIN for its full backlog. */
  readonly refused: number;
  /** The connection ended before the whole answer was there. */
  readonly reset: number;
  /** Answers other than 200, by status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Other errors, by code. */
  readonly other: Readonly<Record<string, number>>;
  readonly longestMs: number;
  readonly seconds: number;
}

export interface Load {
  /** Lets every client finish its present request, and reports. */
  stop(): Promise<LoadReport>;
  /** The counts so far. */
  readonly report: () => LoadReport;
}

const refusals = new Set(['ECONNREFUSED', 'ENOENT', 'EAGAIN']);
const resets = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/** Starts the clients; the load ends at `stop()` or after `atMost`. */
export function startLoad(options: LoadOptions): Load {
  const { clients = 4, atMost = 20_000, keepAlive = false, pause = 10 } = options;
  const agent = new Agent({ keepAlive, maxSockets: clients });
  const started = performance.now();
  const deadline = started + Math.min(atMost, 60_000);
  const counts = { ok: 0, refused: 0, reset: 0, requests: 0, longestMs: 0 };
  const statuses: Record<number, number> = {};
  const other: Record<string, number> = {};
  let stopped = false;

  const client = async () => {
    while (!stopped && performance.now() < deadline) {
      const begun = performance.now();
      const result = await once(options, agent);
      counts.requests++;
      counts.longestMs = Math.max(counts.longestMs, performance.now() - begun);
      if (result === 200) counts.ok++;
      else if (typeof result === 'number') statuses[result] = (statuses[result] ?? 0) + 1;
      else if (refusals.has(result)) counts.refused++;
      else if (resets.has(result)) counts.reset++;
      else other[result] = (other[result] ?? 0) + 1;
      await new Promise(resolve => setTimeout(resolve, pause));
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  let finished = 0;
  void all.then(() => {
    finished = performance.now();
    agent.destroy();
  });
  const report = () => ({
    ...counts,
    statuses,
    other,
    seconds: ((finished || performance.now()) - started) / 1000,
  });
  return {
    report,
    async stop() {
      stopped = true;
      await all;
      return report();
    },
  };
}

/** The status, or an error's code. */
function once({ to, host, path = '/' }: LoadOptions, agent: Agent): Promise<number | string> {
  return new Promise(resolve => {
    const target = 'port' in to ? { host: '127.0.0.1', port: to.port } : { socketPath: to.socketPath };
    const asked = request({ ...target, path, agent, headers: { host }, timeout: 120_000 }, answer => {
      answer.resume();
      answer.on('end', () => resolve(answer.complete ? (answer.statusCode ?? 0) : 'ECONNRESET'));
      answer.on('error', error => resolve(codeOf(error)));
    });
    asked.on('timeout', () => asked.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
    asked.on('error', error => resolve(codeOf(error)));
    asked.end();
  });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
