// Sends one HTTP request to this machine, and reads the whole answer into memory. For checks in scripts and tests.

import { type IncomingHttpHeaders, request } from 'node:http';

export type Target = { readonly port: number } | { readonly socketPath: string };

export interface Ask {
  readonly to: Target;
  /** Host header. */
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Milliseconds without a byte until it fails; 60 s by default. */
  readonly timeout?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

/** Rejects only when there is no whole answer. */
export function ask({ to, host, path = '/', timeout = 60_000, ...rest }: Ask): Promise<Answer> {
  const target = 'port' in to ? { host: '127.0.0.1', port: to.port } : { socketPath: to.socketPath };
  const length = rest.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(rest.body)) };
  return new Promise((resolve, reject) => {
    const options = {
      ...target,
      path,
      timeout,
      method: rest.method ?? 'GET',
      agent: false,
      headers: { host, ...length, ...rest.headers },
    };
    const asked = request(options, answer => {
      const chunks: Buffer[] = [];
      answer.on('data', chunk => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, text: body.toString() });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer to ${path} within ${timeout} ms`)));
    asked.on('error', reject);
    asked.end(rest.body);
  });
}
