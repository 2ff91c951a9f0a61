// hostctl top on a terminal: asks hostd again and again, redraws, and obeys keys, until q. What is shown, and what a key does, is
// decided by state.ts, rows.ts and draw.ts.

import type { ReadStream } from 'node:tty';
import { messageOf } from '../../errors.ts';
import type { ProcessSample, Sample } from '../../protocol/sample.ts';
import type { Client } from '../client/client.ts';
import type { Output } from '../program/output.ts';
import { draw, listHeight, type ProcessRow } from './draw.ts';
import { LogTail } from './log-tail.ts';
import { type Row, rowsOf } from './rows.ts';
import { Screen } from './screen.ts';
import { begin, keysOf, press, type State } from './state.ts';
import { takeSample } from './take.ts';

export interface LiveOptions {
  readonly client: Client;
  readonly input: ReadStream;
  readonly output: Output;
  /** Milliseconds between two samples. */
  readonly delay: number;
}

/** Resolves when the user has had enough. */
export async function live(options: LiveOptions): Promise<void> {
  const top = new Top(options);
  await top.run();
}

class Top {
  readonly #options: LiveOptions;
  readonly #screen: Screen;
  readonly #stop = new AbortController();
  #state: State = begin;
  #sample: Sample | null = null;
  #rows: readonly Row[] = [];
  #processes: readonly ProcessRow[] = [];
  #log = new LogTail();
  #closeLog = new AbortController();
  #trouble: string | null = null;
  /** Ends the wait for the next sample. */
  #wake = () => {};

  constructor(options: LiveOptions) {
    this.#options = options;
    const { input, output } = options;
    this.#screen = new Screen({
      input,
      output,
      onKeys: keys => this.#press(keys),
      onResized: () => this.#draw(),
      onEnd: () => this.#end(),
    });
  }

  async run(): Promise<void> {
    try {
      this.#draw();
      while (!this.#stop.signal.aborted) {
        await this.#look();
        this.#draw();
        await this.#wait();
      }
    } finally {
      this.#closeLog.abort();
      this.#screen.close();
    }
  }

  async #look(): Promise<void> {
    const { client } = this.#options;
    const { view } = this.#state;
    try {
      const sample = await takeSample(client, this.#sample, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      this.#rows = rowsOf(this.#sample, sample);
      this.#sample = sample;
      this.#trouble = null;
      if (view.kind === 'processes') await this.#lookAtProcesses(view.name);
    } catch (error) {
      this.#trouble = messageOf(error);
    }
  }

  async #lookAtProcesses(name: string): Promise<void> {
    const query = [['name', name]] as const;
    const { client } = this.#options;
    const found = await client.get<readonly ProcessSample[]>({
      method: 'GET',
      path: 'processes',
      query,
      stop: this.#stop.signal,
    });
    const before = new Map(this.#processes.map(process => [process.pid, process]));
    this.#processes = found.map(process => ({ ...process, cpu: shareOf(before.get(process.pid), process) }));
  }

  #wait(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(resolve, this.#options.delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #press(input: string): void {
    const before = this.#state;
    for (const key of keysOf(input))
      this.#state = press(this.#state, key, this.#rows, listHeight(this.#screen.size));
    const { view, isOver } = this.#state;
    if (isOver) this.#end();
    else if (view !== before.view) this.#open(view);
    this.#draw();
  }

  #open(view: State['view']): void {
    this.#closeLog.abort();
    this.#processes = [];
    if (view.kind === 'log') void this.#follow(view.name);
    if (view.kind === 'processes') this.#wake();
  }

  async #follow(name: string): Promise<void> {
    const close = new AbortController();
    const log = new LogTail();
    this.#closeLog = close;
    this.#log = log;
    const query = [
      ['name', name],
      ['lines', '200'],
      ['follow', '1'],
    ] as const;
    try {
      for await (const chunk of this.#options.client.stream({
        method: 'GET',
        path: 'logs',
        query,
        stop: close.signal,
      })) {
        log.push(chunk);
        this.#draw();
      }
    } catch (error) {
      log.say(messageOf(error));
      this.#draw();
    }
  }

  #draw(): void {
    if (this.#stop.signal.aborted) return;
    const scene = {
      state: this.#state,
      sample: this.#sample,
      rows: this.#rows,
      processes: this.#processes,
      log: this.#log.lines,
      trouble: this.#trouble,
    };
    this.#screen.show(draw(scene, this.#screen.size));
  }

  #end(): void {
    this.#stop.abort();
    this.#wake();
  }
}

function shareOf(before: ProcessSample | undefined, after: ProcessSample): number | null {
  if (before === undefined || before.cpu_seconds === null || after.cpu_seconds === null) return null;
  const seconds = after.clock - before.clock;
  return seconds > 0 ? (100 * Math.max(0, after.cpu_seconds - before.cpu_seconds)) / seconds : null;
}
