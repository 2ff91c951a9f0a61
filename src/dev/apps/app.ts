// One app of hostd dev while it lives: its commands, whether it answers, and who waits for that. Knows nothing of HTTP or screens.

import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { HostdError, messageOf } from '../../errors.ts';
import { native } from '../../native/index.ts';
import type { Address } from '../../proxy/app/app-connection.ts';
import type { Command } from '../plan/command.ts';
import type { AppPlan } from '../plan/plan.ts';
import { strangerOn } from './listener.ts';
import { Running, type Size } from './running.ts';
import { plainLine } from './tame.ts';

/** "waiting": nobody has asked for it yet. "elsewhere": somebody else runs it. */
export type AppState = 'waiting' | 'starting' | 'running' | 'stopped' | 'failed' | 'elsewhere';

export interface AppHooks {
  readonly screen: () => Size | null;
  /** Returns the lines that these bytes ended. */
  readonly output: (name: string, bytes: Buffer) => readonly string[];
  readonly flush: (name: string) => readonly string[];
  readonly say: (text: string) => void;
  /** Milliseconds without a request until a lazy app is stopped. */
  readonly idleMs: number;
}

/** Lines of output that pages can show. */
const keptLines = 400;
/** Milliseconds that a request waits for an app to come up. */
const startMs = 30_000;
/** Milliseconds between two looks whether it listens, while it starts. */
const lookMs = 50;
/** Milliseconds after a traceback in which it may still come up; runserver then waits for a file to change. */
const tracebackMs = 1000;
/** Milliseconds until SIGKILL, for an app that is stopped by itself. */
const graceMs = 3000;

export class DevApp {
  readonly plan: AppPlan;
  readonly web: Running | null;
  readonly others: readonly Running[];
  /** The last lines of everything it wrote, without escapes. */
  readonly lines: string[] = [];
  readonly #hooks: AppHooks;
  #answers = false;
  /** Somebody said stop, and nobody start. */
  #stopped = false;
  /** Why it could not even be started. */
  #failure: string | null = null;
  #coming: Promise<boolean> | null = null;
  /** When it wrote a traceback, of this start. */
  #tracebackAt: number | null = null;
  #open = 0;
  #idle: NodeJS.Timeout | null = null;
  #lookedAt: { at: number; answers: Promise<boolean> } | null = null;

