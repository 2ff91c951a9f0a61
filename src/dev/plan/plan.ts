// What hostd dev runs, decided before anything runs: apps with their commands, where they listen, and what is said of them.

import type { Location } from '../../model/host.ts';
import type { Address } from '../../proxy/app/app-connection.ts';
import type { Command } from './command.ts';

export type ServerKind = 'runserver' | 'gunicorn' | 'uvicorn';

export interface AppPlan {
  readonly name: string;
  /** What it is, for people: "Django, runserver", "npm run dev", "http://127.0.0.1:3000". */
  readonly what: string;
  readonly directory: string | null;
  /** What answers requests; null: nothing does, or somebody else runs it. */
  readonly web: Command | null;
  /** What runs beside it. */
  readonly others: readonly Command[];
  /** null: there is no site, only programs. */
  readonly site: SitePlan | null;
  /** Started by the first request, and stopped when idle. */
  readonly lazy: boolean;
  /** What somebody should know, such as keys of the configuration that do not count here. */
  readonly notes: readonly string[];
}

export interface SitePlan {
  readonly address: Address;
  /** hostd holds the socket and passes it on, as in production (sd_listen_fds(3)). */
  readonly held: boolean;
  readonly serverNames: readonly string[];
  readonly locations: readonly Location[];
  readonly clientMaxBodySize: number;
  readonly keepalive: boolean;
}

export interface PlanContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A directory of hostd dev's own, for sockets and the Python module that serves static files. */
  readonly runtime: string;
  /** null: what suits the project. */
  readonly server: ServerKind | null;
  readonly lazy: boolean;
  /** A TCP port that nobody listens on. */
  freePort(): Promise<number>;
}

/** A site as a project has it that says nothing of its own. */
export function plainSite(address: Address, held: boolean, keepalive: boolean): SitePlan {
  return { address, held, keepalive, serverNames: [], locations: [], clientMaxBodySize: 0 };
}
