// A supervisord.conf as values: each with its default, in Supervisor's own terms.

import type { Autorestart } from '../../words/datatypes.ts';

export interface Supervisord {
  readonly minfds: number;
  readonly minprocs: number;
  readonly directory: string | null;
  readonly user: string | null;
  readonly umask: number;
  readonly logfile: string;
  readonly logfileMaxBytes: number;
  readonly logfileBackups: number;
  /** A number of logLevels. */
  readonly loglevel: number;
  readonly pidfile: string;
  readonly identifier: string;
  readonly nodaemon: boolean;
  readonly silent: boolean;
  readonly childlogdir: string;
  readonly nocleanup: boolean;
  readonly stripAnsi: boolean;
  readonly environment: ReadonlyMap<string, string>;
}

/** Where a channel's output goes. */
export type LogTarget =
  | { readonly kind: 'none' }
  /** A file of its own in childlogdir. */
  | { readonly kind: 'auto' }
  | { readonly kind: 'file'; readonly path: string };

/** stdout or stderr of a process. */
export interface Channel {
  readonly log: LogTarget;
  readonly captureMaxBytes: number;
  readonly eventsEnabled: boolean;
  readonly syslog: boolean;
  readonly backups: number;
  readonly maxBytes: number;
}

export interface ProcessConfig {
  readonly name: string;
  readonly uid: number | null;
  /** One text: it is split into words later. */
  readonly command: string;
  readonly directory: string | null;
  readonly umask: number | null;
  readonly priority: number;
  readonly autostart: boolean;
  readonly autorestart: Autorestart;
  readonly startsecs: number;
  readonly startretries: number;
  readonly stdout: Channel;
  readonly stderr: Channel;
  /** The signal's number. */
  readonly stopsignal: number;
  readonly stopwaitsecs: number;
  readonly stopasgroup: boolean;
  readonly killasgroup: boolean;
  readonly exitcodes: readonly number[];
  readonly redirectStderr: boolean;
  /** The variables of [supervisord], and the program's own, which win. */
  readonly environment: ReadonlyMap<string, string>;
  readonly serverurl: string | null;
}

export interface FastCgiSocket {
  readonly url: string;
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly mode: number | null;
  readonly backlog: number | null;
}

export type GroupConfig = {
  readonly name: string;
  readonly priority: number;
  readonly processes: readonly ProcessConfig[];
} & (
  | { readonly kind: 'group' }
  | {
      readonly kind: 'eventlistener';
      readonly bufferSize: number;
      readonly events: readonly string[];
      readonly resultHandler: string;
    }
  | { readonly kind: 'fcgi'; readonly socket: FastCgiSocket }
);

export type ServerConfig = {
  readonly section: string;
  readonly name: string | null;
  readonly username: string | null;
  readonly password: string | null;
} & (
  | { readonly family: 'inet'; readonly host: string; readonly port: number }
  | {
      readonly family: 'unix';
      readonly file: string;
      /** uid and gid; -1: not changed. */
      readonly chown: { readonly uid: number; readonly gid: number };
      readonly chmod: number;
    }
);

export interface Configuration {
  readonly supervisord: Supervisord;
  /** By priority and name. */
  readonly groups: readonly GroupConfig[];
  readonly servers: readonly ServerConfig[];
  /** Namespaces of Supervisor's own XML-RPC interface. */
  readonly interfaces: readonly string[];
  /** What else stands in their sections. Supervisor's own interface takes nothing, and refuses to be made. */
  readonly interfaceOptions: ReadonlyMap<string, readonly string[]>;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Names for values, for the next reading of the same file. */
  readonly names: Readonly<Record<string, string | number>>;
  /** Sections that cannot be used, where they do not end the reading (`isolate`). */
  readonly broken: readonly Broken[];
}

export interface Broken {
  readonly section: string;
  readonly message: string;
}
