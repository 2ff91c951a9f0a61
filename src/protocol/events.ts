// What happens to hostd and its programs, as a closed union: the one kind of news for event listeners and for other parts of
// hostd. The names are Supervisor's (supervisor/events.py, EventTypes).

import type { EventName } from '../model/event-names.ts';
import type { Channel } from '../model/host.ts';
import type { StateName } from '../model/state.ts';

/** A process as Supervisor names it: "cat:cat_00" is the process "cat_00" of the group "cat". */
export interface About {
  /** hostd's name of the program. */
  readonly program: string;
  readonly process: string;
  readonly group: string;
}

export type ProcessStateEvent = About & {
  readonly kind: 'process-state';
  readonly to: StateName;
  readonly from: StateName;
  /** Failed starts in a row, in STARTING and BACKOFF. */
  readonly tries: number;
  /** In EXITED: whether the exit code is one of exitcodes. */
  readonly expected: boolean;
  /** The pid of the present run, or of the one that has just ended; 0: there was none. */
  readonly pid: number;
  /** Of STOPPING and STOPPED: nobody has stopped it, it sleeps until it is needed. */
  readonly idle: boolean;
};

export type Event =
  | ProcessStateEvent
  | (About & {
      readonly kind: 'process-log' | 'process-communication';
      readonly channel: Channel;
      readonly pid: number;
      readonly data: Buffer;
    })
  | { readonly kind: 'remote-communication'; readonly type: string; readonly data: string }
  | { readonly kind: 'supervisor-state'; readonly state: 'RUNNING' | 'STOPPING' }
  /** `when` is a Unix time in whole seconds, a multiple of the period. */
  | { readonly kind: 'tick'; readonly period: TickPeriod; readonly when: number }
  | { readonly kind: 'process-group'; readonly change: 'ADDED' | 'REMOVED'; readonly group: string };

/** Seconds. */
export const tickPeriods = [5, 60, 3600] as const;
export type TickPeriod = (typeof tickPeriods)[number];

/** The name of an event, as a listener's header has it. */
export function nameOfEvent(event: Event): EventName {
  switch (event.kind) {
    case 'process-state':
      return `PROCESS_STATE_${event.to}`;
    case 'process-log':
      return event.channel === 'stdout' ? 'PROCESS_LOG_STDOUT' : 'PROCESS_LOG_STDERR';
    case 'process-communication':
      return event.channel === 'stdout' ? 'PROCESS_COMMUNICATION_STDOUT' : 'PROCESS_COMMUNICATION_STDERR';
    case 'remote-communication':
      return 'REMOTE_COMMUNICATION';
    case 'supervisor-state':
      return `SUPERVISOR_STATE_CHANGE_${event.state}`;
    case 'tick':
      return `TICK_${event.period}`;
    case 'process-group':
      return `PROCESS_GROUP_${event.change}`;
  }
}

/** Whether a subscription to `wanted` gets events of this name. An abstract name stands for all names below it. */
export function includes(wanted: string, name: EventName): boolean {
  return wanted === 'EVENT' || wanted === name || name.startsWith(`${wanted}_`);
}
