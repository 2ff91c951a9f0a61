// hostd dev from its command line to its end.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostdError } from '../errors.ts';
import { native } from '../native/index.ts';
import { gather } from './plan/gather.ts';
import { namesFolder } from './plan/names-folder.ts';
import type { PlanContext, ServerKind } from './plan/plan.ts';
import { writeWrapper } from './plan/python-app.ts';
import { Session, type SessionOptions } from './session.ts';
import { howToTrust } from './sites/certificates.ts';
import { freePort, taken } from './sites/listen.ts';

export interface DevOptions {
  /** DIR, NAME=DIR or FILE.toml; empty: the working directory. */
  readonly operands: readonly string[];
  /** NAME=URL. */
  readonly proxies: readonly string[];
  /** null: 8000, or the next free port. */
  readonly port: number | null;
  readonly https: boolean;
  /** null: the kind of server that suits the project. */
  readonly server: ServerKind | null;
  readonly lazy: boolean;
  /** Minutes without a request until a lazy app is stopped. */
  readonly idleMinutes: number;
}

export interface DevSurroundings extends Pick<SessionOptions, 'env' | 'screen' | 'keys'> {
  readonly complain: (error: HostdError) => void;
  /** Calls back for each change of the terminal's size. */
  readonly onResize: (listener: () => void) => void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Returns the exit code: 0 after Ctrl-C, the normal end, and 1 when there was nothing to run. */
export async function runDev(options: DevOptions, around: DevSurroundings): Promise<number> {
  const runtime = mkdtempSync(join(tmpdir(), 'hostd-dev-'));
  const session = makeSession(runtime, options, around);
  let quit: () => void = () => {};
  const ended = new Promise<void>(resolve => {
    let times = 0;
    quit = () => {
      // A second Ctrl-C does not wait.
      if (++times > 1) session.killAll();
      resolve();
    };
    for (const name of signals) process.on(name, quit);
    // Even an error in hostd must not leave the apps behind.
    process.on('uncaughtException', error => {
      session.killAll();
      throw error;
    });
  });
  try {
    // Orphans become children of this process, so none is lost. They are not reaped: libuv reaps its own children, and the two
    // could not be told apart.
    native.subreaper();
    const context = makeContext(runtime, options, around);
    writeWrapper(runtime);
    const gathered = await Promise.race([gather(asked(options, around), context), ended]);
    if (gathered === undefined) return 0;
    const { apps, errors } = gathered;
    for (const error of errors) around.complain(error);
    if (apps.length === 0) return 1;
    session.add(apps);
    await session.open(options);
    greet(session, options, around);
    session.start(quit);
    around.onResize(() => session.resized());
    await ended;
    session.display.say('stopping');
    return 0;
  } catch (error) {
    if (!(error instanceof HostdError)) throw error;
    around.complain(error);
    return 1;
  } finally {
    await session.stop();
  }
}

function makeSession(runtime: string, { idleMinutes }: DevOptions, around: DevSurroundings): Session {
  const { env, screen, keys } = around;
  const session = new Session({
    env,
    screen,
    keys,
    runtime,
    marker: `HOSTD_DEV=${process.pid}.${Date.now().toString(36)}`,
    idleMs: idleMinutes * 60_000,
    newApps: async known => {
      const context = makeContext(runtime, { server: null, lazy: true }, around);
      const { apps, errors } = await gather({ operands: [], proxies: [], names: namesFolder(env) }, context);
      for (const { message, hint } of errors)
        session.display.say(hint === undefined ? message : `${message}\n  try: ${hint}`);
      return apps.filter(app => !known.has(app.name));
    },
  });
  return session;
}

function makeContext(
  runtime: string,
  { server, lazy }: Pick<DevOptions, 'server' | 'lazy'>,
  { env }: DevSurroundings,
): PlanContext {
  return { env, runtime, server, lazy, freePort };
}

/** Without a folder or a server this is the working directory, unless the folder of names is enough. */
function asked({ operands, proxies }: DevOptions, { env }: DevSurroundings) {
  return {
    operands: operands.length === 0 && proxies.length === 0 ? ['.'] : operands,
    proxies,
    names: namesFolder(env),
  };
}

function greet(session: Session, { port }: DevOptions, around: DevSurroundings): void {
  const { display, apps, certificates } = session;
  if (port === null && session.port !== 8000) around.complain(taken(8000));
  for (const app of apps) for (const note of app.plan.notes) display.say(`${app.name}: ${note}`);
  display.say(session.list());
  display.say(
    `all apps: ${session.urlOf('')}${around.keys === null ? '' : '   press h for keys, Ctrl-C to leave'}`,
  );
  if (certificates?.isNew) display.say(howToTrust(certificates.authority));
  else if (certificates !== null) display.say(`the authority is ${certificates.authority}`);
}
