// The doctor's round: the machine first, then each app. Nothing is changed anywhere.

import type { Loaded } from '../config/load.ts';
import type { Problem } from '../model/problem.ts';
import type { Daemon } from './facts.ts';
import { type Finding, fromProblem, joined, type Looked, type Unseen } from './finding.ts';
import { lookForFronts } from './look/front.ts';
import { lookAtMachine, lookAtProgram } from './machine.ts';
import { inOrder } from './order.ts';
import { lookAtSite } from './site.ts';

export interface RoundOrder {
  readonly loaded: Loaded;
  readonly daemon: Daemon;
  /** Of the files on disk. */
  readonly version: string;
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly wake: boolean;
}

export interface Examined {
  /** null: the machine. */
  readonly name: string | null;
  /** The true cause first. */
  readonly findings: readonly Finding[];
  readonly unseen: readonly Unseen[];
}

/** Apps that are looked at at the same time. */
const atOnce = 3;

/** The names that can be asked for: apps, those with errors too, and programs of no app. */
export function knownNames({ loaded, daemon }: Pick<RoundOrder, 'loaded' | 'daemon'>): readonly string[] {
  const others = daemon.programs.filter(({ app, group }) => app === null && group !== 'hostd-proxy');
  return [...new Set([...appNames(loaded), ...others.map(({ name }) => name)])].sort();
}

/** All apps, in the order of their names. */
export function appNames({ host, problems }: Loaded): readonly string[] {
  const broken = problems.flatMap(({ at, subject }) =>
    subject !== undefined && isOfApp(subject, at) ? [subject] : [],
  );
  return [...new Set([...host.apps.map(({ name }) => name), ...broken])].sort();
}

/** Whether a problem's subject is an app whose table could not be used. */
function isOfApp(subject: string, at: Problem['at']): boolean {
  return at !== undefined && !subject.includes(':') && ('line' in at || at.key[0] === 'app');
}

/** Looks at the machine, and then at each of these names, in their order. */
export async function* examine(order: RoundOrder, names: readonly string[]): AsyncGenerator<Examined> {
  const { loaded } = order;
  const { host } = loaded;
  const fronts = lookForFronts(host);
  const apps = new Set(appNames(loaded));
  const ofMachine = loaded.problems.filter(
    ({ subject }) => subject === undefined || !apps.has(appOf(subject)),
  );
  yield toExamined(order, null, await lookAtMachine({ ...order, host, problems: ofMachine, fronts }));
  const look = async (name: string): Promise<Examined> => {
    const problems = loaded.problems.filter(
      ({ subject }) => subject !== undefined && appOf(subject) === name,
    );
    const app = host.apps.find(one => one.name === name);
    if (app !== undefined)
      return toExamined(order, name, await lookAtSite({ ...order, host, app, problems, fronts }));
    const broken = { findings: problems.map(problem => fromProblem('configuration', problem)), unseen: [] };
    if (problems.length > 0 && !order.daemon.programs.some(one => one.name === name))
      return toExamined(order, name, broken);
    return toExamined(order, name, joined(broken, await lookAtProgram(name, order.daemon, order.now)));
  };
  const begun: Promise<Examined>[] = [];
  for (const [index, name] of names.entries()) {
    for (let next = begun.length; next < Math.min(names.length, index + atOnce); next++) {
      const one = look(names[next] ?? name);
      one.catch(() => {}); // told when its turn comes
      begun.push(one);
    }
    const done = begun[index];
    if (done !== undefined) yield await done;
  }
}

function appOf(subject: string): string {
  return subject.split(':')[0] ?? subject;
}

/** Findings with their places in the files. */
function toExamined({ loaded }: RoundOrder, name: string | null, { findings, unseen }: Looked): Examined {
  const placed = findings.map(finding => {
    if (finding.at === undefined || 'line' in finding.at) return finding;
    const { at } = finding;
    const [problem] = loaded.place([{ severity: 'error', message: '', at }]);
    return problem?.at === undefined ? finding : { ...finding, at: problem.at };
  });
  return { name, findings: inOrder(placed), unseen };
}
