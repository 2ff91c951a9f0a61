// What a supervisor must offer to be measured, and the table of measures. Knows no supervisor.

/** A supervised program. */
export interface Subject {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Where its output goes, rotated at 50 MB: a file, or a directory (Peer.logsToDirectory). null: nowhere. */
  readonly log: string | null;
}

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The place for the files of one session of one peer. */
export interface Ground {
  /** A directory of its own; short, because unix sockets' paths must be. */
  readonly dir: string;
  /** The compiled subject.c. */
  readonly subject: string;
  /** For the environment of everything that is started, so that it can be found and ended. */
  readonly mark: Readonly<Record<string, string>>;
}

export interface Peer {
  readonly name: string;
  /** Set if it keeps each program's log in a directory of its own, as svlogd does. */
  readonly logsToDirectory?: true;
  /** Its version. @throws Error that says what is missing, and what to install. */
  find(): Promise<string>;
  /** Starts its daemon with these programs. Does not wait for them. */
  start(ground: Ground, subjects: readonly Subject[]): Promise<Session>;
}

export interface Session {
  /** Pids of the supervisor's own processes, not of the programs. */
  processes(): readonly number[];
  /** Asks for the state of one program. */
  status(name: string): Command;
  /** Whether the output of `status` says that this very process runs. */
  saysRunning(output: string, pid: number): boolean;
  /** Stops every program and waits for it. The daemon stays. */
  readonly stopAll: Command;
  /** Starts them again. */
  readonly startAll: Command;
  /** Tells the daemon to end with all of its programs, as a service manager would. Does not wait. */
  shutdown(): void;
}

/** Fixed names: scripts read them from --json. */
export const measures = {
  'respawn.median': { title: 'respawn after kill -9, median', unit: 'ms' },
  'respawn.p95': { title: 'respawn after kill -9, p95', unit: 'ms' },
  'status.median': { title: 'status of 1 of 10 programs, median', unit: 'ms', aim: 90 },
  'status.p95': { title: 'status of 1 of 10 programs, p95', unit: 'ms' },
  'start200.wall': { title: 'start with 200 programs', unit: 's', aim: 1.5 },
  'start200.cpu': { title: 'CPU of the supervisor for that', unit: 's' },
  'stop200.wall': { title: 'stop 200 programs', unit: 's', aim: 1.5 },
  'log.wall': { title: '200 MB of log, 100-byte lines', unit: 's' },
  'log.cpu': { title: 'CPU of the supervisor for that', unit: 's' },
  'memory10.rss': { title: 'VmRSS with 10 programs', unit: 'MiB', aim: 55 },
  'memory10.pss': { title: 'Pss', unit: 'MiB' },
  'memory10.dirty': { title: 'Private_Dirty', unit: 'MiB' },
  'memory200.rss': { title: 'VmRSS with 200 programs', unit: 'MiB', aim: 55 },
  'memory200.pss': { title: 'Pss', unit: 'MiB' },
  'memory200.dirty': { title: 'Private_Dirty', unit: 'MiB' },
  'stop20.wall': { title: 'stop 20 programs that take 0.5 s each', unit: 's' },
  'shutdown20.wall': { title: 'end the daemon with those 20', unit: 's' },
} as const satisfies Record<string, { title: string; unit: 'ms' | 's' | 'MiB'; aim?: number }>;

export type Measure = keyof typeof measures;

/** The figures of one peer. A measure that failed is absent. */
export type Figures = Partial<Record<Measure, number>>;
