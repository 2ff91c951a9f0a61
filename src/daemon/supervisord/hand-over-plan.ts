// Which runs of a hostd supervisord a hostd start can continue, and as which of its programs. Pure. A run is handed over only if the
// tables say of it what supervisord.conf says. Otherwise the next start would restart it.

import { changes } from '../../model/changes.ts';
import type { Channel, LogFile, Program } from '../../model/host.ts';
import type { Record } from '../runs/records.ts';

export interface HandOverContext {
  /** Of a user's name or number; null: there is none. */
  readonly uidOf: (user: string) => number | null;
  /** The user of a program without one: supervisord's, and hostd's. */
  readonly uid: number;
  readonly hostdsUid: number;
  /** [supervisord] directory, in which programs without one run. */
  readonly directory: string | null;
  /** What the environment of each program of a table has besides. */
  readonly usualEnvironment: Readonly<globalThis.Record<string, string>>;
  /** The path of an AUTO log. */
  readonly isAuto: (path: string) => boolean;
}

export interface GoesOn {
  /** The record to write: with hostd's name for the program, and with its table's definition. */
  readonly record: Record;
  /** Supervisor's name for it. */
  readonly former: string;
  /** Logs that are renamed to the table's names. */
  readonly renames: readonly { readonly from: string; readonly to: string }[];
}

export interface Stays {
  readonly name: string;
  readonly why: string;
  readonly hint: string;
}

export interface HandOver {
  readonly goOn: readonly GoesOn[];
  readonly stay: readonly Stays[];
}

/** `records`: the live runs. `tables`: hostd's programs. */
export function planHandOver(
  records: readonly Record[],
  tables: readonly Program[],
  context: HandOverContext,
): HandOver {
  const goOn: GoesOn[] = [];
  const stay: Stays[] = [];
  for (const record of records) {
    const judged = judge(record, tables, context);
    if ('why' in judged) stay.push(judged);
    else goOn.push(judged);
  }
  return { goOn, stay };
}

function judge(record: Record, tables: readonly Program[], context: HandOverContext): GoesOn | Stays {
  const { name, program } = record;
  const stays = (why: string, hint = `supervisorctl stop ${name}; hostd starts it by its table`): Stays => ({
    name,
    why,
    hint,
  });
  if (program.supervisord?.fastCgi != null)
    return stays(
      'hostd.toml has no word for a FastCGI program',
      `supervisorctl stop ${name}, and let an [app.NAME] serve it over HTTP; or keep its section in a supervisord.conf of its own`,
    );
  const table = tableOf(program, tables);
  if (table === null)
    return stays(
      'no table is for it',
      'hostctl import supervisor FILE, or: supervisorctl stop '.concat(name),
    );
  const before = asTable(program, table, context);
  const keys = changes([before], [table]).flatMap(change => change.keys);
  if (keys.length > 0) {
    const { key, file } = table.source;
    return stays(`[${key.join('.')}] of ${file} says another ${keys.join(', ')}`);
  }
  const renames = (['stdout', 'stderr'] as const).flatMap(channel => {
    const [from, to] = [program[channel]?.path ?? null, table[channel]?.path ?? null];
    return from === null || to === null || from === to ? [] : [{ from, to }];
  });
  return { record: { ...record, name: table.name, program: table }, former: name, renames };
}

/** A program by its name; or by its process's name, if only one program has it. */
function tableOf(program: Program, tables: readonly Program[]): Program | null {
  const same = tables.find(({ name }) => name === program.name);
  if (same !== undefined) return same;
  const process = program.supervisord?.process ?? program.name;
  const found = tables.filter(({ name }) => name.slice(name.lastIndexOf(':') + 1) === process);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The running program with the table's values where the two ways to start a program must differ. */
function asTable(program: Program, table: Program, context: HandOverContext): Program {
  const { uidOf, uid, hostdsUid, usualEnvironment } = context;
  const runsAs = program.user === null ? uid : Number(program.user);
  const wanted = table.user === null ? hostdsUid : uidOf(table.user);
  const log = (channel: Channel): LogFile | null => {
    const [was, is] = [program[channel], table[channel]];
    if (was === null || is === null) return was;
    const path = was.path === '/dev/null' ? null : was.path;
    const isMoved = path !== null && context.isAuto(path);
    return { ...is, path: isMoved ? is.path : path, through: was.through };
  };
  // What a listener writes there is for hostd.
  const stdout = program.kind === 'listener' ? table.stdout : (log('stdout') ?? table.stdout);
  return {
    ...table,
    command: program.command,
    directory: tidied(program.directory ?? context.directory),
    environment: { ...usualEnvironment, ...program.environment },
    user: runsAs === wanted ? table.user : String(runsAs),
    unixGroup: null,
    socket: null,
    kind: program.kind,
    listener: program.listener,
    umask: program.supervisord?.umask ?? table.umask,
    stdout,
    stderr: log('stderr'),
  };
}

function tidied(path: string | null): string | null {
  return path === null || path === '/' ? path : path.replace(/\/+$/, '');
}
