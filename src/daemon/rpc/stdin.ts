// Writes what Supervisor's clients send to a program's standard input, in the order in which it came. A bounded amount waits while the
// program does not read.

import type { Socket } from 'node:net';
import type { Program } from '../../model/host.ts';
import { userOf } from '../runs/launch.ts';
import type { Run } from '../runs/run.ts';
import { openInput } from '../runs/terminal-input.ts';
import { Refusal } from './channel.ts';

/** Bytes that may wait for one run. */
const mostWaiting = 1024 * 1024;
/** Milliseconds without a write after which the input is closed. */
const idleMs = 1000;

const inputs = new WeakMap<Run, Socket>();

/** @throws Refusal NO_FILE: the program reads no input; FAILED: it has not read what was written before */
export function writeInput(program: Program, run: Run, bytes: Buffer): void {
  const known = inputs.get(run);
  const input = known === undefined || known.destroyed ? open(program, run) : known;
  if (input.writableLength + bytes.length > mostWaiting)
    throw new Refusal('FAILED', `${program.name} does not read its standard input`);
  input.write(bytes);
}

function open(program: Program, run: Run): Socket {
  const { uid, gid } = userOf(program);
  let input: Socket;
  try {
    input = openInput(program, run, { uid, gid });
  } catch {
    throw new Refusal('NO_FILE');
  }
  inputs.set(run, input);
  input.on('error', () => input.destroy());
  const rest = () => {
    if (input.writableLength === 0) input.destroy();
    else setTimeout(rest, idleMs).unref();
  };
  setTimeout(rest, idleMs).unref();
  input.unref();
  return input;
}
