// From the changes of a program to events with their causes. Pure.

import { type Exit, isDown, type State } from '../../lifecycle/process.ts';
import { describeExit } from '../../lifecycle/view.ts';
import { type Happening, kindOfState } from '../../model/happenings.ts';
import { type Transition, transitionsBetween } from '../events/transitions.ts';
import { type Asker, byOf, wordsOf } from '../fleet/asker.ts';

export interface Change {
  readonly name: string;
  readonly before: State;
  readonly after: State;
  /** The pid of the last run. */
  readonly lastExit: Exit | null;
  readonly exitcodes: readonly number[];
  readonly pid: number;
  /** Who has asked for what happens to the program now; null: it happens by itself. */
  readonly asker: Asker | null;
  /** Why it counts as RUNNING without an answer, or null. */
  readonly unasked: string | null;
  /** What the kernel tells about a SIGKILL that hostd has not sent; null: nothing. */
  readonly memory: string | null;
}

export function happeningsOf(change: Change): readonly Happening[] {
  const { name, before, after, lastExit, exitcodes, pid, memory } = change;
  const steps = transitionsBetween(before, after, lastExit, exitcodes);
  // Supervisor passes through BACKOFF on its way to FATAL. Nobody waits there.
  const own = steps.filter(({ to }) => to !== 'BACKOFF' || after.kind !== 'fatal');
  const told = own.map(step => happeningOf(step, change));
  const ended = steps.some(({ to }) => to === 'EXITED' || to === 'BACKOFF' || to === 'FATAL');
  if (!ended || memory === null) return told;
  return [{ kind: 'oom', name, cause: memory, ...endOf(pid, lastExit) }, ...told];
}

function happeningOf(step: Transition, change: Change): Happening {
  const { name, after, lastExit, pid, asker, unasked } = change;
  const kind = kindOfState(step.to);
  const how = lastExit === null ? '' : describeExit(lastExit);
  switch (kind) {
    case 'starting':
      return { kind, name, cause: startCause(step, change), ...byOf(asker) };
    case 'running':
      return {
        kind,
        name,
        cause: unasked === null ? '' : `health unknown: ${unasked}`,
        ...(pid > 0 ? { pid } : {}),
      };
    case 'stopping':
    case 'stopped':
      return { kind, name, cause: asker === null ? '' : wordsOf(asker), ...byOf(asker) };
    case 'exited': {
      const exit = after.kind === 'exited' ? after.how : lastExit;
      const cause = exit === null ? '' : describeExit(exit);
      return {
        kind,
        name,
        cause: step.expected ? `${cause}, as expected` : cause,
        expected: step.expected,
        ...endOf(pid, exit),
      };
    }
    case 'backoff': {
      const why = after.kind === 'backoff' || after.kind === 'fatal' ? after.why : '';
      return { kind, name, cause: joined(why, how), tries: step.tries, ...endOf(pid, lastExit) };
    }
    case 'fatal':
      return {
        kind,
        name,
        cause: joined(after.kind === 'fatal' ? after.why : '', how),
        ...endOf(pid, lastExit),
      };
    case 'unknown':
      return { kind, name, cause: '' };
  }
}

function startCause(step: Transition, { asker, after, before }: Change): string {
  if (step.from === 'STOPPING' || asker !== null) return asker === null ? '' : wordsOf(asker);
  if (after.kind === 'starting' && after.tries > 0) return `try ${after.tries + 1}`;
  return isDown(before) ? '' : 'after its exit';
}

function endOf(pid: number, exit: Exit | null) {
  return {
    ...(pid > 0 ? { pid } : {}),
    ...(exit === null ? {} : { exitstatus: exit.signal === null ? exit.code : null, signal: exit.signal }),
  };
}

/** "exited too quickly (exit status 1)". */
function joined(why: string, how: string): string {
  if (why === '' || how === '') return why || how;
  return `${why} (${how})`;
}
