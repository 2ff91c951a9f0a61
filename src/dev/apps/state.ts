// The state of an app of hostd dev in words for pages and the list. Pure.

import type { State } from '../../lifecycle/process.ts';

/** "waiting": nobody has asked for it yet. "elsewhere": somebody else runs it. */
export type AppState = 'waiting' | 'starting' | 'running' | 'stopped' | 'failed' | 'elsewhere';

/** `wanted`: nobody has stopped it by a key. */
export function appState(state: State, wanted: boolean): AppState {
  const down = wanted ? 'waiting' : 'stopped';
  switch (state.kind) {
    case 'running':
      return 'running';
    case 'starting':
    case 'backoff':
      return 'starting';
    case 'stopping':
      return state.next === 'starting' ? 'starting' : down;
    case 'stopped':
      return down;
    case 'exited':
    case 'fatal':
      return wanted ? 'failed' : 'stopped';
  }
}
