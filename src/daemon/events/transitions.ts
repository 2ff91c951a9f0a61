// From hostd's changes of state to those that Supervisor's listeners are told. hostd's state machine takes two of Supervisor's steps at
// once where nothing waits between them: a crash and the start that follows. Pure.

import type { Exit, State } from '../../lifecycle/process.ts';
import { stateName } from '../../lifecycle/view.ts';
import type { StateName } from '../../model/state.ts';

/** One step of Supervisor's. */
export interface Transition {
  readonly from: StateName;
  readonly to: StateName;
  /** Failed starts in a row. */
  readonly tries: number;
  /** Whether the exit code is among the expected ones. */
  readonly expected: boolean;
}

/** `lastExit`: how the last run has ended. */
export function transitionsBetween(
  before: State,
  after: State,
  lastExit: Exit | null,
  exitcodes: readonly number[],
): Transition[] {
  // The same state is no change, except STARTING with a new run.
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

/** The states between, which are passed through at once. */
function between(before: State, after: State): StateName[] {
  switch (before.kind) {
    case 'running':
      return after.kind === 'starting' || after.kind === 'backoff' ? ['EXITED'] : [];
    case 'stopping':
      return after.kind === 'starting' ? ['STOPPED'] : [];
    case 'starting':
      // The start has failed and is tried again at once, or given up; or the program has run long enough to have been RUNNING.
      if (after.kind === 'fatal') return ['BACKOFF'];
      if (after.kind === 'exited') return ['RUNNING'];
      return after.kind === 'starting' ? ['RUNNING', 'EXITED'] : [];
    default:
      return [];
  }
}

function triesAt(to: StateName, before: State, after: State): number {
  if ((after.kind === 'starting' || after.kind === 'backoff') && stateName(after) === to) return after.tries;
  // On the way to FATAL there is one more failure than at the start's beginning.
  return to === 'BACKOFF' && before.kind === 'starting' ? before.tries + 1 : 0;
}