  constructor(plan: AppPlan, hooks: AppHooks) {
    this.plan = plan;
    this.#hooks = hooks;
    this.web = plan.web === null ? null : this.#make(plan.web);
    this.others = plan.others.map(command => this.#make(command));
  }

  get name(): string {
    return this.plan.name;
  }

  get all(): readonly Running[] {
    return this.web === null ? this.others : [this.web, ...this.others];
  }

  get state(): AppState {
    if (this.#failure !== null) return 'failed';
    const [first] = this.all;
    if (first === undefined) return 'elsewhere';
    const main = this.web ?? first;
    if (main.state.kind === 'running') return this.web === null || this.#answers ? 'running' : 'starting';
    if (this.#stopped) return 'stopped';
    return main.state.kind === 'idle' || main.state.asked ? 'waiting' : 'failed';
  }

  /** One line on why it is not running, or "". */
  get reason(): string {
    if (this.#failure !== null) return this.#failure;
    const { state } = this.web ?? this.all[0] ?? { state: { kind: 'idle' } as const };
    return state.kind === 'ended' && !state.asked ? `it ended with ${state.how}` : '';
  }

  /** Starts what does not run. A failure is said, and is the app's state. */
  start(): void {
    this.#stopped = false;
    this.#failure = null;
    this.#tracebackAt = null;
    for (const running of this.all) {
      try {
        running.start();
      } catch (error) {
        this.#fail(running, error);
      }
    }
    if (this.web !== null && this.#failure === null) void this.comeUp();
  }

  async stop(grace = graceMs, byHand = true): Promise<void> {
    this.#stopped = byHand;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    await Promise.all(this.all.map(running => running.stop(grace)));
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  /** Resolves with whether it answers, as soon as that is known. */
  comeUp(): Promise<boolean> {
    if (this.state === 'running') return Promise.resolve(true);
    if (this.web?.state.kind !== 'running') this.start();
    this.#coming ??= this.#untilItAnswers().finally(() => {
      this.#coming = null;
    });
    return this.#coming;
  }

  /** Whether its server takes connections now; asked at most once a second. */
  async isReachable(): Promise<boolean> {
    const address = this.plan.site?.address;
    if (address === undefined) return false;
    const now = Date.now();
    if (this.#lookedAt === null || now - this.#lookedAt.at > 1000)
      this.#lookedAt = { at: now, answers: this.#isUp(address) };
    const answers = await this.#lookedAt.answers;
    if (answers && this.web?.state.kind === 'running') this.#answers = true;
    return answers;
  }

  /** A request for it has begun; the result says that it has ended. */
  use(): () => void {
    this.#open++;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    return () => {
      this.#open--;
      if (this.#open === 0 && this.plan.lazy) this.#sleepLater();
    };
  }

  #sleepLater(): void {
    this.#idle = setTimeout(() => {
      if (this.#open > 0 || this.web?.state.kind !== 'running') return;
      this.#hooks.say(`${this.name} is stopped: nobody has asked for it in a while`);
      void this.stop(graceMs, false);
    }, this.#hooks.idleMs);
  }

  #make(command: Command): Running {
    const { site } = this.plan;
    const path = site?.held && command.name === this.plan.web?.name ? site.address : null;
    const running: Running = new Running(command, {
      screen: this.#hooks.screen,
      onOutput: bytes => this.#keep(this.#hooks.output(command.name, bytes)),
      onChange: () => this.#changed(running),
      ...(typeof path === 'string' ? { listen: () => listenOn(path) } : {}),
    });
    return running;
  }

  #keep(lines: readonly string[]): void {
    this.lines.push(...lines.map(plainLine));
    if (lines.some(line => line.startsWith('Traceback'))) this.#tracebackAt = performance.now();
    if (this.lines.length > keptLines) this.lines.splice(0, this.lines.length - keptLines);
  }

  #changed(running: Running): void {
    if (running.state.kind !== 'ended') return;
    if (running === this.web) this.#answers = false;
    this.#keep(this.#hooks.flush(running.command.name));
    if (running.state.asked) return;
    const again = running === this.web ? '; the next page load starts it again' : '';
    this.#hooks.say(`${running.command.name} has ended: ${running.state.how}${again}`);
  }

  #fail(running: Running, error: unknown): void {
    const hint = error instanceof HostdError && error.hint !== undefined ? `\n  try: ${error.hint}` : '';
    this.#hooks.say(`cannot start "${running.command.name}": ${messageOf(error)}${hint}`);
    if (running === this.web || this.web === null) this.#failure = messageOf(error);
  }

  /** Whether its server takes connections; somebody else's at the port that it was told is none. */
  async #isUp(address: Address): Promise<boolean> {
    if (!(await takesConnections(address))) return false;
    const stranger = this.web === null || typeof address === 'string' ? null : strangerOn(address.port);
    if (stranger === null) return true;
    this.#failure = `another user (uid ${stranger}) listens on its port: start hostd dev again for another port`;
    this.#hooks.say(`${this.name}: ${this.#failure}`);
    return false;
  }

  async #untilItAnswers(): Promise<boolean> {
    const address = this.plan.site?.address;
    const end = performance.now() + startMs;
    while (address !== undefined && this.web?.state.kind === 'running' && performance.now() < end) {
      const isUp = await this.#isUp(address);
      if (this.#failure !== null) return false;
      if (isUp) {
        this.#answers = this.web.state.kind === 'running';
        if (this.#answers && this.#open === 0 && this.plan.lazy) this.#sleepLater();
        return this.#answers;
      }
      if (this.#tracebackAt !== null && performance.now() - this.#tracebackAt > tracebackMs) return false;
      await new Promise(resolve => setTimeout(resolve, lookMs));
    }
    return false;
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
