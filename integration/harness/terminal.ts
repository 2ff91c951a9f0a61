// hostctl on a terminal of its own, as an operator has it.

import { closeSync, writeSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { native } from '../../src/native/index.ts';
import { openTerminal } from '../../src/native/terminal.ts';
import { checkout, type Hostd } from './hostd.ts';
import type { Place } from './place.ts';

const hostctl = `${checkout}/bin/hostctl`;

export interface Session {
  /** Its exit code; null: a signal ended it. */
  readonly ended: Promise<number | null>;
  /** All that it has written to the terminal. */
  output(): string;
  type(text: string): void;
  resize(columns: number, rows: number): void;
}

export interface SessionOf {
  readonly place: Place;
  readonly hostd: Hostd;
  readonly columns: number;
  readonly rows: number;
}

/** Starts hostctl with these arguments. */
export function onTerminal(
  t: TestContext,
  { place, hostd, columns, rows }: SessionOf,
  args: readonly string[],
): Session {
  const terminal = openTerminal(columns, rows);
  const env = { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...place.env };
  const child = native.spawn({
    file: hostctl,
    binary: -1,
    argv: [hostctl, ...args],
    env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    directory: place.dir,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: [],
    umask: 0o022,
    limits: [],
    fds: [terminal.slave, terminal.slave, terminal.slave],
    cgroup: -1,
    noNewPrivs: 0,
    terminal: 1,
  });
  terminal.closeSlave();
  let output = '';
  terminal.output.on('data', chunk => {
    output += chunk;
  });
  writeSync(child.gate, '\n');
  closeSync(child.gate);
  closeSync(child.status);
  const pidfd = native.pidfdOpen(child.pid);
  const ended = new Promise<number | null>(resolve =>
    native.watch(pidfd, () => resolve(native.reap(child.pid)?.code ?? null)),
  );
  t.after(() => closeSync(pidfd));
  return {
    ended,
    output: () => output,
    type: text => void terminal.input.write(text),
    resize: (width, height) => terminal.resize(width, height),
  };
}
