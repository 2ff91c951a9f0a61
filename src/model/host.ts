// What is hosted: the one model that every format is read into and written from. Pure data, imports no other folder.
// Every default is filled in, so a reader of the model needs to know none.

import type { Source } from './problem.ts';

/** "signal 40": one without a name. */
export type SignalName = NodeJS.Signals | 'SIGRTMIN' | 'SIGRTMAX' | `signal ${number}`;

export interface Host {
  readonly settings: Settings;
  readonly apps: readonly App[];
  /** Every supervised program, the apps' included, sorted by (group priority, group, priority, name). */
  readonly programs: readonly Program[];
  /** Programs of apps that are served elsewhere (App.upstreams): nothing of them runs here. */
  readonly resting: readonly Program[];
  readonly groups: readonly Group[];
  readonly sites: readonly Site[];
}

/** [hostd], [control] and [proxy] of hostd.toml. */
export interface Settings {
  readonly file: string;
  readonly include: readonly string[];
  readonly runtimeDir: string;
  readonly stateDir: string;
  readonly logDir: string;
  /** hostd's own log; null: stderr. */
  readonly logFile: string | null;
  readonly control: { readonly socket: string; readonly group: string | null };
  readonly proxy: ProxySettings;
  readonly emit: EmitSettings;
  /** Where Prometheus finds metrics; null: only at the control socket. */
  readonly metrics: MetricsListener | null;
  readonly notify: NotifySettings;
  /** The sockets for Supervisor's clients; empty: they are not served. */
  readonly supervisor: readonly RpcListener[];
  /** The page in the browser; null: there is none. */
  readonly web: WebSettings | null;
}

export interface ProxySettings {
  readonly enabled: boolean;
  readonly listen: readonly Listen[];
  /** Addresses for TLS. Only bound while a site has a certificate. */
  readonly tlsListen: readonly Listen[];
  /** The user and group of the workers. The group may connect to the apps' sockets. */
  readonly user: string;
  /** Number of worker processes. */
  readonly workers: number;
  /** CIDR blocks of the proxies whose X-Forwarded-* are believed, such as "10.0.0.0/8". */
  readonly trustedProxies: readonly string[];
  /** The app that serves host names of no site; null: they get 404. */
  readonly defaultSite: string | null;
  readonly accessLogFormat: AccessLogFormat;
  /** A directory of STATUS.html and maintenance.html, ending with "/", for sites that have none; null: plain pages. */
  readonly errorPages: string | null;
  /** certbot's --webroot-path, ending with "/": every site's /.well-known/acme-challenge/ is served from below it; null: none. */
  readonly acmeWebroot: string | null;
  /** The directory whose "bodies" is for request bodies that are too large for memory; null: hostd's state_dir. */
  readonly clientBodyTempPath: string | null;
  /** Media types by file extension (lower case, without a dot). They win over those that hostd knows. */
  readonly types: Readonly<Record<string, string>>;
}

/** `combined_id` is nginx's combined with the request's id at the end. */
export type AccessLogFormat = 'combined' | 'combined_id' | 'json';

