// A client that behaves: asks for the same few pages at a steady pace, each over a connection of its own, whatever else goes
// on, and keeps how long each answer took.

import http from 'node:http';

export interface Asked {
  readonly path: string;
  /** null: no answer. */
  readonly status: number | null;
  readonly ms: number;
}

export interface SteadyClient {
  /** Stops asking and waits for what has been asked. */
  stop(): Promise<readonly Asked[]>;
}

export interface SteadyOptions {
  readonly port: number;
  readonly host: string;
  /** Each of them is asked for every `everyMs`. */
  readonly paths: readonly string[];
  readonly everyMs: number;
  /** The address that it comes from. */
  readonly from: string;
}

export function startSteadyClient(options: SteadyOptions): SteadyClient {
  const asked: Promise<Asked>[] = [];
  const timer = setInterval(() => {
    for (const path of options.paths) asked.push(ask(options, path));
  }, options.everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(asked);
    },
  };
}

function ask({ port, host, from }: SteadyOptions, path: string): Promise<Asked> {
  const started = performance.now();
  return new Promise(resolve => {
    const finish = (status: number | null): void =>
      resolve({ path, status, ms: performance.now() - started });
    const request = http.get(
      { host: '127.0.0.1', port, path, headers: { Host: host }, localAddress: from, agent: false },
      response => {
        response.resume();
        response.on('close', () => finish(response.complete ? (response.statusCode ?? null) : null));
      },
    );
    request.setTimeout(10_000, () => request.destroy());
    request.on('error', () => finish(null));
  });
}
