// One app of hostd dev: its programs together, whether it answers, and the requests that wait for it. Knows nothing of HTTP or screens.

import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { hintOf, messageOf } from '../../errors.ts';
import { native } from '../../native/index.ts';
import type { Address } from '../../proxy/app/app-connection.ts';
import type { Command } from '../plan/command.ts';
import type { AppPlan } from '../plan/plan.ts';
import type { Size } from './child.ts';
import { strangerOn } from './listener.ts';
import { Program } from './program.ts';
import { type AppState, appState } from './state.ts';
import { plainLine } from './tame.ts';

export interface AppHooks {
  readonly screen: () => Size | null;
  /** Takes output. Returns the lines that it has ended. */
  readonly output: (name: string, bytes: Buffer) => readonly string[];
  readonly flush: (name: string) => readonly string[];
  readonly say: (text: string) => void;
  /** Milliseconds without a request until a lazy app is stopped. */
  readonly idleMs: number;
}

/** Lines of output that are kept for pages. */
const keptLines = 400;
/** Milliseconds between two looks at a starting app, to see whether it listens; and the same for one that starts slowly. */
const lookMs = 50;
const slowLookMs = 1000;
const longMs = 30_000;
/** Milliseconds after a traceback in which the app may still come up. Then runserver waits for a file to change. */
const tracebackMs = 1000;

export class DevApp {
  readonly plan: AppPlan;
  readonly web: Program | null;
  readonly others: readonly Program[];
  /** The last lines of all its output, without escapes. */
  readonly lines: string[] = [];
  readonly #hooks: AppHooks;
  /** Why it gets no requests although it runs. */
  #trouble: string | null = null;
  /** When it was last started, and when it has written a traceback since. */
  #startedAt = 0;
  #tracebackAt: number | null = null;
  #isLooking = false;
  #open = 0;
  #idle: NodeJS.Timeout | null = null;
  #lookedAt: { at: number; answers: Promise<boolean> } | null = null;

  constructor(plan: AppPlan, hooks: AppHooks) {
    this.plan = plan;
    this.#hooks = hooks;
    this.web = plan.web === null ? null : this.#make(plan.web, plan.site !== null);
    this.others = plan.others.map(command => this.#make(command, false));
  }

  get name(): string {
    return this.plan.name;
  }

  get all(): readonly Program[] {
    return this.web === null ? this.others : [this.web, ...this.others];
  }

  /** The program whose state is the app's. */
  get #main(): Program | undefined {
    return this.web ?? this.others[0];
  }

  get state(): AppState {
    const main = this.#main;
    if (main === undefined) return 'elsewhere';
    if (this.#trouble !== null) return 'failed';
    return appState(main.state, main.isWanted);
  }

  /** Why it does not run, in one line, or "". */
  get reason(): string {
    if (this.#trouble !== null) return this.#trouble;
    const end = this.#main?.lastEnd ?? null;
    if (this.state !== 'failed' || end === null) return '';
    return 'how' in end ? `it ended with ${end.how}` : messageOf(end.error);
  }

  get isUp(): boolean {
    return this.all.some(program => program.isUp);
  }

  /** Starts the programs that do not run. A failure is shown, and becomes the app's state. */
  start(): void {
    void this.comeUp('start');
  }

  stop(): Promise<unknown> {
    this.#stayAwake();
    return Promise.all(this.all.map(program => program.ask('stop')));
  }

  restart(): void {
    this.#trouble = null;
    for (const program of this.all) void program.ask('restart');
  }

  /** Resolves with whether it answers, as soon as that is known. 'wake' starts nothing that a key has stopped. */
  async comeUp(how: 'start' | 'wake'): Promise<boolean> {
    this.#trouble = null;
    for (const program of this.others) void program.ask(how);
    if (this.web === null) return false;
    const outcome = this.web.ask(how);
    void this.#look();
    const { kind } = await outcome;
    return kind === 'done' || kind === 'already';
  }

  /** Whether its server accepts connections now. Looks at most once a second. */
  async isReachable(): Promise<boolean> {
    const address = this.plan.site?.address;
    if (address === undefined) return false;
    const now = Date.now();
    if (this.#lookedAt === null || now - this.#lookedAt.at > 1000)
      this.#lookedAt = { at: now, answers: this.#answers(address) };
    return this.#lookedAt.answers;
  }

  /** A request for it has begun. Call the returned function when the request has ended. */
  use(): () => void {
    this.#open++;
    this.#stayAwake();
    return () => {
      this.#open--;
      this.#sleepLater();
    };
  }

  #stayAwake(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
  }

  #sleepLater(): void {
    if (!this.plan.lazy || this.#open > 0) return;
    this.#stayAwake();
    const sleepNow = () => {
      if (this.web?.state.kind !== 'running') return;
      this.#hooks.say(`${this.name} is stopped: nobody has asked for it in a while`);
      for (const program of this.all) program.idle();
    };
    this.#idle = setTimeout(sleepNow, this.#hooks.idleMs).unref();
  }

  #make(command: Command, serves: boolean): Program {
    const { site } = this.plan;
    const path = site?.held && serves ? site.address : null;
    const program: Program = new Program(command, {
      serves,
      screen: this.#hooks.screen,
      onOutput: bytes => this.#keep(this.#hooks.output(command.name, bytes)),
      onStart: () => this.#started(program),
      onEnd: () => this.#ended(program),
      ...(typeof path === 'string' ? { listen: () => listenOn(path) } : {}),
    });
    return program;
  }

  #keep(lines: readonly string[]): void {
    this.lines.push(...lines.map(plainLine));
    if (lines.some(line => line.startsWith('Traceback'))) this.#tracebackAt = performance.now();
    if (this.lines.length > keptLines) this.lines.splice(0, this.lines.length - keptLines);
  }

