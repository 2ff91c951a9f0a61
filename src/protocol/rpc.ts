// What crosses between hostd and hostd-rpc, the process without rights that speaks Supervisor's XML-RPC. Root to hostd-rpc: one
// RpcSettings document, read to its end from the fd that HOSTD_RPC_SETTINGS_FD names. Then JSON lines over two pipes: hostd-rpc asks
// (HOSTD_RPC_ASKS_FD), and root replies (HOSTD_RPC_REPLIES_FD). hostd-rpc can only ask what is an Ask, and the control socket
// offers the same. Bytes are base64 in JSON.

/** The listeners of hostd-rpc, and who may ask there. */
export interface RpcSettings {
  readonly servers: readonly RpcServer[];
}

export interface RpcServer {
  /** An inherited descriptor. */
  readonly fd: number;
  /** On a unix socket, root is told each caller's uid. */
  readonly kind: 'unix' | 'tcp';
  /** Supervisor's name for it, such as "unix_http_server". */
  readonly name: string;
  /** null: no password is needed. `password`: clear, or {SHA} and 40 hexadecimal digits. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** Supervisor's faults that root may answer, with their codes. The others (protocol and arguments) are hostd-rpc's. */
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

/** `extra`: the part of the fault's text after its name and ": "; null: only the name. */
export interface Fault {
  readonly fault: FaultName;
  readonly extra: string | null;
}

/** Supervisor's own state: 2 FATAL, 1 RUNNING, 0 RESTARTING, -1 SHUTDOWN. */
export type Mood = 2 | 1 | 0 | -1;

/** A process by Supervisor's names: group and process. */
export interface ProcessName {
  readonly group: string;
  readonly name: string;
}

/** A group in force. Groups are in the order of (priority, name), and so are their processes. */
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
  /** Unix time in seconds; 0: never. */
  readonly start: number;
  readonly stop: number;
  readonly spawnerr: string;
  /** The start is done with the spawn, since startsecs is 0. */
  readonly startsAtOnce?: boolean;
  /** It is down, and is run at its times unless it has been stopped. */
  readonly isScheduled?: boolean;
  /** 0: there was no run; -1: ended by a signal. */
  readonly exitstatus: number;
  /** 0: there is none. */
  readonly pid: number;
  /** "": there is none. */
  readonly stdoutLogfile: string;
  readonly stderrLogfile: string;
  /** The description where hostd knows more than Supervisor (asleep, health); null: Supervisor's own words. */
  readonly description: string | null;
}

/** A log's keys, as getAllConfigInfo has them. `logfile` null: 'none'; 'auto': hostd names it. */
export interface LogConfig {
  readonly captureMaxbytes: number;
  readonly eventsEnabled: boolean;
  readonly logfile: string | null;
  readonly backups: number;
  readonly maxbytes: number;
  readonly syslog: boolean;
}

/** A process in getAllConfigInfo: from the configuration that was read last, not from the one in force. */
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

/** A log: the main one, or a process's. */
export type LogName = 'main' | (ProcessName & { readonly channel: 'stdout' | 'stderr' });

