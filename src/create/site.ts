// Shared by the steps of one create: the order, the way to run commands, what has to be undone, and what was found on the way.

import { HostdError } from '../errors.ts';
import { native } from '../native/index.ts';
import type { Journal } from './journal.ts';
import type { Order } from './order.ts';
import type { Place } from './place.ts';
import type { Account, Command, Run } from './run.ts';

export interface Undo {
  /** Completes "cannot undo: ...": 'remove the user "hello"'. */
  readonly what: string;
  readonly action: () => Promise<void> | void;
}

/** Modules and places that only a look at the project's code can tell. */
export interface Found {
  readonly project: string;
  readonly settings: string;
  readonly wsgi: string;
}

export interface Site {
  readonly order: Order;
  readonly run: Run;
  readonly journal: Journal;
  /** The variables of hostctl's own environment that pip, git and apt-get need to reach their servers. */
  readonly network: Readonly<Record<string, string>>;
  readonly place: Place;
  /** The user of the proxy's workers. */
  readonly proxyUser: string;
  /** Called as soon as there is something to undo. The last registered is undone first. */
  onUndo(undo: Undo): void;
  /** The same, for something below the root, which needs no undoing when the root itself is removed. */
  onUndoBelow(undo: Undo): void;
  /** Prints something that the operator should know, beside the step's line. */
  note(text: string): void;
  /** Whether this run has made the root, and so everything below it. */
  rootIsMade: boolean;
  /** Whether the app's table was written by this run. */
  tomlIsMade: boolean;
  /** Tells hostd that the configuration is as before; null: hostd was not told of the app yet. */
  untell: (() => Promise<void>) | null;
  found: Found;
  /** The database in the settings, for people; "": not looked at. */
  database: string;
  /** A path that the app answers; null: none was found. */
  health: string | null;
  /** The table's [app.NAME.env], which manage.py needs too. */
  env: Readonly<Record<string, string>>;
}

/** The result of a step: the rest of its line. */
export interface Outcome {
  readonly made: boolean;
  readonly said: string;
}

export const there: Outcome = { made: false, said: 'there already' };

export function made(said = 'made'): Outcome {
  return { made: true, said };
}

/** The app's user. @throws HostdError when there is none */
export function accountOf(name: string): Account {
  const user = native.user(name);
  if (user === null) throw new HostdError('failed', `cannot find the user "${name}"`);
  return { name, uid: user.uid, gid: user.gid };
}

/** The app's user with the app's group. */
export function appAccount({ order }: Site): Account {
  const account = accountOf(order.user);
  return { ...account, gid: native.group(order.group)?.gid ?? account.gid };
}

/** A command of the app's user, with a clean environment. */
export function asApp(site: Site, argv: readonly string[], rest: Partial<Command> = {}): Command {
  const { root, user } = site.order;
  return {
    ...rest,
    argv,
    as: appAccount(site),
    env: {
      PATH: `${root}/bin:/usr/local/bin:/usr/bin:/bin`,
      HOME: root,
      USER: user,
      LOGNAME: user,
      ...rest.env,
    },
  };
}

/** The variables of an environment with which pip, git and apt-get find their servers. */
export function networkOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const wanted =
    /^(PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|FIND_LINKS|CERT|PROXY|DEFAULT_TIMEOUT|RETRIES|NO_INDEX)|SSL_CERT_(FILE|DIR)|(https?|no|all|ftp)_proxy)$/i;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && wanted.test(name) ? [[name, value]] : [],
    ),
  );
}
