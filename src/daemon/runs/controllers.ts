// Switches on the controllers of cgroup v2, level by level, down to hostd's own directory (Control Group v2, "Enabling and
// Disabling"). A directory that hands controllers on must have no process, so hostd first moves itself into one beside it. Nothing is
// switched on before there is a bound: without bounds the tree stays as it was.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { readStat } from '../../linux/procfs.ts';
import { type Controller, controllers } from '../../model/bounds.ts';

/** Where etc/hostd.service has systemd put hostd (DelegateSubgroup=, systemd 254). */
const ownPlace = 'hostd-supervisor';
/** Where hostd puts itself; ExecStopPost= of etc/hostd.service looks for it. */
const movedPlace = 'hostd-moved';

/** The controllers that are on, and why others are not, with a remedy; null: all are on. */
export interface Switched {
  readonly on: ReadonlySet<Controller>;
  readonly why: string | null;
}

/** The directory that hostd's cgroups go into: where hostd was put, but for the one that it is in by itself. */
export function delegatedIn(own: string): string {
  return [ownPlace, movedPlace].includes(basename(own)) ? dirname(own) : own;
}

/** `parent` holds `base`. `environment`: hostd's own. */
export function switchOn(
  parent: string,
  base: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Switched {
  const there = listed(parent, 'cgroup.controllers');
  if (there.size === 0) return { on: new Set(), why: whyMissing(controllers, parent) };
  const missing = [...there].filter(name => !listed(parent, 'cgroup.subtree_control').has(name));
  const obstacle = missing.length === 0 || isRootOfAll(parent) ? null : makeRoom(parent, environment);
  if (obstacle !== null) return { on: new Set(), why: obstacle };
  const failures = new Map(
    [...there].map(name => [name, handOn(parent, name) ?? handOn(base, name)] as const),
  );
  const on = new Set([...there].filter(name => failures.get(name) === null));
  const off = controllers.filter(name => !on.has(name));
  return {
    on,
    why:
      off.length === 0 ? null : ([...failures.values()].find(why => why !== null) ?? whyMissing(off, parent)),
  };
}

/** Switches a controller on for what is in the directory. Returns what is wrong, or null. */
export function handOn(directory: string, name: Controller): string | null {
  try {
    writeFileSync(join(directory, 'cgroup.subtree_control'), `+${name}`);
    return null;
  } catch (error) {
    return `the kernel refuses the ${name} controller in "${directory}": ${messageOf(error)}`;
  }
}

/** The controllers in a file of a cgroup that bounds need. */
function listed(directory: string, file: string): Set<Controller> {
  const words = read(join(directory, file)).split(/\s+/);
  return new Set(controllers.filter(name => words.includes(name)));
}

/** The root has no type, and may have processes beside what it hands on. */
function isRootOfAll(directory: string): boolean {
  return !existsSync(join(directory, 'cgroup.type'));
}

/** Leaves no process in the directory. Returns what prevents that, with a remedy, or null. */
function makeRoom(
  parent: string,
  { HOSTD_CGROUP: isPrepared, NOTIFY_SOCKET: manager }: Readonly<Record<string, string | undefined>>,
): string | null {
  const pids = read(join(parent, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
  if (pids.length === 0) return null;
  const others = pids.filter(pid => pid !== process.pid && readStat(pid)?.parent !== process.pid);
  if (others.length > 0)
    return `other processes are in "${parent}" too (such as ${others[0]}): start hostd by systemd, with etc/hostd.service`;
  // systemd could not start the next hostd in a directory that hands controllers on.
  if (manager !== undefined && isPrepared === undefined)
    return 'hostd was started by the unit of an earlier hostd: copy etc/hostd.service again (the Debian package has), then: systemctl daemon-reload && hostctl shutdown --keep-apps';
  try {
    const place = join(parent, movedPlace);
    mkdirSync(place, { recursive: true });
    for (const pid of pids) writeFileSync(join(place, 'cgroup.procs'), String(pid));
    return null;
  } catch (error) {
    return `hostd cannot leave "${parent}": ${messageOf(error)}`;
  }
}

/** Why hostd was not handed these controllers: does the kernel have them for cgroup v2? */
function whyMissing(off: readonly Controller[], parent: string): string {
  const known = listed(topOf(parent), 'cgroup.controllers');
  if (known.size === 0)
    return 'cgroup v2 has no controllers on this machine: boot with systemd.unified_cgroup_hierarchy=1';
  const withheld = off.filter(name => known.has(name));
  if (withheld.length > 0)
    return `"${parent}" is handed no ${withheld.join(', ')} controller: Delegate=yes in hostd.service`;
  const mend = off.includes('memory') ? 'boot with cgroup_enable=memory' : 'another kernel has it';
  return `the kernel has no ${off.join(', ')} controller here: ${mend}`;
}

function topOf(directory: string): string {
  const above = dirname(directory);
  return existsSync(join(above, 'cgroup.controllers')) ? topOf(above) : directory;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
