// Shows what a command waits for, once it has waited long enough. Written to stderr.

import { escapeLine } from '../../words/escape.ts';
import type { Output } from '../program/output.ts';

/** Milliseconds of quiet: a quicker command shows nothing. */
const patience = 400;

/** On a terminal one line that is rewritten. Elsewhere a new line for each change. */
export class Waiting {
  readonly #stderr: Output;
  readonly #pending = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;
  #isTalking = false;
  #isShown = false;

  constructor(stderr: Output) {
    this.#stderr = stderr;
    this.#timer = setTimeout(() => this.#begin(), patience);
  }

  /** A program is now in this state, and is still waited for. */
  set(name: string, state: string): void {
    if (this.#pending.get(name) === state) return;
    this.#pending.set(name, state);
    if (!this.#isTalking) return;
    if (this.#stderr.isTerminal) this.#draw();
    else this.#say(name, state);
  }

  /** A program is no longer waited for. Call before printing its result: the line makes room. */
  delete(name: string): void {
    this.#clear();
    this.#pending.delete(name);
  }

  /** Call after printing: the line comes back below. */
  resume(): void {
    if (this.#isTalking && this.#stderr.isTerminal) this.#draw();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isTalking = false;
    this.#clear();
  }

  #begin(): void {
    this.#isTalking = true;
    if (this.#stderr.isTerminal) this.#draw();
    else for (const [name, state] of this.#pending) this.#say(name, state);
  }

  #say(name: string, state: string): void {
    this.#stderr.write(`waiting for ${escapeLine(name)}: ${escapeLine(state)}\n`);
  }

  #draw(): void {
    this.#clear();
    const line = waitingLine(this.#pending, this.#stderr.columns);
    if (line === '') return;
    this.#stderr.write(line);
    this.#isShown = true;
  }

  #clear(): void {
    if (this.#isShown) this.#stderr.write('\r\x1b[K');
    this.#isShown = false;
  }
}

/** "waiting for blog: STARTING, hello: STOPPING ...", narrower than the terminal, so that it does not wrap. */
export function waitingLine(pending: ReadonlyMap<string, string>, columns: number): string {
  if (pending.size === 0) return '';
  const all = [...pending].map(([name, state]) => `${escapeLine(name)}: ${escapeLine(state)}`).join(', ');
  const count = pending.size > 1 ? `${pending.size} programs, ` : '';
  const line = `waiting for ${count}${all}`;
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 5))} ...`;
}
