// supervisorctl's actions by their names, and how a line that names one is run.

import { faultCodes } from '../../protocol/rpc.ts';
import { type Controller, exits, unforeseen } from './controller.ts';
import { add, avail, remove, reread, takesNothing, update } from './groups.ts';
import { fg, maintail, tail } from './logs.ts';
import { clear, pid, restart, signal, start, status, stop } from './processes.ts';
import { BadStatus, Fault, Unreachable } from './server.ts';
import { helpText, helpTexts } from './texts.ts';

/** true: the shell ends. */
type Action = (ctl: Controller, arg: string) => Promise<unknown>;

const quit: Action = async ctl => {
  ctl.say('');
  return true;
};

export const actions: Readonly<Record<string, Action>> = {
  add,
  avail,
  clear,
  exit: quit,
  fg,
  help,
  maintail,
  open,
  pid,
  quit,
  reload,
  remove,
  reread,
  restart,
  shutdown,
  signal,
  start,
  status,
  stop,
  tail,
  update,
  version,
};

/** Runs one line. true: the shell ends. */
export async function runLine(ctl: Controller, typed: string): Promise<boolean> {
  const line = typed.trim();
  if (line === '') return false;
  const whole = line.startsWith('?') ? `help ${line.slice(1)}` : line;
  const name = /^[A-Za-z0-9_]*/.exec(whole)?.[0] ?? '';
  const action = name === 'EOF' ? quit : Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    ctl.say(`*** Unknown syntax: ${whole}`);
    ctl.exit = exits.generic;
    return false;
  }
  const arg = whole.slice(name.length).trim();
  try {
    return (await action(ctl, arg)) === true;
  } catch (error) {
    if (!(error instanceof BadStatus) || error.status !== 401) {
      ctl.say(unforeseen(error));
      ctl.exit = exits.generic;
      return false;
    }
  }
  ctl.say('Server requires authentication');
  if (ctl.interactive) {
    const username = await ctl.terminal.ask('Username:');
    const password = username === null ? null : await ctl.terminal.askHidden('Password:');
    ctl.say('');
    if (username === null || password === null) return true;
    ctl.login = { ...ctl.login, username, password };
    return runLine(ctl, typed);
  }
  ctl.exit = exits.generic;
  try {
    await action(ctl, arg);
  } catch (error) {
    ctl.say(unforeseen(error));
  }
  return false;
}

async function help(ctl: Controller, arg: string): Promise<void> {
  if (arg === '') ctl.terminal.write(helpText);
  else if (arg === 'help')
    ctl.terminal.write('help\t\tPrint a list of available actions\nhelp <action>\tPrint help for <action>\n');
  else if (Object.hasOwn(helpTexts, arg)) ctl.terminal.write(helpTexts[arg as keyof typeof helpTexts]);
  else ctl.say(`*** No help on ${arg}`);
}

async function version(ctl: Controller, arg: string): Promise<void> {
  if (!takesNothing(ctl, arg, 'version') || !(await ctl.isUp())) return;
  ctl.say(String(await ctl.call('getSupervisorVersion')));
}

async function open(ctl: Controller, arg: string): Promise<void> {
  const url = arg.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== 'unix' && scheme !== 'http') {
    ctl.say('ERROR: url must be http:// or unix://');
    ctl.exit = exits.generic;
    return;
  }
  ctl.login = { ...ctl.login, serverurl: url };
  const before = ctl.exit;
  await status(ctl, '');
  ctl.exit = before;
}

/** Whether the user confirms it. Only a shell asks. */
async function isMeant(ctl: Controller, question: string): Promise<boolean> {
  if (!ctl.interactive) return true;
  return (await ctl.terminal.ask(question))?.toLowerCase().startsWith('y') === true;
}

async function shutdown(ctl: Controller, arg: string): Promise<void> {
  if (!takesNothing(ctl, arg, 'shutdown')) return;
  if (!(await isMeant(ctl, 'Really shut the remote supervisord process down y/N? '))) return;
  const { serverurl } = ctl.login;
  try {
    await ctl.call('shutdown');
    ctl.say('Shut down');
  } catch (error) {
    if (error instanceof Fault && error.code === faultCodes.SHUTDOWN_STATE) {
      ctl.say('ERROR: already shutting down');
      return;
    }
    if (!(error instanceof Fault || error instanceof Unreachable)) throw error;
    ctl.exit = exits.generic;
    if (error instanceof Unreachable && error.errno === 'ECONNREFUSED')
      ctl.say(`ERROR: ${serverurl} refused connection (already shut down?)`);
    else if (error instanceof Unreachable && error.errno === 'ENOENT')
      ctl.say(`ERROR: ${serverurl} no such file (already shut down?)`);
    else throw error;
  }
}

async function reload(ctl: Controller, arg: string): Promise<void> {
  if (!takesNothing(ctl, arg, 'reload')) return;
  if (!(await isMeant(ctl, 'Really restart the remote supervisord process y/N? '))) return;
  try {
    await ctl.call('restart');
    ctl.say('Restarted supervisord');
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    ctl.exit = exits.generic;
    if (error.code !== faultCodes.SHUTDOWN_STATE) throw error;
    ctl.say('ERROR: already shutting down');
  }
}
