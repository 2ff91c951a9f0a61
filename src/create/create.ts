// Creates an app step by step. If a step fails, it undoes what this run has made, the last step first.

import { existsSync } from 'node:fs';
import { HostdError, messageOf } from '../errors.ts';
import { ownerOf } from '../linux/trusted.ts';
import { native } from '../native/index.ts';
import { checkUser, makeGroup, makeUser } from './accounts.ts';
import { fetchCode, isBareRepository } from './code.ts';
import { checkDatabase, makeDatabase, makeRole } from './database.ts';
import { makeDirectories, makeRoot } from './directories.ts';
import { collectStatic, makeProject, makeSecret, migrate } from './django.ts';
import { installDriver } from './driver.ts';
import { findHealth } from './health.ts';
import { type Journal, lockJournal, openJournal, tidyStateDirectory } from './journal.ts';
import type { Order } from './order.ts';
import { installPackages } from './packages.ts';
import { checkConflicts, type Place } from './place.ts';
import { makeRun } from './run.ts';
import { chooseSettings } from './settings.ts';
import { networkOf, type Outcome, type Site, type Undo } from './site.ts';
import { type StepKind, stepsOf, titleOf } from './steps.ts';
import { writeToml } from './toml-step.ts';
import { makeVirtualenv } from './virtualenv.ts';

/** Is told of each thing that happens. */
export interface Report {
  begin(title: string, number: number, total: number): void;
  done(title: string, outcome: Outcome): void;
  note(text: string): void;
  /** A step has failed. What was made is now undone. */
  failed(error: unknown): void;
  /** Something that this run has made was undone, or could not be. */
  undone(what: string, error: string | null): void;
}

export interface CreateOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the present step. What was made is then undone. */
  readonly signal: AbortSignal;
  /** Whether a failed run leaves what it has made, for the next run to go on from there. */
  readonly keep: boolean;
  /** Tells hostd of the app, and waits for it. `isNew`: this run has written its table. */
  tell(isNew: boolean): Promise<Outcome>;
  /** Tells hostd that the app is gone. */
  untell(): Promise<void>;
}

const performers: Readonly<Record<StepKind, (site: Site) => Outcome | Promise<Outcome>>> = {
  group: makeGroup,
  user: makeUser,
  root: makeRoot,
  directories: makeDirectories,
  virtualenv: makeVirtualenv,
  code: fetchCode,
  packages: installPackages,
  driver: installDriver,
  secret: makeSecret,
  settings: chooseSettings,
  project: makeProject,
  role: makeRole,
  database: makeDatabase,
  migrate,
  static: collectStatic,
  health: findHealth,
  toml: writeToml,
};

/** @throws HostdError of the step that failed, after everything that can be undone has been */
export async function create(
  order: Order,
  place: Place,
  report: Report,
  options: CreateOptions,
): Promise<void> {
  if (process.geteuid?.() !== 0)
    throw new HostdError('permission', 'cannot create an app: only root can make users', {
      hint: `sudo hostctl create ${order.name}, or --dry-run to see what it would do`,
    });
  const { stateDir } = place.settings;
  const unlock = lockJournal(stateDir);
  const journal = openJournal(stateDir, order.name);
  const isFirst = journal.read() === null;
  try {
    await take(order, place, journal, report, options);
  } finally {
    if (isFirst && journal.read()?.made.length === 0 && !existsSync(place.tomlFile)) journal.remove();
    tidyStateDirectory(stateDir);
    unlock();
  }
}

async function take(
  order: Order,
  place: Place,
  journal: Journal,
  report: Report,
  options: CreateOptions,
): Promise<void> {
  const undos: Undo[] = [];
  let signal = options.signal;
  const site = makeSite(
    order,
    place,
    journal,
    report,
    undos,
    makeRun(() => signal),
    options.env,
  );
  try {
    await preflight(site);
    const steps = stepsOf(order);
    for (const [index, kind] of steps.entries()) {
      const title = titleOf(kind, order);
      report.begin(title, index + 1, steps.length + 1);
      const outcome = await performers[kind](site);
      if (signal.aborted) throw new HostdError('failed', 'interrupted');
      report.done(title, outcome);
    }
    report.begin('start', steps.length + 1, steps.length + 1);
    site.untell = options.untell;
    const outcome = await options.tell(site.tomlIsMade);
    if (signal.aborted) throw new HostdError('failed', 'interrupted');
    report.done('start', outcome);
  } catch (error) {
    report.failed(error);
    signal = new AbortController().signal;
    if (!options.keep) await undoAll(undos, report);
    throw error;
  }
}

function makeSite(
  order: Order,
  place: Place,
  journal: Journal,
  report: Report,
  undos: Undo[],
  run: Site['run'],
  env: CreateOptions['env'],
): Site {
  const site: Site = {
    order,
    place,
    journal,
    run,
    network: networkOf(env),
    proxyUser: place.settings.proxy.user,
    onUndo: undo => void undos.push(undo),
    onUndoBelow: undo => void (site.rootIsMade || undos.push(undo)),
    note: text => report.note(text),
    rootIsMade: false,
    tomlIsMade: false,
    untell: null,
    found: { project: order.project, settings: order.settings, wsgi: order.wsgi },
    database: '',
    health: null,
    env: order.existing?.env ?? {},
  };
  return site;
}

/** Finds out what would fail anyway, before anything is made. */
async function preflight(site: Site): Promise<void> {
  const { order, place, run } = site;
  checkConflicts(order, place.host);
  const found = native.user(order.user);
  if (found !== null) checkUser(site, found);
  ownerOf(order.root);
  for (const tool of ['/usr/bin/setpriv', '/usr/sbin/useradd'])
    if (!existsSync(tool))
      throw new HostdError('failed', `cannot find ${tool}`, { hint: 'apt-get install passwd util-linux' });
  const isCloned =
    order.code.kind === 'git' || (order.code.kind === 'directory' && isBareRepository(order.code.path));
  if (isCloned && (await run({ argv: ['git', '--version'] })).code !== 0)
    throw new HostdError('failed', 'cannot find git', { hint: 'apt-get install git, or: --from DIR' });
  if (order.code.kind === 'directory' && !existsSync(order.code.path))
    throw new HostdError('failed', `cannot find the directory "${order.code.path}"`, { hint: '--from DIR' });
  if (order.requirements !== null && !existsSync(order.requirements))
    throw new HostdError('failed', `cannot find "${order.requirements}"`, { hint: '--requirements FILE' });
  if (order.database?.kind === 'postgresql') await checkDatabase(run, order.database);
}

async function undoAll(undos: readonly Undo[], report: Report): Promise<void> {
  for (const { what, action } of undos.toReversed()) {
    try {
      await action();
      report.undone(what, null);
    } catch (error) {
      report.undone(what, messageOf(error));
    }
  }
}
