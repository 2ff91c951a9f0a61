// What crosses between hostd and hostd-rpc, the process without rights that speaks Supervisor's XML-RPC. Root to hostd-rpc: one
// RpcSettings document, read to its end from the fd that HOSTD_RPC_SETTINGS_FD names. Then JSON lines over two pipes: hostd-rpc asks
// (HOSTD_RPC_ASKS_FD), root replies (HOSTD_RPC_REPLIES_FD). hostd-rpc can ask for nothing but an Ask, which is what the control
// socket has too. Bytes are base64 in JSON.

/** Where hostd-rpc accepts, and who may ask there. */
export interface RpcSettings {
  readonly servers: readonly RpcServer[];
}

export interface RpcServer {
  /** Inherited. */
  readonly fd: number;
  /** Of a unix socket each caller's uid is told to root. */
  readonly kind: 'unix' | 'tcp';
  /** What Supervisor calls it in its log, such as "unix_http_server". */
  readonly name: string;
  /** null: no password is asked for. `password`: clear, or {SHA} and 40 hexadecimal digits. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** Supervisor's faults that root knows of, with their codes. hostd-rpc has the others (protocol and arguments). */
export const faultCodes = {
  UNKNOWN_METHOD: 1,
  INCORRECT_PARAMETERS: 2,
  BAD_ARGUMENTS: 3,
  SIGNATURE_UNSUPPORTED: 4,
  SHUTDOWN_STATE: 6,
  BAD_NAME: 10,
  BAD_SIGNAL: 11,
  NO_FILE: 20,
  NOT_EXECUTABLE: 21,
  FAILED: 30,
  ABNORMAL_TERMINATION: 40,
  SPAWN_ERROR: 50,
  ALREADY_STARTED: 60,
  NOT_RUNNING: 70,
  SUCCESS: 80,
  ALREADY_ADDED: 90,
  STILL_RUNNING: 91,
  CANT_REREAD: 92,
} as const;

export type FaultName = keyof typeof faultCodes;

/** `extra`: what follows the name and ": " in the fault's text; null: the name alone. */
export interface Fault {
  readonly fault: FaultName;
  readonly extra: string | null;
}

/** Supervisor's own state: 2 FATAL, 1 RUNNING, 0 RESTARTING, -1 SHUTDOWN. */
export type Mood = 2 | 1 | 0 | -1;

/** A process as Supervisor names it: both parts, without a colon between. */
export interface ProcessName {
  readonly group: string;
  readonly name: string;
}

/** What is in force. Groups in the order of (priority, name); processes too. */
export interface GroupInfo {
  readonly name: string;
  readonly priority: number;
  readonly processes: readonly ProcessInfo[];
}

/** What getProcessInfo is made from. */
export interface ProcessInfo {
  readonly name: string;
  readonly priority: number;
  /** Supervisor's code: 0, 10, 20, 30, 40, 100, 200, 1000. */
  readonly state: number;
  /** Unix times in seconds, 0: never. */
  readonly start: number;
  readonly stop: number;
  readonly spawnerr: string;
  /** Its start is done as soon as it is spawned: startsecs is 0. */
  readonly startsAtOnce?: boolean;
  /** 0: none; -1: ended by a signal. */
  readonly exitstatus: number;
  /** 0: none. */
  readonly pid: number;
  /** "": none. */
  readonly stdoutLogfile: string;
  readonly stderrLogfile: string;
  /** In place of Supervisor's own words for the state, where hostd knows more (asleep, health); null: Supervisor's. */
  readonly description: string | null;
}

/** A log's keys, as getAllConfigInfo has them. `logfile` null: 'none'; 'auto' for one that hostd names. */
export interface LogConfig {
  readonly captureMaxbytes: number;
  readonly eventsEnabled: boolean;
  readonly logfile: string | null;
  readonly backups: number;
  readonly maxbytes: number;
  readonly syslog: boolean;
}

/** What getAllConfigInfo tells of one process: of the configuration that was read last, not of the one in force. */
export interface ConfigInfo extends ProcessName {
  readonly groupPriority: number;
  readonly priority: number;
  /** Whether a group of that name is in force. */
  readonly inuse: boolean;
  readonly autostart: boolean;
  readonly directory: string | null;
  readonly uid: number | null;
  readonly command: string;
  readonly exitcodes: readonly number[];
  readonly killasgroup: boolean;
  readonly redirectStderr: boolean;
  readonly startretries: number;
  readonly startsecs: number;
  readonly stopsignal: number;
  readonly stopwaitsecs: number;
  readonly serverurl: string | null;
  readonly stdout: LogConfig;
  readonly stderr: LogConfig;
}

/** Which log: the main one, or a process's. */
export type LogName = 'main' | (ProcessName & { readonly channel: 'stdout' | 'stderr' });

/** A name that is not there is answered with BAD_NAME, without extra: hostd-rpc knows how it was written. */
export interface Asks {
  /** Of these groups, or of all. */
  readonly processes: {
    readonly ask: { readonly groups: readonly string[] | null };
    readonly reply: readonly GroupInfo[];
  };
  /** In the order in which Supervisor would read them. */
  readonly configurations: { readonly ask: object; readonly reply: readonly ConfigInfo[] };
  /**
   * ALREADY_STARTED, NO_FILE and NOT_EXECUTABLE with Supervisor's words for extra, SPAWN_ERROR, ABNORMAL_TERMINATION, FAILED.
   * `wait`: replied to when it is RUNNING, or is not going to be.
   */
  readonly start: { readonly ask: ProcessName & { readonly wait: boolean }; readonly reply: boolean };
  /** NOT_RUNNING, FAILED. `wait`: replied to when it is down. */
  readonly stop: { readonly ask: ProcessName & { readonly wait: boolean }; readonly reply: boolean };
  /** NOT_RUNNING, FAILED. The signal by its number. */
  readonly signal: { readonly ask: ProcessName & { readonly signal: number }; readonly reply: boolean };
  /** Reads the configuration and changes nothing. CANT_REREAD. */
  readonly reread: {
    readonly ask: object;
    readonly reply: {
      readonly added: readonly string[];
      readonly changed: readonly string[];
      readonly removed: readonly string[];
    };
  };
  /** As the configuration that was read last has it. ALREADY_ADDED, BAD_NAME. Its programs are started as autostart says. */
  readonly addGroup: { readonly ask: { readonly group: string }; readonly reply: boolean };
  /** STILL_RUNNING, BAD_NAME. */
  readonly removeGroup: { readonly ask: { readonly group: string }; readonly reply: boolean };
  /**
   * Bytes from `offset` on, at most `length` and at most longestRead; an offset below 0 is counted from the end. NO_FILE, with the
   * path for extra where one is configured.
   */
  readonly readLog: {
    readonly ask: { readonly log: LogName; readonly offset: number; readonly length: number };
    readonly reply: { readonly bytes: string; readonly size: number };
  };
  /** NO_FILE, FAILED. */
  readonly clearLog: { readonly ask: { readonly log: 'main' } | ProcessName; readonly reply: boolean };
  /**
   * The last `bytes` bytes of a log, then what is written to it, as `chunk` replies, each to be acknowledged by a 'next' before the
   * root sends another; a log that became shorter is told by a chunk of Supervisor's words. The first reply is `followed`. NO_FILE.
   */
  readonly follow: {
    readonly ask: { readonly log: LogName; readonly bytes: number };
    readonly reply: { readonly mtime: number };
  };
  /** NOT_RUNNING, NO_FILE: its stdin is closed. */
  readonly writeStdin: { readonly ask: ProcessName & { readonly bytes: string }; readonly reply: boolean };
  readonly remoteEvent: {
    readonly ask: { readonly type: string; readonly data: string };
    readonly reply: boolean;
  };
  /** Ends hostd as supervisorctl shutdown ends supervisord: replied to before anything is stopped. */
  readonly shutdown: { readonly ask: object; readonly reply: boolean };
  /** Stops everything, reads the configuration anew and starts again. */
  readonly restart: { readonly ask: object; readonly reply: boolean };
}

export type AskKind = keyof Asks;

/** `uid`: who asks, of a unix socket; null: whoever has the password of a TCP one. */
export type Question = {
  [K in AskKind]: {
    readonly id: number;
    readonly uid: number | null;
    readonly kind: K;
    readonly ask: Asks[K]['ask'];
  };
}[AskKind];

export type RpcLine =
  | Question
  /** The chunk of this follow has been passed on: there may be another. */
  | { readonly id: number; readonly kind: 'next' }
  /** A follower went away. */
  | { readonly id: number; readonly kind: 'cancel' };

export type RootLine =
  /** The first line, and whenever one of them changes. */
  | {
      readonly kind: 'about';
      readonly pid: number;
      readonly mood: Mood;
      readonly identification: string;
      readonly interfaces?: readonly string[];
    }
  | { readonly kind: 'done'; readonly id: number; readonly reply: unknown }
  | ({ readonly kind: 'fault'; readonly id: number } & Fault)
  /** Of a follow; base64. */
  | { readonly kind: 'chunk'; readonly id: number; readonly bytes: string }
  /** A follow has come to its end by root's side. */
  | { readonly kind: 'ended'; readonly id: number };

/** Longest line that root reads, in bytes: what a client may write to a program's stdin at once is below that. */
export const longestLine = 1024 * 1024;
/** Bytes that root reads of a log at once. */
export const longestRead = 16 * 1024 * 1024;
