// Shared by the tests of commands, and no test itself: a stand-in for hostd that speaks the protocol, and hostctl with
// its output caught.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { ProgramStatus, Progress } from '../../protocol/control.ts';
import type { Context, Program } from '../program/command.ts';
import { Output } from '../program/output.ts';
import { run } from '../program/program.ts';
import { hostctl as hostctlProgram } from '../tables.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

export interface FakeDaemon {
  readonly socket: string;
  readonly asked: readonly Asked[];
}

/** A hostd that gives one answer to everything. It is removed after the test. */
export async function fakeDaemon(t: TestContext, answer: Answer): Promise<FakeDaemon> {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  const socket = join(directory, 'hostd.sock');
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = { method: request.method ?? '', url: request.url ?? '', body: await bodyOf(request) };
    asked.push(one);
    answer(response, one);
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return { socket, asked };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? null : JSON.parse(text);
}

/** Answers with one JSON value. */
export function json(value: unknown, status = 200): Answer {
  return response => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
}

/** Answers with lines of progress: a number is a pause in milliseconds, 'die' breaks the connection. */
export function progress(...steps: readonly (Progress | number | 'die')[]): Answer {
  return async response => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    for (const step of steps) {
      if (typeof step === 'number') await new Promise(resolve => setTimeout(resolve, step));
      else if (step === 'die') return response.socket?.destroy();
      else response.write(`${JSON.stringify(step)}\n`);
    }
    return response.end();
  };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly program?: Program;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  /** Called with the function that Ctrl-C calls. */
  readonly onInterrupt?: (interrupt: () => void) => void;
}

/** Runs a command line of hostctl in this process. */
export async function hostctl(args: readonly string[], around: Surroundings = {}): Promise<Ran> {
  const program = around.program ?? hostctlProgram;
  const env = around.env ?? {};
  const [stdout, stderr] = [caught(around), caught(around)];
  const context: Context = {
    program,
    stdout: new Output(stdout.stream, env),
    stderr: new Output(stderr.stream, env),
    env,
    onInterrupt(stop) {
      around.onInterrupt?.(stop);
      return () => {};
    },
  };
  const code = await run(program, args, context);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function caught({ isTerminal = false }: Surroundings) {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY: isTerminal, columns: 60 }),
    text: () => Buffer.concat(chunks).toString(),
  };
}

/** The status of a running program, with the fields of `differs`. */
export function programStatus(differs: Partial<ProgramStatus> = {}): ProgramStatus {
  return {
    name: 'hello',
    app: 'hello',
    group: 'hello',
    state: 'RUNNING',
    statecode: 20,
    pid: 23069,
    uptime_seconds: 7,
    exitstatus: null,
    spawnerr: '',
    description: 'pid 23069, uptime 0:00:07',
    run: 1,
    started: 1_700_000_000,
    stopped: null,
    idle_since: null,
    reload_seconds: null,
    site: null,
    schedule: null,
    ...differs,
  };
}
