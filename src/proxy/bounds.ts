// The budgets of one worker, and what it says when one of them is full.

import type { Bound } from '../protocol/worker.ts';
import { BodyFiles } from './app/body-files.ts';
import { Budget, whose } from './budget.ts';
import type { Limits } from './limits.ts';
import type { ErrorLog } from './log/error-log.ts';
import { Notices } from './log/notices.ts';
import type { Worker } from './worker.ts';

/** `bodyDirectory`: the directory for request bodies that are too large for memory. `tell` is told, now and then, which bound is full. */
export function makeBounds(
  limits: Limits,
  bodyDirectory: string,
  errorLog: ErrorLog,
  tell: (bound: Bound) => void = () => {},
): Pick<Worker, 'bodyBudget' | 'responseBudget' | 'bodyFiles' | 'notices'> {
  const notices = new Notices(errorLog, tell);
  return {
    notices,
    // Past this budget bodies go to the disk. Nobody is refused.
    bodyBudget: new Budget({ all: limits.bodyMemoryTotal, each: limits.bodyMemoryPerClient }),
    responseBudget: new Budget(
      { all: limits.responseMemoryTotal, each: limits.responseMemoryPerClient },
      full =>
        notices.say(
          'answers',
          `answers ${whose(full)} that wait in memory have reached their bound: the apps have to wait`,
        ),
    ),
    bodyFiles: new BodyFiles(bodyDirectory, limits, full =>
      notices.say(
        'bodies',
        `request bodies ${whose(full)} have reached their bound on the disk: they are refused with 503`,
      ),
    ),
  };
}
