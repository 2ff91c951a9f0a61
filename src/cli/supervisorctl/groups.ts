// avail, reread, add, remove, update.

import { faultCodes } from '../../protocol/rpc.ts';
import { joinName } from '../../words/process-names.ts';
import type { Value } from '../../xmlrpc/values.ts';
import { type Controller, exits, numberIn, textIn, wordsOf } from './controller.ts';
import { Fault } from './server.ts';
import { helpTexts } from './texts.ts';

/** Whether the action has no arguments. If it has some, it has said that it takes none. */
export function takesNothing(ctl: Controller, arg: string, action: keyof typeof helpTexts): boolean {
  if (arg === '') return true;
  ctl.say(`Error: ${action} accepts no arguments`);
  ctl.exit = exits.generic;
  ctl.terminal.write(helpTexts[action]);
  return false;
}

export async function avail(ctl: Controller, arg: string): Promise<void> {
  if (!takesNothing(ctl, arg, 'avail')) return;
  try {
    for (const config of await ctl.structs('getAllConfigInfo')) {
      const name = joinName({ group: textIn(config, 'group'), name: textIn(config, 'name') });
      const inUse = config.get('inuse') === true ? 'in use' : 'avail';
      const auto = config.get('autostart') === true ? 'auto' : 'manual';
      const priority = `${numberIn(config, 'group_prio')}:${numberIn(config, 'process_prio')}`;
      const pad = ' '.repeat(Math.max(0, 32 - [...name].length));
      ctl.say(`${name}${pad} ${inUse.padEnd(9)} ${auto.padEnd(9)} ${priority}`);
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    ctl.exit = exits.generic;
    if (error.code !== faultCodes.SHUTDOWN_STATE) throw error;
    ctl.say('ERROR: supervisor shutting down');
  }
}

interface Difference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

function differenceOf(value: Value): Difference {
  const [lists] = Array.isArray(value) ? (value as readonly Value[]) : [];
  const list = (at: number): readonly string[] => {
    const one = Array.isArray(lists) ? (lists as readonly Value[])[at] : null;
    return Array.isArray(one) ? one.filter((name): name is string => typeof name === 'string') : [];
  };
  return { added: list(0), changed: list(1), removed: list(2) };
}

export async function reread(ctl: Controller, arg: string): Promise<void> {
  if (!takesNothing(ctl, arg, 'reread')) return;
  try {
    const { added, changed, removed } = differenceOf(await ctl.call('reloadConfig'));
    const words = new Map([
      ...added.map(name => [name, 'available'] as const),
      ...changed.map(name => [name, 'changed'] as const),
      ...removed.map(name => [name, 'disappeared'] as const),
    ]);
    if (words.size === 0) ctl.say('No config updates to processes');
    for (const name of [...words.keys()].sort()) ctl.say(`${name}: ${words.get(name)}`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    ctl.exit = exits.generic;
    if (error.code === faultCodes.SHUTDOWN_STATE) ctl.say('ERROR: supervisor shutting down');
    else if (error.code === faultCodes.CANT_REREAD) ctl.say(`ERROR: ${error.text}`);
    else throw error;
  }
}

export async function add(ctl: Controller, arg: string): Promise<void> {
  for (const name of wordsOf(arg)) {
    try {
      await ctl.call('addProcessGroup', name);
      ctl.say(`${name}: added process group`);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === faultCodes.ALREADY_ADDED) {
        ctl.say('ERROR: process group already active');
        continue;
      }
      ctl.exit = exits.generic;
      if (error.code === faultCodes.SHUTDOWN_STATE) ctl.say('ERROR: shutting down');
      else if (error.code === faultCodes.BAD_NAME) ctl.say(`ERROR: no such process/group: ${name}`);
      else throw error;
    }
  }
}

export async function remove(ctl: Controller, arg: string): Promise<void> {
  for (const name of wordsOf(arg)) {
    try {
      await ctl.call('removeProcessGroup', name);
      ctl.say(`${name}: removed process group`);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      ctl.exit = exits.generic;
      if (error.code === faultCodes.STILL_RUNNING) ctl.say(`ERROR: process/group still running: ${name}`);
      else if (error.code === faultCodes.BAD_NAME) ctl.say(`ERROR: no such process/group: ${name}`);
      else throw error;
    }
  }
}

export async function update(ctl: Controller, arg: string): Promise<void> {
  let difference: Difference;
  try {
    difference = differenceOf(await ctl.call('reloadConfig'));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    ctl.exit = exits.generic;
    if (error.code !== faultCodes.SHUTDOWN_STATE) throw error;
    ctl.say('ERROR: already shutting down');
    return;
  }
  const { added, changed, removed } = difference;
  const words = new Set(wordsOf(arg));
  const wanted = words.has('all') ? new Set<string>() : words;
  if (wanted.size > 0) {
    const infos = await ctl.structs('getAllProcessInfo');
    const groups = new Set([...infos.map(info => textIn(info, 'group')), ...added]);
    for (const name of wanted)
      if (!groups.has(name)) {
        ctl.say(`ERROR: no such group: ${name}`);
        ctl.exit = exits.generic;
      }
  }
  const chosen = (names: readonly string[]) => names.filter(name => wanted.size === 0 || wanted.has(name));
  for (const name of chosen(removed)) {
    const results = await ctl.structs('stopProcessGroup', name);
    ctl.say(`${name}: stopped`);
    if (results.some(result => numberIn(result, 'status') === faultCodes.FAILED)) {
      ctl.say(`${name}: has problems; not removing`);
      ctl.exit = exits.generic;
      continue;
    }
    await ctl.call('removeProcessGroup', name);
    ctl.say(`${name}: removed process group`);
  }
  for (const name of chosen(changed)) {
    await ctl.call('stopProcessGroup', name);
    ctl.say(`${name}: stopped`);
    await ctl.call('removeProcessGroup', name);
    await ctl.call('addProcessGroup', name);
    ctl.say(`${name}: updated process group`);
  }
  for (const name of chosen(added)) {
    await ctl.call('addProcessGroup', name);
    ctl.say(`${name}: added process group`);
  }
}
