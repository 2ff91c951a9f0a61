// What hostd adds to an app's gunicorn: each worker says its class once it has loaded the app (post_worker_init). So RUNNING means
// that the app can answer, and a reload knows when the new gunicorn is ready. A probe over the socket could not tell, since the old
// gunicorn may answer it.

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { as, type Owner } from '../../linux/paths.ts';
import { leavesToFile } from '../../model/app.ts';
import type { App, Host, Program } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { splitWords } from '../../words/shlex.ts';
import { ownPaths } from '../own/own-files.ts';
import { readLines } from '../proxies/lines.ts';

const configuration = `# Written by hostd at each start: the app's own gunicorn configuration, if it has one, and a word to hostd when
# a worker has loaded the app.
import importlib
import inspect
import json
import os
import runpy


def _own_settings():
    given = os.environ.get("HOSTD_GUNICORN_CONFIG", "")
    if given.startswith("python:"):
        return vars(importlib.import_module(given[len("python:"):]))
    path = given[len("file:"):] if given.startswith("file:") else given or "./gunicorn.conf.py"
    if not given and not os.path.exists(path):
        return {}
    return runpy.run_path(path)


# gunicorn's own control socket lies in HOME: two generations during a reload would share it, and hostctl does its work.
control_socket_disable = True

# hostd's own defaults: the app's own file, WEB_CONCURRENCY and every argument win over them.
_defaults = json.loads(os.environ.get("HOSTD_GUNICORN_DEFAULTS", "{}"))
if "WEB_CONCURRENCY" in os.environ:
    _defaults.pop("workers", None)
globals().update(_defaults)

globals().update((key, value) for key, value in _own_settings().items() if not key.startswith("_"))
# A reload has two generations for a while, which cannot share a file for the pid; and hostd supervises the process that it starts.
pidfile = None
daemon = False
# hostd has given up root already, and nobody else can become another user.
if os.geteuid() != 0:
    user = None
    group = None
_own_hook = globals().get("post_worker_init")


def _tell_of_errors():
    # On a trial nobody but the operator is there to see a traceback, and Django's own default tells it to nobody.
    import logging

    logger = asked = logging.getLogger("django.request")
    while logger is not None:
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler) and not handler.filters:
                return
        logger = logger.parent if logger.propagate else None
    asked.addHandler(logging.StreamHandler())


def _believe_the_proxy(worker):
    # A uvicorn worker on a unix socket believes nobody, or, told "*", the first address of X-Forwarded-For, which is the
    # client's own claim. The proxy sets both of these itself.
    config = getattr(worker, "config", None)
    if "FORWARDED_ALLOW_IPS" in os.environ or not hasattr(config, "forwarded_allow_ips"):
        return
    app = worker.wsgi
    if not (inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))):
        return

    async def believing(scope, receive, send):
        if scope["type"] in ("http", "websocket") and not scope.get("client"):
            said = dict(scope["headers"])
            scheme = said.get(b"x-forwarded-proto")
            if scheme in (b"http", b"https"):
                scheme = scheme.decode()
                scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
            address = said.get(b"x-real-ip")
            if address:
                scope["client"] = (address.decode("latin-1"), 0)
        await app(scope, receive, send)

    worker.wsgi = believing


def post_worker_init(worker):
    if _own_hook is not None:
        _own_hook(worker)
    if "HOSTD_PROXY" in os.environ:
        _believe_the_proxy(worker)
    if "HOSTD_TRIAL" in os.environ:
        _tell_of_errors()
    word = "s" if type(worker).__module__ == "gunicorn.workers.sync" else "w"
    try:
        os.write(int(os.environ["HOSTD_READY_FD"]), f"{word}{worker.cfg.workers}\\n".encode())
    except (KeyError, ValueError, OSError):
        pass
`;

/** The descriptor that gunicorn's workers write their word to. 3 is the socket (sd_listen_fds(3)). */
const readyFd = 4;
/** Bytes of one word. */
const longestWord = 6;

/** Writes the configuration file that every gunicorn is started with, and returns its path. */
export function writeGunicornConfiguration(runtimeDir: string): string {
  const path = ownPaths({ stateDir: '', runtimeDir }).gunicorn;
  writeFileSync(path, configuration, { mode: 0o644 });
  return path;
}

/** The app whose gunicorn this program is, or null for any other command. */
export function gunicornApp(program: Program, host: Host): App | null {
  if (program.kind !== 'gunicorn') return null;
  return host.apps.find(app => app.name === program.app) ?? null;
}

