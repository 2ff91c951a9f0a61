// What every part of one worker process shares.

import type { AccessLog } from './access-log.ts';
import type { AppConnections } from './app-connections.ts';
import type { Budget } from './budget.ts';
import type { ErrorLog } from './error-log.ts';
import type { Exchange } from './exchange.ts';
import type { Limits } from './limits.ts';
import type { Router } from './router.ts';

export interface Worker {
  readonly limits: Limits;
  readonly route: Router;
  /** By site name. */
  readonly accessLogs: ReadonlyMap<string, AccessLog>;
  readonly apps: ReadonlyMap<string, AppConnections>;
  readonly errorLog: ErrorLog;
  readonly bodyBudget: Budget;
  readonly responseBudget: Budget;
  /** Where request bodies too large for memory go. */
  readonly temporaryDirectory: string;
  /** In development: a page of one's own (latin-1) in place of the plain one; null: the plain one. */
  readonly page?: (exchange: Exchange, status: number) => string | null;
  /** After SIGTERM: every answer closes its connection. */
  draining: boolean;
  connections: number;
  requests: number;
}
