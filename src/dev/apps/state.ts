// The state of an app of hostd dev in words for pages and the list. Pure.

import type { State } from '../../lifecycle/process.ts';

/** "waiting": no request for it has come yet. "elsewhere": hostd dev does not run it. */
export type AppState = 'waiting' | 'starting' | 'running' | 'stopped' | 'failed' | 'elsewhere';

/** `wanted`: no key has stopped it. */
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
