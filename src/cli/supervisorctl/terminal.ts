// The user, or the script, on the other side of supervisorctl: reads lines, with history and completion on a terminal.

import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Terminal } from './controller.ts';

/** Lines of history that are kept. */
const mostHistory = 1000;

export interface Shell extends Terminal {
  /** Writes its history, where it has one. */
  close(): void;
}

/** `complete`: the words that a line's last word can be completed to. */
export function openShell(historyFile: string | null, complete: (line: string) => Promise<string[]>): Shell {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const interrupts = new Set<() => void>();
  let lines: Interface | null = null;
  let waiting: ((line: string | null) => void) | null = null;
  const early: string[] = [];
  let ended = false;
  let hidden = false;
  const open = (): Interface => {
    const made = createInterface({
      input: process.stdin,
      output: isTerminal ? process.stdout : undefined,
      terminal: isTerminal,
      history: isTerminal ? readHistory(historyFile) : [],
      historySize: mostHistory,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        const word = /\S*$/.exec(line)?.[0] ?? '';
        complete(line).then(
          words => done(null, [words.filter(one => one.startsWith(word)), word]),
          () => done(null, [[], word]),
        );
      },
    });
    made.on('line', line => {
      const take = waiting;
      waiting = null;
      if (take === null) early.push(line);
      else take(line);
    });
    made.on('close', () => {
      ended = true;
      waiting?.(null);
      waiting = null;
    });
    made.on('SIGINT', interrupt);
    // A password is not shown.
    const { output } = made as unknown as { output?: { write(text: string): void } };
    const internal = made as unknown as { _writeToOutput?: (text: string) => void };
    internal._writeToOutput = text => {
      if (!hidden) output?.write(text);
    };
    return made;
  };
  const interrupt = () => {
    if (interrupts.size > 0) for (const stop of interrupts) stop();
    else lines?.close();
  };
  process.on('SIGINT', () => {
    if (interrupts.size > 0) for (const stop of interrupts) stop();
    else process.exit(130);
  });
  const ask = (prompt: string): Promise<string | null> => {
    lines ??= open();
    if (!isTerminal && prompt !== '') process.stdout.write(prompt);
    if (isTerminal) {
      lines.setPrompt(prompt);
      lines.prompt();
    }
    const line = early.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (ended) return Promise.resolve(null);
    return new Promise(resolve => {
      waiting = resolve;
    });
  };
  return {
    write: text => void process.stdout.write(text),
    ask,
    async askHidden(prompt) {
      process.stdout.write(prompt);
      hidden = true;
      const line = await ask('');
      hidden = false;
      return line;
    },
    onInterrupt(stop) {
      interrupts.add(stop);
      return () => interrupts.delete(stop);
    },
    close() {
      if (lines === null) return;
      const { history } = lines as unknown as { history?: readonly string[] };
      if (isTerminal && historyFile !== null) writeHistory(historyFile, history ?? []);
      lines.close();
    },
  };
}

function readHistory(file: string | null): string[] {
  if (file === null) return [];
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).reverse().slice(0, mostHistory);
  } catch {
    return [];
  }
}

function writeHistory(file: string, history: readonly string[]): void {
  try {
    writeFileSync(file, `${[...history].reverse().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // The history is only a convenience.
  }
}
