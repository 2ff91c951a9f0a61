// What the doctor judges: facts about a machine and about one app, from whoever has seen them. Plain data.

import type { App, Program, ProxySettings } from '../model/host.ts';
import type { ChangeReport, ProgramStatus, SettingsReport } from '../protocol/control.ts';
import type { JournalEvent } from '../protocol/journal.ts';
import type { LookedUp, Visited } from '../protocol/visit.ts';

/** What the running hostd says; asked by whoever has its socket. */
export interface Daemon {
  /** `up`: it answers. `closed`: it may not be asked by this user. */
  readonly state: 'up' | 'down' | 'closed';
  /** Why it does not answer, and the next move. */
  readonly message: string;
  readonly hint: string | null;
  /** null: an older one, which does not tell. */
  readonly version: string | null;
  readonly programs: readonly ProgramStatus[];
  /** What `hostctl update` would change. */
  readonly changes: readonly ChangeReport[];
  /** Of hostd.toml's own tables. */
  readonly settings: readonly SettingsReport[];
  /** The last events of the app and its programs, the oldest first. */
  events(names: readonly string[]): Promise<readonly JournalEvent[]>;
  /** The end of a program's log; null: it cannot be had. */
  log(name: string): Promise<string | null>;
  /** Whether hostd holds the app's socket; null: it does not say. */
  holdsSocket(name: string): Promise<boolean | null>;
}

/** A process that listens. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/** A web server that has the machine's ports for visitors in hostd's place. */
export interface Front {
  readonly port: number;
  /** null: this process may not see who it is. */
  readonly holder: Holder | null;
  /** The ids of the processes that answer for it; empty: not known. */
  readonly workers: readonly Ids[];
}

export interface Ids {
  readonly user: string;
  readonly uid: number;
  readonly groups: readonly number[];
}

export interface AppFacts {
  readonly app: App;
  readonly program: Program;
  readonly proxy: ProxySettings;
  /** Of the app's own program; null: hostd has none, or cannot be asked. */
  readonly status: ProgramStatus | null;
  readonly events: readonly JournalEvent[];
  /** Unix time in milliseconds. */
  readonly now: number;
}

export interface NameFacts {
  readonly names: readonly LookedUp[];
  /** Of this machine's interfaces. */
  readonly own: readonly string[];
}

export interface SocketFacts {
  /** null: nothing is there. 'closed': this process may not look. */
  readonly file:
    | {
        readonly isSocket: boolean;
        readonly uid: number;
        readonly gid: number;
        readonly mode: number;
      }
    | 'closed'
    | null;
  /** Whether the kernel has a listener at this path. */
  readonly listens: boolean;
  /** Whether hostd holds it; null: not known. */
  readonly held: boolean | null;
  /** Who has to connect, and the directory that keeps them out. */
  readonly callers: readonly (Ids & { readonly closed: string | null })[];
}

export interface RequestFacts {
  /** Through the proxy by http; by https; to the app's own socket; through a web server in front; the health path. */
  readonly plain: Visited | null;
  readonly secure: Visited | null;
  readonly direct: Visited | null;
  readonly front: Visited | null;
  /** The same by https. */
  readonly frontSecure: Visited | null;
  readonly health: Visited | null;
  /** A file below /static/, by its path there. */
  readonly file: (Visited & { readonly path: string }) | null;
}

export const noRequests: RequestFacts = {
  plain: null,
  secure: null,
  direct: null,
  front: null,
  frontSecure: null,
  health: null,
  file: null,
};

export interface MemoryFacts {
  /** Bytes in use, without what the kernel could drop; null: not known. */
  readonly used: number | null;
  /** Processes of the app that the kernel has killed since its cgroup was made; null: it does not count. */
  readonly kills: number | null;
}

/** A file that may have a secret in it. */
export interface SecretFile {
  readonly path: string;
  readonly what: 'environment' | 'settings' | 'key' | 'database';
  readonly mode: number;
}
