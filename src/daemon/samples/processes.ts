// The processes of an app or a program, each with what it has used: what `hostctl top` shows when an app is opened.

import { readFileSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { commandLine } from '../../linux/command-line.ts';
import { proportionOf } from '../../linux/memory-use.ts';
import { processorTime } from '../../linux/process-use.ts';
import type { ProcessSample } from '../../protocol/sample.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { makeBreather } from './breather.ts';
import { lookAtUses } from './use.ts';

/** Processes that are told of. */
const mostProcesses = 400;
/** Bytes of a command line. */
const longestCommand = 300;
/** Milliseconds of work before others have their turns. */
const longestTurn = 5;

/** Of an app with all its programs, or of the programs that a name means. @throws HostdError 'unknown-name' */
export async function processesOf(supervisor: Supervisor, name: string): Promise<ProcessSample[]> {
  const ofApp = supervisor.units().filter(({ program }) => program.app === name);
  const units = ofApp.length > 0 ? ofApp : supervisor.select(name);
  if (units.length === 0)
    throw new HostdError('unknown-name', `cannot find "${name}": no such program or group`, {
      hint: 'hostctl status',
    });
  const breather = makeBreather(longestTurn);
  const uses = lookAtUses(true, breather);
  const found: ProcessSample[] = [];
  for (const { program } of units) {
    const generations = [...(supervisor.loop.entries.get(program.name)?.units.values() ?? [])];
    for (const { run } of generations) {
      if (run === null) continue;
      for (const pid of await uses.processes(run)) {
        if (found.length >= mostProcesses) return found;
        if (breather.isDue()) await breather.rest();
        found.push(processSample(program.name, pid));
      }
    }
  }
  return found;
}

function processSample(program: string, pid: number): ProcessSample {
  return {
    program,
    pid,
    command: commandLine(pid, longestCommand),
    clock: performance.now() / 1000,
    cpu_seconds: processorTime(pid)?.own ?? null,
    memory_bytes: memoryOf(pid),
  };
}

function memoryOf(pid: number): number | null {
  try {
    return proportionOf(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  } catch {
    return null;
  }
}