  #started(program: Program): void {
    if (program !== this.web) return;
    this.#startedAt = performance.now();
    this.#tracebackAt = null;
    void this.#look();
  }

  #ended(program: Program): void {
    const { name } = program.command;
    this.#keep(this.#hooks.flush(name));
    const { lastEnd, state } = program;
    if (lastEnd === null || (state.kind !== 'exited' && state.kind !== 'fatal')) return;
    if ('how' in lastEnd) {
      const again = program === this.web ? '; the next page load starts it again' : '';
      this.#hooks.say(`${name} has ended: ${lastEnd.how}${again}`);
    } else {
      const hint = hintOf(lastEnd.error);
      const move = hint === undefined ? '' : `\n  try: ${hint}`;
      this.#hooks.say(`cannot start "${name}": ${messageOf(lastEnd.error)}${move}`);
    }
  }

  /** Looks until it accepts connections, is in trouble, or will not start. After an exception nobody waits, but the looks go on. */
  async #look(): Promise<void> {
    const { web } = this;
    const address = this.plan.site?.address;
    if (this.#isLooking || web === null || address === undefined) return;
    this.#isLooking = true;
    while (web.state.kind === 'starting' && this.#trouble === null) {
      const now = performance.now();
      if (web.child !== null && (await this.#answers(address))) {
        this.#sleepLater();
        break;
      }
      if (this.#tracebackAt !== null && now - this.#tracebackAt > tracebackMs) web.giveUp();
      const ms = now - this.#startedAt > longMs ? slowLookMs : lookMs;
      await sleep(ms, undefined, { ref: false });
    }
    this.#isLooking = false;
  }

  /** Whether its server accepts connections. Another program at its port does not count. */
  async #answers(address: Address): Promise<boolean> {
    const run = this.web?.state.run;
    if (!(await takesConnections(address))) return false;
    const stranger = this.web === null || typeof address === 'string' ? null : strangerOn(address.port);
    if (stranger !== null) {
      this.#trouble = `another user (uid ${stranger}) listens on its port: start hostd dev again for another port`;
      this.#hooks.say(`${this.name}: ${this.#trouble}`);
      this.web?.giveUp();
      return false;
    }
    if (this.web?.state.run === run) this.web?.isReady();
    return true;
  }
}

/** Connections that wait while the app starts. */
const backlog = 128;

function listenOn(path: string): number {
  rmSync(path, { force: true });
  return native.listenUnix(path, process.geteuid?.() ?? 0, process.getegid?.() ?? 0, 0o600, backlog);
}

function takesConnections(address: Address): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(typeof address === 'string' ? { path: address } : address);
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.setTimeout(2000, () => settle(false));
  });
}
