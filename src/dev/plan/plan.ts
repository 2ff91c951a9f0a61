// What hostd dev runs, decided before anything runs: apps with their commands, their addresses, and notes about them.

import type { Location } from '../../model/host.ts';
import type { Address } from '../../proxy/app/app-connection.ts';
import type { Command } from './command.ts';

export type ServerKind = 'runserver' | 'gunicorn' | 'uvicorn';

export interface AppPlan {
  readonly name: string;
  /** The kind of app, for people: "Django, runserver", "npm run dev", "http://127.0.0.1:3000". */
  readonly what: string;
  readonly directory: string | null;
  /** The command that serves; null: nothing serves, or the server runs elsewhere. */
  readonly web: Command | null;
  /** The commands that run beside it. */
  readonly others: readonly Command[];
  /** null: the app has programs only, and no site. */
  readonly site: SitePlan | null;
  /** Whether the first request starts it, and idleness stops it. */
  readonly lazy: boolean;
  /** What the user should know, such as keys of the configuration that have no effect here. */
  readonly notes: readonly string[];
}

export interface SitePlan {
  readonly address: Address;
  /** Whether hostd holds the socket and passes it on, as in production (sd_listen_fds(3)). */
  readonly held: boolean;
  readonly serverNames: readonly string[];
  readonly locations: readonly Location[];
  readonly clientMaxBodySize: number;
  readonly keepalive: boolean;
}

export interface PlanContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A directory of hostd dev for sockets, and for the Python module that serves static files. */
  readonly runtime: string;
  /** null: the kind of server that suits the project. */
  readonly server: ServerKind | null;
  readonly lazy: boolean;
  /** A TCP port that nobody listens on. */
  freePort(): Promise<number>;
}

/** The site of a project that has no settings for one. */
export function plainSite(address: Address, held: boolean, keepalive: boolean): SitePlan {
  return { address, held, keepalive, serverNames: [], locations: [], clientMaxBodySize: 0 };
}
