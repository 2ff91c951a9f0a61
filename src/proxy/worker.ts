// What all parts of one worker process share.

import type { AccessLogFormat, Location } from '../model/host.ts';
import type { Backend } from './app/backend.ts';
import type { BodyFiles } from './app/body-files.ts';
import type { Budget } from './budget.ts';
import type { ClientConnection, ClientRequest } from './client/message.ts';
import type { IsTrusted } from './http/client-address.ts';
import type { Limits } from './limits.ts';
import type { AccessLog } from './log/access-log.ts';
import type { ErrorLog } from './log/error-log.ts';
import type { Notices } from './log/notices.ts';
import type { ErrorPages } from './pages/error-pages.ts';
import type { NamedSite, Router } from './request/router.ts';
import type { Traffic } from './traffic.ts';

export interface Worker {
  readonly limits: Limits;
  /** Leads a name that no site has to the default site, if there is one. */
  readonly route: Router;
  /** The site for a request that names no host. */
  readonly defaultSite?: NamedSite | null;
  /** Whether an address is a trusted proxy's; absent: no proxy is trusted. */
  readonly isTrusted?: IsTrusted;
  /** Where the answers to a certificate authority are, for every site. */
  readonly acme?: Location | null;
  /** The port of the listeners that speak TLS. */
  readonly tlsPort?: number;
  /** Media types by file extension. They win over the worker's own table. */
  readonly types?: ReadonlyMap<string, string>;
  /** By site name. */
  readonly accessLogs: ReadonlyMap<string, AccessLog>;
  /** Absent: combined. */
  readonly accessLogFormat?: AccessLogFormat;
  /** Absent in development, where nobody reads it. */
  readonly traffic?: Traffic;
  readonly apps: ReadonlyMap<string, Backend>;
  readonly errorLog: ErrorLog;
  readonly bodyBudget: Budget;
  readonly responseBudget: Budget;
  /** Files for request bodies that are too large for memory. */
  readonly bodyFiles: BodyFiles;
  /** Says which bounds were reached. */
  readonly notices: Notices;
  /** In development: the page (latin-1) in place of the plain one; null: the plain one. */
  readonly page?: (req: ClientRequest, connection: ClientConnection, status: number) => string | null;
  /** The pages of the sites and of the machine; absent: the plain ones. */
  readonly errorPages?: ErrorPages;
  /** After SIGTERM or SIGQUIT: every answer closes its connection. */
  draining: boolean;
}