/** The answer to an unknown name is BAD_NAME without extra: hostd-rpc knows how the name was written. */
export interface Asks {
  /** Of these groups; absent: of all. */
  readonly processes: {
    readonly ask: { readonly groups: readonly string[] | null };
    readonly reply: readonly GroupInfo[];
  };
  /** In the order in which Supervisor would read them. */
  readonly configurations: { readonly ask: object; readonly reply: readonly ConfigInfo[] };
  /**
   * ALREADY_STARTED, NO_FILE and NOT_EXECUTABLE with Supervisor's words as extra, SPAWN_ERROR, ABNORMAL_TERMINATION, FAILED.
   * `wait`: the reply comes when the process is RUNNING, or cannot become so. `isOneOfMany`: the caller named a group, or all.
   */
  readonly start: {
    readonly ask: ProcessName & { readonly wait: boolean; readonly isOneOfMany: boolean };
    readonly reply: boolean;
  };
  /** NOT_RUNNING, FAILED. `wait`: the reply comes when the process is down. */
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
  /** Adds a group of the configuration that was read last. ALREADY_ADDED, BAD_NAME. Its programs are started as autostart says. */
  readonly addGroup: { readonly ask: { readonly group: string }; readonly reply: boolean };
  /** STILL_RUNNING, BAD_NAME. */
  readonly removeGroup: { readonly ask: { readonly group: string }; readonly reply: boolean };
  /**
   * Bytes from `offset` on, at most `length` and at most longestRead. A negative offset is counted from the end. NO_FILE, with the
   * path as extra where one is configured.
   */
  readonly readLog: {
    readonly ask: { readonly log: LogName; readonly offset: number; readonly length: number };
    readonly reply: { readonly bytes: string; readonly size: number };
  };
  /** NO_FILE, FAILED. */
  readonly clearLog: { readonly ask: { readonly log: 'main' } | ProcessName; readonly reply: boolean };
  /**
   * The last `bytes` bytes of a log, then what is written to it, as `chunk` replies. Each has to be acknowledged by a 'next' before root
   * sends another. A chunk with Supervisor's words tells that the log became shorter. The first reply is `followed`. NO_FILE.
   */
  readonly follow: {
    readonly ask: { readonly log: LogName; readonly bytes: number };
    readonly reply: { readonly mtime: number };
  };
  /** NOT_RUNNING, NO_FILE: the program's stdin is closed. */
  readonly writeStdin: { readonly ask: ProcessName & { readonly bytes: string }; readonly reply: boolean };
  readonly remoteEvent: {
    readonly ask: { readonly type: string; readonly data: string };
    readonly reply: boolean;
  };
  /** Ends hostd as supervisorctl shutdown ends supervisord. The reply comes before anything is stopped. */
  readonly shutdown: { readonly ask: object; readonly reply: boolean };
  /** Stops everything, reads the configuration anew and starts again. */
  readonly restart: { readonly ask: object; readonly reply: boolean };
}

export type AskKind = keyof Asks;

/** `uid`: of the client, on a unix socket; null: a client of a TCP socket that has the password. */
export type Question = {
  [K in AskKind]: {
    readonly id: number;
    readonly uid: number | null;
    readonly kind: K;
    readonly ask: Asks[K]['ask'];
  };
}[AskKind];

/** What hostd-rpc says is logged: only what is wrong, or each call and each request. */
export type Hears = 'errors' | 'calls';

export type SaidLevel = 'trace' | 'error' | 'critical';

export type RpcLine =
  | Question
  /** For hostd's log, where `about` says that it hears of it. */
  | { readonly id: 0; readonly kind: 'say'; readonly level: SaidLevel; readonly text: string }
  /** The chunk of this follow has been passed on. Another one may come. */
  | { readonly id: number; readonly kind: 'next' }
  /** The follower has gone away. */
  | { readonly id: number; readonly kind: 'cancel' };

export type RootLine =
  /** The first line, and again whenever one of these changes. */
  | {
      readonly kind: 'about';
      readonly pid: number;
      readonly mood: Mood;
      readonly identification: string;
      readonly interfaces?: readonly string[];
      readonly hears?: Hears;
    }
  | { readonly kind: 'done'; readonly id: number; readonly reply: unknown }
  | ({ readonly kind: 'fault'; readonly id: number } & Fault)
  /** Bytes of a followed log, in base64. */
  | { readonly kind: 'chunk'; readonly id: number; readonly bytes: string }
  /** Root has ended this follow. */
  | { readonly kind: 'ended'; readonly id: number };

/** Longest line that root reads, in bytes. What a client may write to a program's stdin at once is shorter. */
export const longestLine = 1024 * 1024;
/** Characters that hostd-rpc says at once, at most. */
export const longestSaid = 64 * 1024;
/** Bytes that root reads of a log at once. */
export const longestRead = 16 * 1024 * 1024;
