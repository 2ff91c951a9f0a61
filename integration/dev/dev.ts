// Runs `hostd dev` for a test, from the source: on pipes, as in CI, or on a terminal, as for a person.

import { closeSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.ts';
import { type Answer, type Ask, ask } from '../../scripts/http.ts';
import { native } from '../../src/native/index.ts';
import { openTerminal } from '../../src/native/terminal.ts';
import type { Account } from '../harness/accounts.ts';
import type { Place } from '../harness/place.ts';
import { virtualenv } from '../harness/virtualenvs.ts';

const main = join(import.meta.dirname, '../../dist/cli/hostd.js');

export interface Dev {
  readonly pid: number;
  readonly port: number;
  output(): string;
  get(host: string, path?: string, rest?: Partial<Ask>): Promise<Answer>;
  /** Types into the terminal. */
  type(text: string): void;
  /** Waits until the output has this. */
  says(what: RegExp, timeout?: number): Promise<string>;
  /** Ctrl-C, as SIGINT; resolves with the exit code, or null after a signal, and how long it took in milliseconds. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>;
  readonly ended: Promise<number | null>;
}

export interface DevOptions {
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  /** Who runs it; only root can choose. */
  readonly as?: Account;
  /** null: hostd chooses. */
  readonly port?: number | null;
  /** What it says when it is ready; null: it is not waited for. */
  readonly ready?: RegExp | null;
}

export async function startDev(place: Place, options: DevOptions): Promise<Dev> {
  const port = options.port === undefined ? await freePort() : options.port;
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: place.directory('home'),
    TMPDIR: place.directory('tmp', 0o1777),
    VIRTUAL_ENV: virtualenv('recent').root,
    TERM: 'xterm-256color',
    ...place.env,
    ...options.env,
  };
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', main, 'dev', ...options.args];
  if (port !== null) argv.push('--port', String(port));
  const io = options.terminal ? onTerminal() : onPipes();
  const child = native.spawn({
    file: process.execPath,
    binary: -1,
    argv,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    directory: options.cwd ?? place.dir,
    uid: options.as?.uid ?? process.getuid?.() ?? 0,
    gid: options.as?.gid ?? process.getgid?.() ?? 0,
    groups: options.as === undefined ? (process.getgroups?.() ?? []) : [options.as.gid],
    umask: 0o022,
    limits: [],
    fds: io.fds,
    cgroup: -1,
    noNewPrivs: 0,
    terminal: options.terminal ? 1 : 0,
  });
  io.release();
  let output = '';
  io.stream.on('data', bytes => {
    output += bytes;
  });
  io.stream.on('error', () => {});
  writeSync(child.gate, '\n');
  closeSync(child.gate);
  closeSync(child.status);
  const pidfd = native.pidfdOpen(child.pid);
  let running = true;
  const ended = new Promise<number | null>(resolve => {
    native.watch(pidfd, () => {
      running = false;
      const end = native.reap(child.pid);
      closeSync(pidfd);
      resolve(end?.code ?? null);
    });
  });
  const dev: Dev = {
    pid: child.pid,
    port: port ?? 8000,
    output: () => output,
    get: (host, path = '/', rest = {}) => ask({ to: { port: port ?? 8000 }, host, path, ...rest }),
    type: text => void io.input?.write(text),
    async says(what, timeout = 60_000) {
      const deadline = performance.now() + timeout;
      let found = what.exec(output);
      while (found === null) {
        if (!running || performance.now() > deadline)
          throw new Error(
            `waited in vain for hostd dev to say ${what}${running ? '' : ', it has ended'}:\n${output}`,
          );
        await sleep(25);
        found = what.exec(output);
      }
      return found[1] ?? found[0];
    },
    async stop() {
      const started = performance.now();
      if (running) process.kill(child.pid, 'SIGINT');
      const late = setTimeout(() => running && process.kill(child.pid, 'SIGKILL'), 60_000);
      const code = await ended;
      clearTimeout(late);
      return { code, ms: performance.now() - started };
    },
    ended,
  };
  place.after(async () => void (await dev.stop()));
  const ready = options.ready === undefined ? /all apps: http/ : options.ready;
  if (ready !== null) await dev.says(ready);
  return dev;
}

function onTerminal() {
  const terminal = openTerminal(120, 40);
  return {
    fds: [terminal.slave, terminal.slave, terminal.slave],
    stream: terminal.output as Socket,
    input: terminal.input as Writable,
    release: () => terminal.closeSlave(),
  };
}

function onPipes() {
  const [read, write] = native.pipe();
  const nothing = openSync('/dev/null', 'r');
  return {
    fds: [nothing, write, write],
    stream: new Socket({ fd: read, readable: true, writable: false }),
    input: null,
    release: () => {
      closeSync(write);
      closeSync(nothing);
    },
  };
}
