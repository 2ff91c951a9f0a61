// hostd's part of cgroup v2 (cgroups(7)): a directory for each run, within one for its app, and their bounds. Where hostd can write to no
// cgroup2, there are none, and run.ts falls back on process groups.

import { closeSync, mkdirSync, readFileSync, writeFile, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { boundsOf, type Controller, noBounds } from '../../model/bounds.ts';
import type { Program } from '../../model/host.ts';
import { supervisionRows } from '../../model/supervision.ts';
import { type Setting, settingsOf, unheldKeys, unheldText } from './bounds.ts';
import { appEnding, cgroupPath, openKill, ownCgroup, removeCgroup } from './cgroups.ts';
import { delegatedIn, handOn, type Switched, switchOn } from './controllers.ts';

export interface Cgroups {
  /** Makes the cgroup of a run, within its app's and with the program's bounds. Returns its path. */
  make(program: Program, number: number): string;
  /** Makes a cgroup without bounds, for something that is no program. */
  makePlain(name: string): string;
  /** Applies the program's present bounds to a run. Resolves with what is not in force, and a remedy; null: all are. */
  bind(cgroup: string, program: Program): Promise<string | null>;
  /** The controllers that a program with bounds finds. */
  controllers(): ReadonlySet<Controller>;
  /** Removes the directory of the runs' cgroups, if it is empty. */
  close(): void;
}

/** Where hostd's cgroups go; null: it can have none. `id` keeps two hostds on one machine apart. */
export function findCgroups(id: string): Cgroups | null {
  const own = ownCgroup(readFileSync('/proc/self/cgroup', 'utf8'));
  const path = own === null ? null : cgroupPath(readFileSync('/proc/self/mountinfo', 'utf8'), own);
  if (path === null) return null;
  const parent = delegatedIn(path);
  const base = join(parent, `hostd-${id}`);
  try {
    mkdirSync(base, { recursive: true });
    closeSync(openKill(base));
  } catch {
    removeCgroup(base);
    return null;
  }
  return makeTree(parent, base);
}

function makeTree(parent: string, base: string): Cgroups {
  let switched: Switched | null = null;
  const controllers = () => {
    switched ??= switchOn(parent, base);
    return switched;
  };
  return {
    make(program, number) {
      const { app, name } = program;
      const path = join(base, ...(app === null ? [] : [`${app}${appEnding}`]), `${name}.${number}`);
      mkdirSync(path, { recursive: true });
      if (switched !== null || boundsOf(program).length > 0)
        // bind() reports a bound that is not in force.
        for (const { file, text } of settingsFor(base, path, program, controllers()))
          write(() => writeFileSync(file, text));
      return path;
    },
    makePlain(name) {
      const path = join(base, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    async bind(cgroup, program) {
      if (switched === null && boundsOf(program).length === 0) return null;
      const { on, why } = controllers();
      const failures: string[] = [];
      for (const { field, file, text, isExtra } of settingsFor(base, cgroup, program, { on, why })) {
        // With a bound below what is used, the kernel takes a while.
        const failure = await failureOf(file, text, isExtra);
        const isAsked = program[field] > 0 || (program.appBounds?.[field] ?? 0) > 0;
        if (failure !== null && isAsked) failures.push(unheldText([supervisionRows[field].key], failure));
      }
      const { appBounds = noBounds } = program;
      if (appOf(base, cgroup) === null && boundsOf({ ...program, ...noBounds, appBounds }).length > 0)
        failures.push("the app's bounds hold from its next start: an earlier hostd has started this run");
      const keys = unheldKeys(program, on);
      if (keys.length > 0) failures.push(unheldText(keys, why ?? 'the kernel has no controller for it'));
      return failures.length === 0 ? null : [...new Set(failures)].join('; ');
    },
    controllers: () => controllers().on,
    close: () => removeCgroup(base),
  };
}

/** The app's cgroup that a run's cgroup is in, or null. */
function appOf(base: string, cgroup: string): string | null {
  const above = dirname(cgroup);
  return above.endsWith(appEnding) && dirname(above) === base ? above : null;
}

/** What is to stand where; the app's cgroup hands on what it has been given. */
function settingsFor(base: string, cgroup: string, program: Program, { on }: Switched): readonly Setting[] {
  const app = appOf(base, cgroup);
  const at = (directory: string) => (setting: Setting) => ({
    ...setting,
    file: join(directory, setting.file),
  });
  if (app !== null) for (const name of on) handOn(app, name);
  return [
    ...(app === null ? [] : settingsOf(program.appBounds ?? noBounds, on).map(at(app))),
    ...settingsOf(program, on).map(at(cgroup)),
  ];
}

function write(work: () => void): void {
  try {
    work();
  } catch {
    // Not every kernel has every file.
  }
}

/** What is wrong with writing it; null: nothing. `isExtra`: the kernel may lack the file. Never rejects. */
function failureOf(file: string, text: string, isExtra: boolean): Promise<string | null> {
  return new Promise(resolve =>
    writeFile(file, text, error => {
      if (error === null || (isExtra && error.code === 'ENOENT')) return resolve(null);
      resolve(error.code === 'ENOENT' ? `the kernel has no ${basename(file)}` : messageOf(error));
    }),
  );
}
