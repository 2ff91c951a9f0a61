// tail, maintail and fg.

import { faultCodes } from '../../protocol/rpc.ts';
import { repr } from '../../words/python.ts';
import type { Struct } from '../../xmlrpc/values.ts';
import { type Controller, exits, numberIn, wordsOf } from './controller.ts';
import { BadStatus, Fault, follow, type Login, Unreachable } from './server.ts';
import { helpTexts } from './texts.ts';

const usualBytes = 1600;

export async function tail(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const args = wordsOf(arg);
  if (args.length < 1 || args.length > 3) {
    ctl.say(`Error: too ${args.length < 1 ? 'few' : 'many'} arguments`);
    ctl.exit = exits.generic;
    ctl.terminal.write(helpTexts.tail);
    return;
  }
  const fail = (message: string) => {
    ctl.say(message);
    ctl.exit = exits.generic;
  };
  const modifier = args[0]?.startsWith('-') ? args.shift() : undefined;
  const [name] = args;
  if (name === undefined) return fail('Error: tail requires process name');
  const channel = args.length === 1 ? 'stdout' : (args.at(-1) ?? '').toLowerCase();
  if (channel !== 'stdout' && channel !== 'stderr') return fail(`Error: bad channel ${repr(channel)}`);
  if (modifier === '-f') return followLog(ctl, `/logtail/${name}/${channel}`);
  const bytes = modifier === undefined ? usualBytes : bytesOf(modifier);
  if (bytes === null) return fail(`Error: bad argument ${modifier}`);
  const method = channel === 'stdout' ? 'readProcessStdoutLog' : 'readProcessStderrLog';
  await show(ctl, name, method, name, -bytes, 0);
}

export async function maintail(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const args = wordsOf(arg);
  if (args.length > 1) {
    ctl.say('Error: too many arguments');
    ctl.exit = exits.generic;
    ctl.terminal.write(helpTexts.maintail);
    return;
  }
  const [modifier] = args;
  if (modifier === '-f') return followLog(ctl, '/mainlogtail');
  const bytes = modifier === undefined ? usualBytes : modifier.startsWith('-') ? bytesOf(modifier) : null;
  if (bytes === null) {
    ctl.say(`Error: bad argument ${modifier}`);
    ctl.exit = exits.generic;
    return;
  }
  await show(ctl, 'supervisord', 'readLog', -bytes, 0);
}

function bytesOf(modifier: string): number | null {
  return /^-\s*[+-]?\d+(_\d+)*$/.test(modifier) ? Number(modifier.slice(1).replaceAll('_', '')) : null;
}

async function show(
  ctl: Controller,
  name: string,
  method: string,
  ...params: readonly (string | number)[]
): Promise<void> {
  try {
    ctl.say(String(await ctl.call(method, ...params)));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    ctl.exit = exits.generic;
    if (error.code === faultCodes.NO_FILE) ctl.say(`${name}: ERROR (no log file)`);
    else if (error.code === faultCodes.FAILED) ctl.say(`${name}: ERROR (unknown error reading log)`);
    else if (error.code === faultCodes.BAD_NAME && name !== 'supervisord')
      ctl.say(`${name}: ERROR (no such process name)`);
    else throw error;
  }
}

/** Follows a log until Ctrl-C, or until the server ends it. */
async function followLog(ctl: Controller, path: string): Promise<void> {
  ctl.say('==> Press Ctrl-C to exit <==');
  const stop = new AbortController();
  let interrupted = false;
  const quiet = ctl.terminal.onInterrupt(() => {
    interrupted = true;
    stop.abort();
  });
  await copy(ctl.login, path, stop.signal, text => ctl.terminal.write(text));
  quiet();
  if (interrupted) ctl.say('');
}

/** Copies a log to the output. Errors go to stderr, as in Supervisor. */
async function copy(
  login: Login,
  path: string,
  signal: AbortSignal,
  write: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder('utf-8');
  try {
    for await (const bytes of await follow(login, path, signal))
      write(decoder.decode(bytes, { stream: true }));
  } catch (error) {
    if (signal.aborted) return;
    const why =
      error instanceof BadStatus
        ? `Cannot read, status code ${error.status}`
        : `Cannot connect, error: ${error instanceof Unreachable ? error.errno : String(error)}`;
    process.stderr.write(`${login.serverurl}${path} ${why}\n`);
  }
}

export async function fg(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const [name, ...more] = wordsOf(arg);
  if (name === undefined) {
    ctl.say('ERROR: no process name supplied');
    ctl.exit = exits.generic;
    ctl.terminal.write(helpTexts.fg);
    return;
  }
  if (more.length > 0) {
    ctl.say('ERROR: too many process names supplied');
    ctl.exit = exits.generic;
    return;
  }
  const isRunning = async () => numberIn((await ctl.call('getProcessInfo', name)) as Struct, 'state') === 20;
  try {
    if (!(await isRunning())) {
      ctl.say('ERROR: process not running');
      ctl.exit = exits.generic;
      return;
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === faultCodes.BAD_NAME) {
      ctl.say('ERROR: bad process name supplied');
      ctl.exit = exits.generic;
    } else ctl.say(`ERROR: ${faultText(error)}`);
    return;
  }
  ctl.say('==> Press Ctrl-C to exit <==');
  await converse(ctl, name, isRunning);
}

function faultText({ code, text }: Fault): string {
  return `<Fault ${code}: ${repr(text)}>`;
}

/** Sends lines to a program's stdin and shows both its logs, until Ctrl-C, the end of the input, or the program's end. */
async function converse(ctl: Controller, name: string, isRunning: () => Promise<boolean>): Promise<void> {
  const stop = new AbortController();
  const interrupted = new Promise<null>(resolve => {
    const quiet = ctl.terminal.onInterrupt(() => resolve(null));
    stop.signal.addEventListener('abort', () => quiet());
  });
  for (const channel of ['stdout', 'stderr'])
    void copy(ctl.login, `/logtail/${name}/${channel}`, stop.signal, text => ctl.terminal.write(text));
  const end = (said?: string) => {
    if (said !== undefined) ctl.say(said);
    ctl.say('Exiting foreground');
    stop.abort();
  };
  for (;;) {
    const line = await Promise.race([ctl.terminal.ask(''), interrupted]);
    if (line === null) return end();
    try {
      await ctl.call('sendProcessStdin', name, `${line}\n`);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return end(error.code === faultCodes.NOT_RUNNING ? 'Process got killed' : `ERROR: ${faultText(error)}`);
    }
    if (!(await isRunning())) return end('Process got killed');
  }
}