/** PEM files, read by root: the certificate with its chain, and its private key. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A socket for Supervisor's XML-RPC. */
export interface RpcListener {
  /** Supervisor's name for it: "unix_http_server", "inet_http_server". */
  readonly name: string;
  readonly address: RpcSocket | Listen;
  /** null: no password is needed. `password`: clear, or {SHA} and 40 hexadecimal digits. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** A unix socket. `rights` null: the same as the control socket's. */
export interface RpcSocket {
  readonly path: string;
  readonly rights: { readonly uid: number; readonly gid: number; readonly mode: number } | null;
}

/** The page in the browser: where it is, and who may do what with it. */
export interface WebSettings {
  readonly address: RpcSocket | Listen;
  /** `password`: scrypt's text (words/password.ts). null: on a unix socket, where the kernel says who comes. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** Whether it may only be looked at. */
  readonly may: WebRights;
  /** Host names by which browsers come, besides addresses and localhost. */
  readonly serverNames: readonly string[];
  /** CIDR blocks of the proxies in front, whose X-Forwarded-* are believed. */
  readonly trustedProxies: readonly string[];
}

export type WebRights = 'read' | 'operate';

/** A socket for metrics. */
export interface MetricsListener {
  readonly address: RpcSocket | Listen;
}

/** Files of other tools that follow the configuration. */
export interface EmitSettings {
  /** Names of formats; empty: nothing is written. */
  readonly formats: readonly string[];
  readonly plain: boolean;
  /** The directory that the files are below; "/" is where the tools look. */
  readonly out: string;
  /** Commands; empty: none is run. */
  readonly nginxTest: readonly string[];
  readonly nginxReload: readonly string[];
}

/** Who is told of what happens. */
export interface NotifySettings {
  /** A program that reads what is told; empty: none. */
  readonly command: readonly string[];
  /** Whom it runs as; null: nobody without rights, or hostd's own user where that is not root. */
  readonly user: string | null;
  /** Where the same is posted; null: nowhere. It may have a secret in it. */
  readonly url: string | null;
  /** PEM file of further certificate authorities for it. */
  readonly caFile: string | null;
  /** Kinds of events (happenings.ts). */
  readonly events: readonly string[];
}

/** A TCP address: numeric host, port 1 to 65535. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** One hosted Django site, as written. Its program and its site follow from it (app.ts). */
export interface App {
  readonly name: string;
  readonly source: Source;
  /** The virtualenv. */
  readonly root: string;
  readonly user: string;
  /** null: the user's primary group. */
  readonly group: string | null;
  /** The Django project's directory, gunicorn's working directory. */
  readonly project: string;
  /** DJANGO_SETTINGS_MODULE. */
  readonly settings: string;
  /** Module, or module:callable; an ASGI callable with an ASGI worker class. */
  readonly wsgi: string;
  /** gunicorn --name. */
  readonly processName: string;
  readonly workers: number;
  /** Which of these two the table does not set: gunicorn's own configuration file wins over them. */
  readonly assumed: readonly ('name' | 'workers')[];
  readonly threads: number | null;
  /** gunicorn -k; null is sync, or gthread when threads are given. */
  readonly workerClass: string | null;
  /** Seconds that a gunicorn worker may take to finish its requests; null is gunicorn's own default of 30. */
  readonly gracefulTimeout: number | null;
  /** Seconds that a gunicorn worker may be silent before it is killed; null is gunicorn's own default of 30. */
  readonly timeout: number | null;
  /** Requests after which a gunicorn worker is replaced, and the largest random number that is added; null: never, gunicorn's default. */
  readonly maxRequests: number | null;
  readonly maxRequestsJitter: number | null;
  /** Seconds that a gunicorn worker keeps a connection open for another request; null is gunicorn's own default of 2. */
  readonly keepAlive: number | null;
  /** Whether gunicorn loads the app once, before it makes its workers. */
  readonly preload: boolean;
  readonly gunicornArgs: readonly string[];
  /** The command in gunicorn's place; null: gunicorn. */
  readonly command: readonly string[] | null;
  /** A path such as "/healthz" that must answer before the app counts as RUNNING. */
  readonly health: string | null;
  /** null: it is not asked for after the start. */
  readonly healthWatch: HealthWatch | null;
  /** Seconds without a request after which it is stopped until the next one; null: it is not. */
  readonly idleTimeout: number | null;
  /** Whether only its first request starts it. */
  readonly onDemand: boolean;
  readonly serverNames: readonly string[];
  readonly socket: string;
  /** Where the app is served, in place of its own program here; empty: it runs here. */
  readonly upstreams: readonly Listen[];
  /** Directories served below /static/ and /media/; null: not served. They end with "/". */
  readonly static: string | null;
  readonly media: string | null;
  readonly logs: string;
  readonly accessLog: string;
  readonly errorLog: string;
  /** Bytes; 0 is no limit. */
  readonly clientMaxBodySize: number;
  /** Seconds between two reads from the app. */
  readonly proxyReadTimeout: number;
  /** How long clients may keep files below static and media without asking again: see Location. */
  readonly staticExpires: number | null;
  readonly mediaExpires: number | null;
  /** null: the site is served by http alone. */
  readonly certificate: CertificateFiles | null;
  /** Whether requests by http are redirected to https. */
  readonly redirectHttps: boolean;
  /** Host names that are redirected to the first of serverNames. */
  readonly redirectFrom: readonly string[];
  /** A directory of STATUS.html and maintenance.html, ending with "/"; null: [proxy]'s. */
  readonly errorPages: string | null;
  /** Files of variables (env_file). Their variables are in `env`, where the files were read. */
  readonly envFiles: readonly string[];
  /** [app.NAME.env] as written; the program's environment adds to it. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a program is: an app's own gunicorn, an app's own command in its place, any other command, an event listener, a proxy worker. */
export type Kind = 'gunicorn' | 'app' | 'command' | 'listener' | 'proxy';

export interface Program extends Supervision {
  /** Unique: "hello", "hello:celery", "cat", "cat:cat_00". */
  readonly name: string;
  /** The part before the colon, or the name itself. [group.NAME] may gather several programs under another name. */
  readonly group: string;
  readonly groupPriority: number;
  /** The app that the program belongs to; null: it is a [program.NAME]. */
  readonly app: string | null;
  readonly kind: Kind;
  readonly source: Source;
  /** For a program made by numprocs: the definition's name and the program's number. */
  readonly instance: { readonly of: string; readonly number: number; readonly count: number } | null;
  /** argv; argv[0] without a slash is searched in the environment's PATH. Never empty. */
  readonly command: readonly string[];
  readonly directory: string | null;
  /** The whole environment, apart from what depends on the user and on the run (HOME, USER, LISTEN_PID, ...). */
  readonly environment: Readonly<Record<string, string>>;
  /** null: the user that hostd runs as. */
  readonly user: string | null;
  /** Unix group; null: the user's primary group. */
  readonly unixGroup: string | null;
  readonly socket: UnixSocket | null;
  readonly health: { readonly path: string; readonly host: string } | null;
  /** What all programs of its app are held to together; its own bounds are below that. Absent: nothing. */
  readonly appBounds?: Bounds;
  /** Absent: nobody asks after the start. */
  readonly healthWatch?: HealthWatch;
  /** Seconds without a request after which it is stopped until the next one; null, or not given: it is not. */
  readonly idleTimeout?: number | null;
  /** Whether it is started by the first request alone. */
  readonly onDemand?: boolean;
  /** Whether it is down while its app sleeps. */
  readonly sleepsWithApp?: boolean;
  /** Settings of an event listener; null: the program is none. */
  readonly listener: Listener | null;
  /** When it is run; null: it is to be up all the time. */
  readonly schedule: Schedule | null;
  /** Set for a program of a supervisord.conf, which is started as Supervisor starts its own. */
  readonly supervisord?: SupervisordProgram;
}

/** How a running app is asked for its health. */
export interface HealthWatch {
  /** Seconds between two questions. */
  readonly interval: number;
  /** Bad answers in a row until it is reloaded. */
  readonly failures: number;
}

/** What Supervisor needs for the start of a process, beyond what every program has. */
export interface SupervisordProgram {
  /** Its name in its group. */
  readonly process: string;
  /** As it is written. Supervisor cuts it into words when it starts the process. */
  readonly command: string;
  /** null: supervisord's own. */
  readonly umask: number | null;
  /** Number of the signal that stops it. */
  readonly stopsignal: number;
  /** SUPERVISOR_SERVER_URL; null: the server's own. */
  readonly serverUrl: string | null;
  /** The name of the socket that a FastCGI program has as its standard input. */
  readonly fastCgi: string | null;
}

/** A program that is run at certain times, and is expected to end. */
export interface Schedule {
  /** crontab(5)'s five fields, or one of its nicknames. */
  readonly cron: string;
  /** Such as "Europe/Berlin"; null: the machine's. */
  readonly timezone: string | null;
  /** Whether a run that was missed while hostd was down is made up for, once. */
  readonly catchUp: boolean;
  /** Seconds that a run may take; null: as long as it likes. */
  readonly timeLimit: number | null;
}

/** What an event listener is told. The listeners of one group are a pool, and each event goes to one of them. */
export interface Listener {
  /** Names of Supervisor's event types, such as "PROCESS_STATE" for all states. */
  readonly events: readonly string[];
  /** Events that may wait for the pool. Beyond that the oldest are dropped. */
  readonly bufferSize: number;
}

/** How a program is supervised, apart from what is run. supervision.ts has a row for each field. */
export interface Supervision extends Bounds {
  readonly umask: number;
  readonly limits: Readonly<Record<string, Limit>>;
  readonly noNewPrivileges: boolean;
  readonly priority: number;
  readonly autostart: boolean;
  readonly autorestart: 'never' | 'unexpected' | 'always';
  /** Seconds. */
  readonly startsecs: number;
  /** Attempts after the first, then FATAL, with Supervisor's delays of 1, 2, 3 ... seconds.
   *  null: for ever, with delays that double up to 30 seconds. */
  readonly startretries: number | null;
  readonly exitcodes: readonly number[];
  readonly stopsignal: SignalName;
  /** Seconds until SIGKILL. */
  readonly stopwaitsecs: number;
  readonly stopasgroup: boolean;
  readonly killasgroup: boolean;
  readonly stdout: LogFile;
  /** null with redirect_stderr: the errors go where stdout goes. */
  readonly stderr: LogFile | null;
  /** Services that must accept connections before the program is spawned. It is STARTING meanwhile. */
  readonly requires: readonly Requirement[];
  /** nice(2): -20 to 19. A higher value leaves more of the processors to others. null: hostd's own value, where that is no privilege. */
  readonly nice: number | null;
  /** proc_pid_oom_score_adj(5): -1000 to 1000. A higher value is killed earlier when memory runs out. null as for nice. */
  readonly oomScoreAdj: number | null;
  /** Bytes of memory, without file cache, at which it is reloaded or restarted; 0: at none. */
  readonly memoryRestart: number;
  /** Seconds after its start; 0: never. */
  readonly maxAge: number;
  /** A local time, in minutes after midnight; null: at none. */
  readonly restartAt: number | null;
}

/** What the kernel holds processes to together, by cgroup v2 (Control Group v2). 0: to nothing. */
export interface Bounds {
  /** Bytes: one of them is killed when they need more. */
  readonly memoryMax: number;
  /** Bytes from which they are slowed down. */
  readonly memoryHigh: number;
  /** Percent of one processor. */
  readonly cpuMax: number;
  /** 1 to 10000; 100 is what everybody has. */
  readonly cpuWeight: number;
  /** Processes and threads. */
  readonly tasksMax: number;
  /** As cpuWeight, of the disks. */
  readonly ioWeight: number;
}

/** setrlimit(2): soft and hard; null is unlimited. */
export interface Limit {
  readonly soft: number | null;
  readonly hard: number | null;
}

export interface LogFile {
  /** null: /dev/null. */
  readonly path: string | null;
  /** Bytes; 0 is never. */
  readonly maxBytes: number;
  readonly backups: number;
  /** Seconds; null is never. */
  readonly maxAge: number | null;
  /** What hostd does with output that passes through it to the log. null: the program writes to its log itself. */
  readonly through: Through | null;
}

/** One of a program's two outputs. */
export type Channel = 'stdout' | 'stderr';

/** What hostd does with output that passes through it. */
export interface Through {
  /** Whether each piece is told to event listeners (PROCESS_LOG). */
  readonly events: boolean;
  /** Bytes between Supervisor's tokens that are told as an event (PROCESS_COMMUNICATION); 0: none. */
  readonly captureBytes: number;
  /** Whether each line goes to the system's log. */
  readonly syslog: boolean;
  /** Whether colours and cursor movements are taken out. */
  readonly stripAnsi: boolean;
  /** Whether the output is in hostd's own log, at level debug. */
  readonly echo: boolean;
}

/** A service by its name in the configuration, and where it listens. */
export interface Requirement {
  readonly name: string;
  readonly address: { readonly path: string } | Listen;
}

/** A listening unix socket that hostd makes, owns and passes on (sd_listen_fds(3)). */
export interface UnixSocket {
  readonly path: string;
  readonly backlog: number;
}

/** [group.NAME]: programs gathered under one name, started and stopped by priority. */
export interface Group {
  readonly name: string;
  readonly source: Source;
  readonly programs: readonly string[];
  readonly priority: number;
}

/** What a vhost says: host names, files, and the socket that answers the rest. */
export interface Site {
  /** The app's name; NAME.localhost is served too. */
  readonly name: string;
  /** In lower case, without port or trailing dot. */
  readonly serverNames: readonly string[];
  readonly locations: readonly Location[];
  readonly socket: string;
  /** Whom the proxy asks in place of the socket; null, or not given: the socket. */
  readonly upstreams?: Upstreams | null;
  /** Bytes; 0 is no limit. */
  readonly clientMaxBodySize: number;
  /** Seconds between two reads from the app. */
  readonly proxyReadTimeout: number;
  readonly accessLog: string;
  readonly errorLog: string;
  /** Whether the app's gunicorn keeps connections open (every worker class but sync). */
  readonly keepalive: boolean;
  readonly certificate: CertificateFiles | null;
  readonly redirectHttps: boolean;
  /** In lower case. They are redirected to the first of serverNames. */
  readonly redirectFrom: readonly string[];
  /** Ends with "/". */
  readonly errorPages: string | null;
}

/** Servers elsewhere that answer for an app. */
export interface Upstreams {
  readonly addresses: readonly Listen[];
  /** What each of them is asked for again and again; null: nothing, only visitors' requests show how it is. */
  readonly health: UpstreamHealth | null;
}

export interface UpstreamHealth extends HealthWatch {
  readonly path: string;
  readonly host: string;
}

/** URIs that begin with `prefix` are files below `alias`; both end with "/". */
export interface Location {
  readonly prefix: string;
  readonly alias: string;
  /** Seconds for which a client may keep a file without asking again; -1: it must ask each time; null: the answer says nothing. */
  readonly expires: number | null;
}
