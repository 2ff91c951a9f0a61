// status, pid, start, stop, restart, signal and clear.

import { faultCodes } from '../../protocol/rpc.ts';
import { joinName, splitName } from '../../words/process-names.ts';
import type { Struct } from '../../xmlrpc/values.ts';
import { type Controller, exits, numberIn, textIn, UnknownResult, wordsOf } from './controller.ts';
import { Fault } from './server.ts';
import { helpTexts } from './texts.ts';

/** STOPPED, EXITED, FATAL, UNKNOWN. */
const stopped: readonly number[] = [0, 100, 200, 1000];

export async function status(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) {
    ctl.exit = exits.statusUnknown;
    return;
  }
  const all = await ctl.structs('getAllProcessInfo');
  const names = wordsOf(arg);
  const chosen =
    names.length === 0 || names.includes('all') ? all : names.flatMap(name => pick(ctl, all, name));
  show(ctl, chosen);
  if (chosen.some(info => stopped.includes(numberIn(info, 'state')))) ctl.exit = exits.statusNotRunning;
}

function pick(ctl: Controller, all: readonly Struct[], typed: string): readonly Struct[] {
  const { group, name } = splitName(typed);
  const found = all.filter(
    info => textIn(info, 'group') === group && (name === null || textIn(info, 'name') === name),
  );
  if (found.length === 0) {
    ctl.say(name === null ? `${group}: ERROR (no such group)` : `${typed}: ERROR (no such process)`);
    ctl.exit = exits.statusUnknown;
  }
  return found;
}

function show(ctl: Controller, infos: readonly Struct[]): void {
  const names = infos.map(info => joinName({ group: textIn(info, 'group'), name: textIn(info, 'name') }));
  const width = Math.max(30, ...names.map(name => [...name].length)) + 3;
  for (const [i, info] of infos.entries()) {
    const name = names[i] ?? '';
    const pad = ' '.repeat(Math.max(0, width - [...name].length));
    ctl.say(`${name}${pad}${textIn(info, 'statename').padEnd(10)}${textIn(info, 'description')}`);
  }
}

export async function pid(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const names = wordsOf(arg);
  if (names.length === 0) {
    ctl.say(String(await ctl.call('getPID')));
    return;
  }
  if (names.includes('all')) {
    for (const info of await ctl.structs('getAllProcessInfo')) ctl.say(String(numberIn(info, 'pid')));
    return;
  }
  for (const name of names) {
    try {
      const number = numberIn((await ctl.call('getProcessInfo', name)) as Struct, 'pid');
      ctl.say(String(number));
      if (number === 0) ctl.exit = exits.notRunning;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      ctl.exit = exits.generic;
      if (error.code !== faultCodes.BAD_NAME) throw error;
      ctl.say(`No such process ${name}`);
    }
  }
}

/** Something that is done to one process, a group or all, and the messages about it. */
interface Deed {
  readonly one: string;
  readonly group: string;
  readonly all: string;
  readonly more: readonly string[];
  /** A fault that does not count as a failure. */
  readonly ignored?: number;
  /** The exit code for a group that does not exist. */
  readonly noGroup: number;
  /** Whether any other fault of a group counts as a failure before it is reported. */
  readonly strict: boolean;
  tell(result: { readonly name: string; readonly status: number; readonly description: string }): string;
}

const starting: Deed = {
  one: 'startProcess',
  group: 'startProcessGroup',
  all: 'startAllProcesses',
  more: [],
  ignored: faultCodes.ALREADY_STARTED,
  noGroup: exits.invalidArgs,
  strict: true,
  tell({ name, status: code }) {
    const words: Readonly<Record<number, string>> = {
      [faultCodes.BAD_NAME]: 'no such process',
      [faultCodes.NO_FILE]: 'no such file',
      [faultCodes.NOT_EXECUTABLE]: 'file is not executable',
      [faultCodes.ALREADY_STARTED]: 'already started',
      [faultCodes.SPAWN_ERROR]: 'spawn error',
      [faultCodes.ABNORMAL_TERMINATION]: 'abnormal termination',
    };
    if (code === faultCodes.SUCCESS) return `${name}: started`;
    if (words[code] === undefined) throw new UnknownResult(code, name, 769);
    return `${name}: ERROR (${words[code]})`;
  },
};

