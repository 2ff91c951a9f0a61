// A command of hostd dev with its state: does what lifecycle decides. Knows nothing of HTTP, of screens, and of the app that it
// belongs to.

import { messageOf } from '../../errors.ts';
import { advance } from '../../lifecycle/advance.ts';
import { inOrder } from '../../lifecycle/in-order.ts';
import { initial, isDown, type Effect as ProcessEffect, type State } from '../../lifecycle/process.ts';
import {
  type Definition,
  type Effect,
  type Event,
  emptyService,
  type News,
  type Outcome,
  type Service,
} from '../../lifecycle/service.ts';
import type { Exit } from '../../linux/exit.ts';
import type { Command } from '../plan/command.ts';
import { type Child, type Size, startChild } from './child.ts';
import { rulesFor } from './rules.ts';

export interface ProgramOptions {
  /** Whether the program is RUNNING only once `isReady` is called, not when it has been started. */
  readonly serves: boolean;
  /** The size of its terminal; null: it runs on a pipe. */
  readonly screen: () => Size | null;
  readonly onOutput: (bytes: Buffer) => void;
  readonly onStart: () => void;
  /** The program has ended, or could not be started. Its state says whether it was told to end. */
  readonly onEnd: () => void;
  /** Opens a listening socket for its fd 3 (sd_listen_fds(3)), anew for each start. */
  readonly listen?: () => number;
}

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never;

/** How a run has ended, in words, or why it could not be started. */
export type End = { readonly how: string } | { readonly error: unknown };

/** "exit code 1", "SIGKILL", or why it never became the command. */
function describe(how: Exit | string): string {
  if (typeof how === 'string') return how;
  return how.signal ?? `exit code ${how.code ?? '?'}`;
}

export class Program {
  readonly command: Command;
  /** The end of the last run; null: there was none. */
  lastEnd: End | null = null;
  readonly #options: ProgramOptions;
  #service: Service<Definition> = emptyService();
  #child: Child | null = null;
  #timer: NodeJS.Timeout | undefined;
  #jobs = 0;
  readonly #askers = new Map<number, { done: (outcome: Outcome) => void; timer?: NodeJS.Timeout }>();
  readonly #post: (event: Untimed<Event<Definition>>) => void;

  constructor(command: Command, options: ProgramOptions) {
    this.command = command;
    this.#options = options;
    this.#post = inOrder(event => this.#handle({ ...event, at: performance.now() } as Event<Definition>));
    const definition = { rules: rulesFor(options.serves) };
    this.#post({ kind: 'replace', job: 0, definition, start: true });
    this.idle();
  }

  get state(): State {
    return this.#service.current?.state ?? initial;
  }

  /** No key has stopped it, or it was started again since. */
  get isWanted(): boolean {
    return this.#service.wanted === 'up';
  }

  /** Whether it runs, or is about to. */
  get isUp(): boolean {
    const { state } = this;
    return !isDown(state) && !(state.kind === 'stopping' && state.next === 'stopped');
  }

  /** null: there is no process. */
  get child(): Child | null {
    return this.#child;
  }

  /** Resolves with the outcome. 'wake' starts only a program that no key has stopped. */
  ask(kind: 'start' | 'stop' | 'restart' | 'wake'): Promise<Outcome> {
    this.#jobs += 1;
    const job = this.#jobs;
    return new Promise(resolve => {
      this.#askers.set(job, { done: resolve });
      this.#post({ kind, job });
    });
  }

  /** Nobody needs the program. It is stopped until somebody does. */
  idle(): void {
    this.#post({ kind: 'idle' });
  }

  /** The present run accepts connections. */
  isReady(): void {
    this.#tell({ kind: 'ready', run: this.state.run });
  }

  /** Tells those who wait for its start that it does not come up. It may do so later all the same. */
  giveUp(): void {
    for (const { id, kind } of this.#service.jobs)
      if (kind === 'start' || kind === 'restart') this.#post({ kind: 'late', job: id });
  }

  #tell(news: News): void {
    this.#post({ kind: 'process', generation: this.#service.current?.id ?? 0, news });
  }

  #handle(event: Event<Definition>): void {
    const before = this.state;
    const { service, effects } = advance(this.#service, event);
    this.#service = service;
    if (before.kind !== this.state.kind || before.run !== this.state.run) clearTimeout(this.#timer);
    const news = event.kind === 'process' ? event.news.kind : null;
    if (news === 'exited' || news === 'spawn-failed') this.#options.onEnd();
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'done': {
        const asker = this.#askers.get(effect.job);
        this.#askers.delete(effect.job);
        clearTimeout(asker?.timer);
        asker?.done(effect.outcome);
        return;
      }
      case 'limit': {
        const asker = this.#askers.get(effect.job);
        if (asker === undefined) return;
        const late = () => this.#post({ kind: 'late', job: effect.job });
        asker.timer = setTimeout(late, effect.ms).unref();
        return;
      }
      // hostd dev has no hand-overs and no scaling.
      case 'ready':
      case 'scale':
        return;
      default:
        this.#performOn(effect);
    }
  }

  #performOn(effect: ProcessEffect): void {
    switch (effect.kind) {
      case 'spawn':
        this.#spawn(effect.run);
        return;
      case 'signal':
        this.#child?.signal(effect.signal);
        return;
      case 'kill':
        this.#child?.kill();
        return;
      case 'timer': {
        const { run, timer, ms } = effect;
        this.#timer = setTimeout(() => this.#tell({ kind: 'timer', run, timer }), ms).unref();
      }
    }
  }

  #spawn(run: number): void {
    const { screen, onOutput, onStart, listen } = this.#options;
    onStart();
    try {
      const onEnd = (how: Exit | string) => this.#ended(run, how);
      this.#child = startChild(this.command, { size: screen(), onOutput, listening: listen?.(), onEnd });
      this.#tell({ kind: 'spawned', run });
    } catch (error) {
      this.lastEnd = { error };
      this.#tell({ kind: 'spawn-failed', run, why: messageOf(error), random: 0 });
    }
  }

  #ended(run: number, how: Exit | string): void {
    this.#child = null;
    this.lastEnd = { how: describe(how) };
    this.#tell(
      typeof how === 'string'
        ? { kind: 'spawn-failed', run, why: how, random: 0 }
        : { kind: 'exited', run, how, random: 0 },
    );
  }
}
