// The terminal of hostd dev: keys become orders, and an attached app gets everything that is typed. Without a terminal
// nothing is read.

import type { ReadStream } from 'node:tty';
import type { DevApp } from '../apps/app.ts';
import type { Size } from '../apps/child.ts';
import type { Program } from '../apps/program.ts';
import type { Display } from './display.ts';
import { keyHelp, type Order, ordersOf, untilDetach } from './keys.ts';

export interface ConsoleOptions {
  readonly input: ReadStream;
  readonly display: Display;
  readonly apps: () => readonly DevApp[];
  readonly size: () => Size;
  readonly list: () => string;
  readonly quit: () => void;
  readonly clear: () => void;
}

export class Console {
  readonly #options: ConsoleOptions;
  #attached: Program | null = null;
  #chosen: DevApp | null = null;
  readonly #onData = (bytes: Buffer): void => this.#take(bytes);

  constructor(options: ConsoleOptions) {
    this.#options = options;
    options.input.setRawMode(true);
    options.input.on('data', this.#onData);
    options.input.resume();
  }

  close(): void {
    const { input } = this.#options;
    input.off('data', this.#onData);
    input.setRawMode(false);
    input.pause();
  }

  /** The terminal's size has changed. */
  resized(): void {
    const { columns, rows } = this.#options.size();
    const narrow = Math.max(20, columns - this.#options.display.prefixWidth);
    for (const program of this.#options.apps().flatMap(app => app.all)) {
      const isWide = program === this.#attached || this.#options.display.focus === program.command.name;
      program.child?.resize({ rows, columns: isWide ? columns : narrow });
    }
  }

  #take(bytes: Buffer): void {
    const child = this.#attached?.child ?? null;
    if (child === null) {
      this.#detach();
      for (const order of ordersOf(bytes.toString('latin1'))) this.#obey(order);
      return;
    }
    const { typed, detached } = untilDetach(bytes);
    if (typed.length > 0) child.type(typed);
    if (detached) this.#detach();
  }

  #obey(order: Order): void {
    const { display, list, quit, clear } = this.#options;
    switch (order.kind) {
      case 'help':
        display.say(keyHelp);
        break;
      case 'list':
        display.say(list());
        break;
      case 'clear':
        clear();
        break;
      case 'quit':
        quit();
        break;
      case 'all':
        this.#focus(null);
        break;
      case 'focus':
        this.#focusNumber(order.number);
        break;
      case 'attach':
      case 'restart':
      case 'stop':
        this.#act(order.kind);
        break;
    }
  }

  #focusNumber(number: number): void {
    const app = this.#options.apps()[number - 1];
    if (app === undefined) this.#options.display.say(`there is no app ${number}: press l for the list`);
    else this.#focus(app);
  }

  #focus(app: DevApp | null): void {
    const { display } = this.#options;
    this.#chosen = app;
    display.setFocus(null);
    display.say(app === null ? 'all apps' : `${app.name} alone; 0 for all apps`);
    display.setFocus(app === null ? null : ((app.web ?? app.all[0])?.command.name ?? app.name), true);
    this.resized();
  }

  /** Does it to the app in focus, or to the only one. */
  #act(kind: 'attach' | 'restart' | 'stop'): void {
    const { display } = this.#options;
    const own = this.#options.apps().filter(app => app.all.length > 0);
    const app = this.#chosen ?? (own.length === 1 ? own[0] : undefined);
    if (app === undefined || app.all.length === 0) {
      const choice = own.map(other => `${this.#options.apps().indexOf(other) + 1} ${other.name}`).join(', ');
      display.say(`which app is it to ${kind}? press its number first: ${choice}`);
    } else if (kind === 'attach') {
      this.#attach(app);
    } else if (kind === 'restart') {
      display.say(`restarting ${app.name}`);
      app.restart();
    } else {
      const { isUp } = app;
      display.say(isUp ? `stopping ${app.name}` : `starting ${app.name}`);
      if (isUp) void app.stop();
      else app.start();
    }
  }

  #attach(app: DevApp): void {
    const { display } = this.#options;
    const program = app.web ?? app.all[0];
    if (program === undefined || program.child === null) {
      display.say(`cannot attach to ${app.name}: it does not run`);
      return;
    }
    display.say(`attached to ${app.name}: what you type is its own, Ctrl-C too; Ctrl-] comes back`);
    this.#attached = program;
    display.setFocus(program.command.name, true);
    this.resized();
  }

  #detach(): void {
    if (this.#attached === null) return;
    this.#attached = null;
    const { display } = this.#options;
    const focus = this.#chosen === null ? null : display.focus;
    display.setFocus(null);
    display.say('detached');
    display.setFocus(focus, true);
    this.resized();
  }
}
