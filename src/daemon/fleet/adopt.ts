// Finds what an earlier hostd has started: live runs are supervised on, dead ones are cleaned up.

import { rmSync } from 'node:fs';
import { bootId, isAlive } from '../../linux/procfs.ts';
import { killStrays } from '../../linux/strays.ts';
import { native } from '../../native/index.ts';
import type { Logger } from '../own/log.ts';
import { ownPaths } from '../own/own-files.ts';
import { sweepNotes } from '../proxies/notes.ts';
import { clearCgroup } from '../runs/cgroups.ts';
import type { Pipes } from '../runs/pipes.ts';
import type { Record, Records } from '../runs/records.ts';
import { killRun, type Run, whenOver } from '../runs/run.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Adopts every recorded run that is alive, as the program that it was started as. The caller compares that with the configuration.
 */
export function adoptAll(supervisor: Supervisor, records: Records, pipes: Pipes, log: Logger): void {
  const { records: found, broken } = records.read();
  for (const file of broken) log.warn({ file }, `cannot read record ${file}: dropped`);
  // Of two runs of one program (a hand-over was under way) the newer one stays, and the older one is told to end.
  // What a keeper holds is what visitors find at the path, whatever a run of the program has.
  found.sort((a, b) => Number(b.isKeeper ?? false) - Number(a.isKeeper ?? false) || b.run - a.run);
  const alive = new Set<string>();
  for (const record of found) {
    const run = isAlive(record.process) ? openRun(record, pipes) : null;
    if (run === null) {
      bury(record, log);
      records.remove(record.name, record.run);
      continue;
    }
    if (record.isTrial) {
      endTrial(run, record, records, log);
      continue;
    }
    if (record.isKeeper) {
      supervisor.adoptKeeper(record.name, record.program, run);
      continue;
    }
    alive.add(`${record.name}.${record.run}`);
    supervisor.adopt(record.program, run);
    log.info(
      { program: record.name, pid: run.process.pid, run: run.number },
      `adopted: '${record.name}' with pid ${run.process.pid}`,
    );
  }
  pipes.sweep(alive);
  sweepNotes(
    ownPaths(supervisor.host().settings),
    found.filter(({ name, run }) => alive.has(`${name}.${run}`)),
  );
}

/** Ends a trial of the earlier hostd. Nobody waits for its verdict any more. */
function endTrial(run: Run, { name, run: number, program }: Record, records: Records, log: Logger): void {
  log.info(
    { program: name, pid: run.process.pid },
    `ending '${name}' (${run.process.pid}): it was only tried`,
  );
  if (program.socket !== null) rmSync(program.socket.path, { force: true });
  killRun(run);
  whenOver(
    run,
    () => false,
    () => records.remove(name, number),
  );
}

function openRun(record: Record, pipes: Pipes): Run | null {
  try {
    const pidfd = native.pidfdOpen(record.process.pid);
    // The pid may have become another process's before the open. From here on the pidfd holds the process.
    if (!isAlive(record.process)) return null;
    const { process, cgroup, startedAt, marker, sockets } = record;
    const ends = pipes.find(record.program, record.run, process.pid);
    return { number: record.run, process, pidfd, cgroup, startedAt, status: null, marker, ends, sockets };
  } catch {
    return null;
  }
}

/** Ends what is left of a run that died in hostd's absence. */
function bury(record: Record, log: Logger): void {
  const { name, process: id, cgroup } = record;
  if (record.isKeeper) {
    if (id.bootId === bootId() && cgroup !== null) clearCgroup(cgroup, () => {});
    return;
  }
  if (id.bootId !== bootId()) {
    log.info({ program: name }, `'${name}' ran before this boot`);
    return;
  }
  log.warn({ program: name, pid: id.pid }, `'${name}' (${id.pid}) ended while no hostd was there`);
  if (cgroup !== null) clearCgroup(cgroup, () => {});
  killStrays(record, () => {});
}
