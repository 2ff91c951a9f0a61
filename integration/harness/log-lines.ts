// Programs that write numbered lines, and the count of what became of the lines. A writer's line is "ID 00000017 xxxx".

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TomlTable } from '../../scripts/toml-text.ts';
import type { Hostd } from './hostd.ts';
import type { Place } from './place.ts';
import { until } from './until.ts';

export interface Writers {
  /** How many processes write to the same file. */
  readonly writers?: number;
  /** Lines of each, or more: see `until`. */
  readonly lines: number;
  /** They write on until there is this file, so that a busy machine has seen enough of them; see `written`. */
  readonly until?: string;
  /** Characters of a line, its newline included. */
  readonly length?: number;
  /** Lines of one write(2). */
  readonly batch?: number;
  /** Seconds between two writes. */
  readonly pause?: number;
}

const source = `import os, sys, time
writers, lines, length, batch = map(int, sys.argv[1:5])
pause, until = float(sys.argv[5]), sys.argv[6]
me = 0
for child in range(1, writers):
    if os.fork() == 0:
        me = child
        break
start = 0
while start < lines or until and not os.path.exists(until):
    end = min(lines, start + batch) if start < lines else start + batch
    out = b''
    for n in range(start, end):
        head = b'%c %08d ' % (97 + me, n)
        # Lengths differ a little, as those of real lines do.
        out += head + b'x' * (length - len(head) - 1 - n % 7) + b'\\n'
    while out:
        try:
            out = out[os.write(1, out):]
        except OSError as error:
            time.sleep(0.05)
    start = end
    if pause: time.sleep(pause)
if until:
    with open(until + '.%d' % me, 'w') as count: count.write(str(start))
if me == 0:
    for child in range(1, writers): os.wait()
    # A program that ends within startsecs has failed to start.
    time.sleep(1.2)
`;

/** The command of a program that writes, and ends when it has written everything. */
export function writerCommand(place: Place, writers: Writers): string {
  const script = join(place.dir, 'writer.py');
  if (!existsSync(script)) place.write('writer.py', source);
  const { writers: count = 1, lines, length = 60, batch = 1, pause = 0, until: file = '' } = writers;
  return `/usr/bin/python3 ${script} ${count} ${lines} ${length} ${batch} ${pause} "${file}"`;
}

/** How many lines the writers have written in all that were to write until there is this file, when they have ended. */
export function written(file: string, writers = 1): number {
  const counts = Array.from({ length: writers }, (_, me) => Number(readFileSync(`${file}.${me}`, 'utf8')));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** One program "writer" without a proxy; `keys` are more keys of it. */
export function writerConfig(log: string, command: string, keys: TomlTable): TomlTable {
  const writer = {
    command,
    stdout_logfile: log,
    stdout_logfile_backups: 100,
    redirect_stderr: true,
    autorestart: false,
    ...keys,
  };
  return { proxy: { enabled: false }, program: { writer } };
}

export interface Follow {
  text(): string;
  /** Stops reading, so that lines pile up. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** hostctl logs -f, from the first line on. */
export function follow(place: Place, hostd: Hostd, name: string, ...options: readonly string[]): Follow {
  const file = join(import.meta.dirname, '../../bin/hostctl');
  const child: ChildProcess = spawn(
    file,
    ['--socket', hostd.socket, 'logs', '-f', '-n', '1000000', name, ...options],
    {
      env: { PATH: process.env['PATH'], ...place.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const chunks: Buffer[] = [];
  child.stdout?.on('data', chunk => chunks.push(chunk));
  place.after(() => void child.kill('SIGKILL'));
  return {
    text: () => Buffer.concat(chunks).toString('latin1'),
    pause: () => void child.stdout?.pause(),
    resume: () => void child.stdout?.resume(),
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGINT');
      await closed;
    },
  };
}

export interface Tally {
  readonly lines: number;
  readonly lost: number;
  readonly doubled: number;
  readonly torn: number;
  /** Files that begin or end within a line. */
  readonly tornFiles: readonly string[];
}

/** The log and its backups, the oldest first. */
export function logFiles(path: string): string[] {
  const name = basename(path);
  const number = (file: string) => Number(/\.(\d+)(\.gz)?$/.exec(file)?.[1] ?? 0);
  return readdirSync(dirname(path))
    .filter(file => file === name || (file.startsWith(`${name}.`) && number(file) > 0))
    .sort((a, b) => number(b) - number(a))
    .map(file => join(dirname(path), file));
}

export function readLog(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}

/** Waits until all backups but the newest are compressed. Names change until then. */
async function compressed(path: string): Promise<void> {
  const packing = join(dirname(path), `.${basename(path)}.packing`);
  const isDone = (file: string) => file === path || file === `${path}.1` || file.endsWith('.gz');
  await until('backups to be compressed', () => !existsSync(packing) && logFiles(path).every(isDone));
}

/** Counts the lines of a log and its backups; `expected` lines of each writer should be there. */
export async function tallyLog(path: string, expected: number, writers = 1): Promise<Tally> {
  await compressed(path);
  const files = logFiles(path).map(file => ({ file, text: readLog(file) }));
  const all = tally(files.map(({ text }) => text).join(''), expected, writers);
  const isWhole = (text: string) => text === '' || (text.endsWith('\n') && /^[a-z] \d{8} /.test(text));
  return { ...all, tornFiles: files.filter(({ text }) => !isWhole(text)).map(({ file }) => basename(file)) };
}

export function tally(text: string, expected: number, writers = 1): Tally {
  const seen = new Map<string, number>();
  let torn = 0;
  let lines = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    lines += 1;
    const key = /^([a-z] \d{8}) x+$/.exec(line)?.[1];
    if (key === undefined) torn += 1;
    else seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const doubled = [...seen.values()].reduce((sum, count) => sum + count - 1, 0);
  return { lines, lost: expected * writers - seen.size, doubled, torn, tornFiles: [] };
}

/** Characters in the log and its backups. */
export function totalSize(path: string): number {
  return logFiles(path).reduce((sum, file) => sum + readLog(file).length, 0);
}

export const nothingLost = { lost: 0, doubled: 0, torn: 0 };

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
