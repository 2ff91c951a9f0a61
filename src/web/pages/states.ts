// How a program's state and what can be done about it are shown. Pure.

import { isElsewhere } from '../../model/elsewhere.ts';
import type { StateName } from '../../model/state.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import { type Html, html } from './html.ts';
import { at } from './words.ts';

/** What can be done with a program, in Supervisor's words where it has one. */
export const actions = {
  start: 'Start',
  stop: 'Stop',
  restart: 'Restart',
  reload: 'Reload',
  scale: 'Scale',
  maintenance: 'Maintenance',
  rotate: 'Clear Log',
} as const;

export type Action = keyof typeof actions;

export function isAction(text: string): text is Action {
  return Object.hasOwn(actions, text);
}

const kinds: Readonly<Record<StateName, string>> = {
  RUNNING: 'good',
  STARTING: 'wait',
  BACKOFF: 'bad',
  STOPPING: 'wait',
  STOPPED: 'off',
  EXITED: 'off',
  FATAL: 'bad',
  UNKNOWN: 'bad',
};

export function stateMark({ state, exitstatus }: Pick<ProgramStatus, 'state' | 'exitstatus'>): Html {
  const kind = state === 'EXITED' && exitstatus !== 0 ? 'bad' : kinds[state];
  return html`<span class="state ${kind}">${state}</span>`;
}

/** Whether somebody should look: it is neither up, nor asleep, nor down because it was told to be. */
export function isTrouble({ state, exitstatus, idle_since: idle, site }: ProgramStatus): boolean {
  if (idle !== null) return false;
  if (site?.certificate_fault != null) return true;
  return (
    state === 'BACKOFF' ||
    state === 'FATAL' ||
    state === 'UNKNOWN' ||
    (state === 'EXITED' && exitstatus !== 0)
  );
}

/** All that has a meaning in this state. */
export function allActions(program: ProgramStatus): readonly Action[] {
  if (isElsewhere(program)) return ['maintenance'];
  const isUp = program.state === 'RUNNING';
  const ofApp: readonly Action[] = program.site === null ? [] : ['scale', 'maintenance'];
  return [...usualActions(program), ...(isUp ? (['reload'] as const) : []), ...ofApp, 'rotate'];
}

/** The commonest actions, as links to the pages that ask for a confirmation. */
export function actionLinks(program: ProgramStatus, wanted: readonly Action[]): Html {
  return html`<span class="acts">${wanted.map(
    action =>
      html`<a class="act" href="${at(program.name, action)}">${actions[action]}<span class="sr"> ${program.name}</span></a>`,
  )}</span>`;
}

/** Which of start, stop and restart have a meaning in this state. */
export function usualActions(program: ProgramStatus): readonly Action[] {
  const { state, schedule } = program;
  if (isElsewhere(program)) return [];
  const isUp = state === 'RUNNING' || state === 'STARTING' || state === 'BACKOFF';
  if (isUp) return ['restart', 'stop'];
  return schedule !== null && schedule.next !== null ? ['start', 'stop'] : ['start'];
}
