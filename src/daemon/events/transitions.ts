// The changes of state that Supervisor's listeners are told of, from those of hostd's own state machine, which takes two of
// Supervisor's steps at once where nothing waits between them: a crash and the start that follows. Pure.

import type { Exit, State } from '../../lifecycle/process.ts';
import { stateName } from '../../lifecycle/view.ts';
import type { StateName } from '../../model/state.ts';

/** One step, as Supervisor sees it. */
export interface Transition {
  readonly from: StateName;
  readonly to: StateName;
  /** Failed starts in a row. */
  readonly tries: number;
  /** Whether the exit code is one that was expected. */
  readonly expected: boolean;
}

/** `lastExit`: how the last run has ended. */
export function transitionsBetween(
  before: State,
  after: State,
  lastExit: Exit | null,
  exitcodes: readonly number[],
): Transition[] {
  // A new run is no change of itself, unless it begins where the last one has just begun.
  if (before.kind === after.kind && (after.kind !== 'starting' || before.run === after.run)) return [];
  const expected = lastExit !== null && lastExit.code !== null && exitcodes.includes(lastExit.code);
  const path = [...between(before, after), stateName(after)];
  let from = stateName(before);
  return path.map(to => {
    const step: Transition = { from, to, tries: triesAt(to, before, after), expected };
    from = to;
    return step;
  });
}

/** The states that lie on the way and are passed through at once. */
function between(before: State, after: State): StateName[] {
  switch (before.kind) {
    case 'running':
      return after.kind === 'starting' || after.kind === 'backoff' ? ['EXITED'] : [];
    case 'stopping':
      return after.kind === 'starting' ? ['STOPPED'] : [];
    case 'starting':
      // It has failed: it is tried again at once, given up, or has been up long enough to have been running.
      if (after.kind === 'fatal') return ['BACKOFF'];
      if (after.kind === 'exited') return ['RUNNING'];
      return after.kind === 'starting' ? ['RUNNING', 'EXITED'] : [];
    default:
      return [];
  }
}

function triesAt(to: StateName, before: State, after: State): number {
  if ((after.kind === 'starting' || after.kind === 'backoff') && stateName(after) === to) return after.tries;
  // On its way to FATAL: one failure more than it had begun with.
  return to === 'BACKOFF' && before.kind === 'starting' ? before.tries + 1 : 0;
}
