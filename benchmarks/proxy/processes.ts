// Programs of a benchmark: started, found in /proc with their children, ended.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';

export interface Program {
  readonly pid: number;
  stop(): Promise<void>;
}

export function startProgram(file: string, args: readonly string[], options: SpawnOptions = {}): Program {
  const child: ChildProcess = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  child.on('error', error => console.error(`cannot run ${file}: ${error.message}`));
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(late);
    },
  };
}

/** A process and everything that it has started, as of now. */
export function family(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap(task =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(text => text !== ''),
    );
    return [pid, ...children.flatMap(child => family(Number(child)))];
  } catch {
    return []; // it has ended
  }
}

/** Waits until the address accepts connections. Throws after 15 seconds. */
export async function whenAccepting(address: net.NetConnectOpts): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await accepts(address)) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`nobody accepts at ${JSON.stringify(address)}`);
}

function accepts(address: net.NetConnectOpts): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The path of a command, or null. */
export function findCommand(name: string): string | null {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', '/usr/sbin', '/usr/bin'];
  return directories.map(directory => `${directory}/${name}`).find(path => existsSync(path)) ?? null;
}