function signalled(success: string) {
  return ({ name, status: code, description }: { name: string; status: number; description: string }) => {
    const words: Readonly<Record<number, string>> = {
      [faultCodes.BAD_NAME]: 'no such process',
      [faultCodes.BAD_SIGNAL]: 'bad signal name',
      [faultCodes.NOT_RUNNING]: 'not running',
    };
    if (code === faultCodes.SUCCESS) return `${name}: ${success}`;
    if (code === faultCodes.FAILED) return description;
    if (words[code] === undefined) throw new UnknownResult(code, name, 846);
    return `${name}: ERROR (${words[code]})`;
  };
}

const stopping: Deed = {
  one: 'stopProcess',
  group: 'stopProcessGroup',
  all: 'stopAllProcesses',
  more: [],
  ignored: faultCodes.NOT_RUNNING,
  noGroup: exits.generic,
  strict: true,
  tell: signalled('stopped'),
};

async function act(ctl: Controller, names: readonly string[], deed: Deed): Promise<void> {
  const tell = (group: string, name: string, code: number, description: string) => {
    ctl.say(deed.tell({ name: joinName({ group, name }), status: code, description }));
    ctl.note(code, deed.ignored);
  };
  const tellAll = (results: readonly Struct[]) => {
    for (const result of results)
      tell(
        textIn(result, 'group'),
        textIn(result, 'name'),
        numberIn(result, 'status'),
        textIn(result, 'description'),
      );
  };
  if (names.includes('all')) {
    tellAll(await ctl.structs(deed.all, ...deed.more));
    return;
  }
  for (const typed of names) {
    const { group, name } = splitName(typed);
    try {
      if (name === null) tellAll(await ctl.structs(deed.group, group, ...deed.more));
      else {
        await ctl.call(deed.one, typed, ...deed.more);
        tell(group, name, faultCodes.SUCCESS, '');
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (name !== null) tell(group, name, error.code, error.text);
      else if (error.code === faultCodes.BAD_NAME) {
        ctl.say(`${group}: ERROR (no such group)`);
        ctl.exit = deed.noGroup;
      } else {
        if (deed.strict) ctl.exit = exits.generic;
        throw error;
      }
    }
  }
}

export async function start(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const names = wordsOf(arg);
  if (names.length === 0) {
    ctl.say('Error: start requires a process name');
    ctl.exit = exits.invalidArgs;
    ctl.terminal.write(helpTexts.start);
    return;
  }
  await act(ctl, names, starting);
}

export async function stop(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const names = wordsOf(arg);
  if (names.length === 0) {
    ctl.say('Error: stop requires a process name');
    ctl.exit = exits.generic;
    ctl.terminal.write(helpTexts.stop);
    return;
  }
  await act(ctl, names, stopping);
}

export async function restart(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  if (wordsOf(arg).length === 0) {
    ctl.say('Error: restart requires a process name');
    ctl.exit = exits.generic;
    ctl.terminal.write(helpTexts.restart);
    return;
  }
  await stop(ctl, arg);
  await start(ctl, arg);
}

export async function signal(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const [which, ...names] = wordsOf(arg);
  if (which === undefined || names.length === 0) {
    ctl.say('Error: signal requires a signal name and a process name');
    ctl.terminal.write(helpTexts.signal);
    ctl.exit = exits.generic;
    return;
  }
  await act(ctl, names, {
    one: 'signalProcess',
    group: 'signalProcessGroup',
    all: 'signalAllProcesses',
    more: [which],
    noGroup: exits.generic,
    strict: false,
    tell: signalled('signalled'),
  });
}

export async function clear(ctl: Controller, arg: string): Promise<void> {
  if (!(await ctl.isUp())) return;
  const names = wordsOf(arg);
  if (names.length === 0) {
    ctl.say('Error: clear requires a process name');
    ctl.exit = exits.generic;
    ctl.terminal.write(helpTexts.clear);
    return;
  }
  const tell = (group: string, name: string, code: number) => {
    const full = joinName({ group, name });
    if (code === faultCodes.BAD_NAME) ctl.say(`${full}: ERROR (no such process)`);
    else if (code === faultCodes.FAILED) ctl.say(`${full}: ERROR (failed)`);
    else if (code === faultCodes.SUCCESS) ctl.say(`${full}: cleared`);
    else throw new UnknownResult(code, full, 1261);
    ctl.note(code);
  };
  if (names.includes('all')) {
    for (const result of await ctl.structs('clearAllProcessLogs'))
      tell(textIn(result, 'group'), textIn(result, 'name'), numberIn(result, 'status'));
    return;
  }
  for (const typed of names) {
    const { group, name } = splitName(typed);
    try {
      await ctl.call('clearProcessLogs', typed);
      tell(group, name ?? 'None', faultCodes.SUCCESS);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      tell(group, name ?? 'None', error.code);
    }
  }
}