export interface ReadyWord {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The pipe's write end, for the child; the caller closes it. */
  readonly fd: number;
}

/**
 * Prepares a pipe on which gunicorn's workers say that they have loaded the app. `onReady` is called when the first worker has said so,
 * or `all` of them, with whether they are gunicorn's own sync workers. null: the app's user cannot read hostd's runtime directory, and
 * so cannot be given the configuration.
 */
export function arrangeReadyWord(
  program: Program,
  app: App,
  file: string,
  owner: Owner,
  all: boolean,
  onReady: (isSync: boolean) => void,
): ReadyWord | null {
  if (!readable(file, owner)) return null;
  const [read, write] = native.pipe();
  awaitWords(read, all, onReady);
  const own = configurationOption(program.command) ?? configurationOption(givenByVariable(program));
  return {
    // Of two --config options the last one counts.
    argv: [...withoutDefaults(program.command, app), '--config', file],
    env: {
      HOSTD_READY_FD: `${readyFd}`,
      HOSTD_GUNICORN_DEFAULTS: JSON.stringify(defaultsOf(app)),
      ...(own === null ? {} : { HOSTD_GUNICORN_CONFIG: own }),
    },
    fd: write,
  };
}

/** gunicorn's names for the values that the table may leave out. */
const assumable = { name: 'proc_name', workers: 'workers' } as const;

function defaultsOf(app: App): Readonly<Record<string, string | number>> {
  const values = { name: app.processName, workers: app.workers };
  return Object.fromEntries(app.assumed.map(key => [assumable[key], values[key]]));
}

/** The command without arguments whose values the table did not set: they would win over the app's own file. */
export function withoutDefaults(command: readonly string[], app: App): readonly string[] {
  // These arguments stand behind gunicorn and the module, before all arguments from the table.
  return app.assumed.reduce<readonly string[]>((words, key) => {
    const at = words.indexOf(`--${key}`);
    return !leavesToFile(app, key) && at >= 2 && at <= 4 ? words.toSpliced(at, 2) : words;
  }, command);
}

/** The arguments for gunicorn in the app's environment. */
function givenByVariable({ environment }: Program): readonly string[] {
  const split = splitWords(environment['GUNICORN_CMD_ARGS'] ?? '');
  return split.ok ? split.words : [];
}

/** The configuration file among the app's gunicorn_args: -c FILE, -cFILE, --config FILE, --config=FILE; null: none. */
export function configurationOption(command: readonly string[]): string | null {
  let found: string | null = null;
  command.forEach((argument, index) => {
    if (argument === '-c' || argument === '--config') found = command[index + 1] ?? null;
    else if (argument.startsWith('--config=')) found = argument.slice('--config='.length);
    else if (/^-c[^-]/.test(argument)) found = argument.slice(2);
  });
  return found;
}

/**
 * The lines of gunicorn's log since its start that say why the app did not load: the worker's own traceback, without
 * gunicorn's, which follows it. At most the last `most` lines.
 */
export function whyNotLoaded(lines: readonly string[], most: number): readonly string[] {
  const begin = lines.findIndex(line => line.includes('Exception in worker process'));
  if (begin < 0) {
    // gunicorn's lines on its own start and end are no reason.
    const others = lines.filter(line => !/^\[\d{4}-\d\d-\d\d [^\]]*\] \[\d+\] \[INFO\] /.test(line));
    return (others.length > 0 ? others : lines).slice(-most);
  }
  const length = lines.slice(begin + 1).findIndex(line => /^\[\d{4}-\d\d-\d\d /.test(line));
  const end = length < 0 ? lines.length : begin + 1 + length;
  return lines.slice(begin + 1, end).slice(-most);
}

function readable(file: string, owner: Owner): boolean {
  try {
    as(owner, () => closeSync(openSync(file, 'r')));
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads words, one a line: the kind of worker, and how many workers there will be. The pipe is closed once there are enough words, or
 * after a line that is no word. What later workers write then fails, which they ignore. The app can write here, too.
 */
function awaitWords(fd: number, all: boolean, callback: (allSync: boolean) => void): void {
  const kinds = new Set<string>();
  let left: number | null = null;
  readLines(fd, longestWord, line => {
    const [, kind, workers] = /^([sw])(\d{1,5})$/.exec(line) ?? [];
    if (kind === undefined) return false;
    kinds.add(kind);
    left = (left ?? (all ? Math.max(1, Number(workers)) : 1)) - 1;
    if (left > 0) return true;
    callback(!kinds.has('w'));
    return false;
  });
}
