// What two apps cannot both have: a host name, a socket, a program's name. An app that runs with it keeps it. Of two new apps
// the first in file order gets it.

import { localName } from './app.ts';
import { isElsewhere } from './elsewhere.ts';
import type { App, Host, Program } from './host.ts';
import type { Problem, Source } from './problem.ts';

/** The state before the present reading. */
export interface Before {
  readonly incumbents?: Host | undefined;
  /** Apps that stay as they were, because the files have errors in them now. */
  readonly held?: readonly App[] | undefined;
}

interface Claim {
  readonly what: 'host name' | 'socket';
  readonly value: string;
  readonly owner: App;
  readonly source: Source;
}

export function findConflicts(
  apps: readonly App[],
  before: Before,
  where: (source: Source) => string,
): readonly Problem[] {
  const holders = new Map<string, Claim>();
  const hold = (claim: Claim) => {
    const key = `${claim.what} ${claim.value}`;
    if (!holders.has(key)) holders.set(key, claim);
  };
  const ran = new Map(before.incumbents?.apps.map(app => [app.name, new Set(claimsOf(app).map(keyOf))]));
  for (const app of before.held ?? []) claimsOf(app).forEach(hold);
  for (const app of apps)
    claimsOf(app)
      .filter(claim => ran.get(app.name)?.has(keyOf(claim)))
      .forEach(hold);
  const problems: Problem[] = [];
  for (const app of apps) {
    const lost = claimsOf(app).flatMap(claim => {
      const holder = holders.get(keyOf(claim));
      return holder === undefined || holder.owner.name === app.name ? [] : [conflict(claim, holder, where)];
    });
    problems.push(...lost);
    if (lost.length === 0) claimsOf(app).forEach(hold);
  }
  return [...problems, ...findSharedRoots(apps, where)];
}

function claimsOf(app: App): readonly Claim[] {
  const at = (key: string): Source => ({ file: app.source.file, key: [...app.source.key, key] });
  const names = new Set([...app.serverNames, ...app.redirectFrom, localName(app.name)]);
  return [
    ...[...names].map(
      (value): Claim => ({ what: 'host name', value, owner: app, source: sourceOfName(app, value) }),
    ),
    ...(isElsewhere(app)
      ? []
      : [{ what: 'socket', value: app.socket, owner: app, source: at('socket') } as const]),
  ];
}

function sourceOfName(app: App, name: string): Source {
  const lists = [
    ['server_names', app.serverNames],
    ['redirect_from', app.redirectFrom],
  ] as const;
  const found = lists.find(([, names]) => names.includes(name));
  const key = found === undefined ? [] : [found[0], found[1].indexOf(name)];
  return { file: app.source.file, key: [...app.source.key, ...key] };
}

function keyOf(claim: Claim): string {
  return `${claim.what} ${claim.value}`;
}

function conflict(claim: Claim, holder: Claim, where: (source: Source) => string): Problem {
  const { owner, what, value } = claim;
  const local =
    what === 'host name' &&
    value === localName(owner.name) &&
    !owner.serverNames.includes(value) &&
    !owner.redirectFrom.includes(value);
  const every = local ? ', and every app has NAME.localhost' : '';
  return {
    severity: 'error',
    message: `app "${owner.name}": ${what} "${value}" is already used by "${holder.owner.name}" (${where(holder.source)})${every}`,
    hint:
      what === 'socket'
        ? `socket = "${owner.root}/run/${owner.name}.sock"`
        : `leave it to "${holder.owner.name}", or take it away there`,
    at: claim.source,
    subject: owner.name,
  };
}

/** Two sites may share a virtualenv, so this is no error. But each can then write what the other runs. */
function findSharedRoots(apps: readonly App[], where: (source: Source) => string): readonly Problem[] {
  return apps.flatMap((app, index) => {
    const other = apps
      .slice(0, index)
      .find(earlier => isWithin(app.root, earlier.root) || isWithin(earlier.root, app.root));
    if (other === undefined) return [];
    const problem: Problem = {
      severity: 'warning',
      message: `app "${app.name}": root "${app.root}" overlaps with that of "${other.name}" (${where(other.source)})`,
      hint: 'a virtualenv of its own for each app',
      at: { file: app.source.file, key: [...app.source.key, 'root'] },
      subject: app.name,
    };
    return [problem];
  });
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** With process_name two programs can have the same name. */
export function findDoubleNames(
  programs: readonly Program[],
  where: (source: Source) => string,
): readonly Problem[] {
  const first = new Map<string, Program>();
  return programs.flatMap(program => {
    const other = first.get(program.name);
    first.set(program.name, other ?? program);
    if (other === undefined) return [];
    const subject = String(program.source.key[1]);
    const problem: Problem = {
      severity: 'error',
      message: `program "${subject}": "${program.name}" is already the name of another (${where(other.source)})`,
      hint: 'leave process_name out',
      at: { file: program.source.file, key: [...program.source.key, 'process_name'] },
      subject,
    };
    return [problem];
  });
}
