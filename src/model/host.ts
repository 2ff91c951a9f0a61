// What is hosted: the one model that every format is read into and written from. Pure data, imports no other folder.
// Everything is filled in here: a reader of the model never needs to know a default.

import type { Source } from './problem.ts';

export interface Host {
  readonly settings: Settings;
  readonly apps: readonly App[];
  /** Every supervised program, the apps' included, sorted by (group priority, group, priority, name). */
  readonly programs: readonly Program[];
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
  /** Where Supervisor's clients are served; none: nowhere. */
  readonly supervisor: readonly RpcListener[];
}

export interface ProxySettings {
  readonly enabled: boolean;
  readonly listen: readonly Listen[];
  /** Where TLS is spoken; bound only while a site has a certificate. */
  readonly tlsListen: readonly Listen[];
  /** Whose uid and gid the workers run as, and whose group may connect to the apps' sockets. */
  readonly user: string;
  /** Number of worker processes. */
  readonly workers: number;
  /** CIDR blocks of the proxies whose X-Forwarded-* are believed, such as "10.0.0.0/8". */
  readonly trustedProxies: readonly string[];
  /** The app that answers for host names that no site has; null: 404. */
  readonly defaultSite: string | null;
  readonly accessLogFormat: AccessLogFormat;
  /** A directory of STATUS.html and maintenance.html, ending with "/", for sites without one of their own; null: plain pages. */
  readonly errorPages: string | null;
  /** certbot's --webroot-path, ending with "/": every site's /.well-known/acme-challenge/ is served from below it; null: none. */
  readonly acmeWebroot: string | null;
  /** The directory whose "bodies" has request bodies that are too large for memory; null: hostd's state_dir. */
  readonly clientBodyTempPath: string | null;
  /** Media types by file extension (lower case, without a dot), before those that hostd knows. */
  readonly types: Readonly<Record<string, string>>;
}

/** `combined_id` is nginx's combined with the request's id behind it. */
export type AccessLogFormat = 'combined' | 'combined_id' | 'json';

/** PEM files, read by root: the certificate with its chain, and its private key. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A socket on which Supervisor's XML-RPC is spoken. */
export interface RpcListener {
  /** What Supervisor calls it: "unix_http_server", "inet_http_server". */
  readonly name: string;
  readonly address: RpcSocket | Listen;
  /** null: no password is asked for. `password`: clear, or {SHA} and 40 hexadecimal digits. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** A unix socket. `rights` null: those of the control socket. */
export interface RpcSocket {
  readonly path: string;
  readonly rights: { readonly uid: number; readonly gid: number; readonly mode: number } | null;
}

/** Files of other tools that are kept current with the configuration. */
export interface EmitSettings {
  /** Names of formats; none: nothing is written. */
  readonly formats: readonly string[];
  readonly plain: boolean;
  /** The files are below this directory; "/" is where the tools look. */
  readonly out: string;
  /** Commands; empty: none is run. */
  readonly nginxTest: readonly string[];
  readonly nginxReload: readonly string[];
}

/** A TCP address: numeric host, port 1 to 65535. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** One hosted Django site, as written. Its program and its site are derived from it (app.ts). */
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
  /** Which of these two nobody has said: gunicorn's own configuration file wins over them. */
  readonly assumed: readonly ('name' | 'workers')[];
  readonly threads: number | null;
  /** gunicorn -k; null is sync, or gthread when threads are given. */
  readonly workerClass: string | null;
  /** Seconds that a gunicorn worker may take to finish its requests; null is gunicorn's own default of 30. */
  readonly gracefulTimeout: number | null;
  /** Seconds that a gunicorn worker may be silent before it is killed; null is gunicorn's own default of 30. */
  readonly timeout: number | null;
  /** Requests after which a gunicorn worker is replaced, and the most that chance adds to them; null is gunicorn's own: never. */
  readonly maxRequests: number | null;
  readonly maxRequestsJitter: number | null;
  /** Whether gunicorn loads the app once, before it makes its workers. */
  readonly preload: boolean;
  readonly gunicornArgs: readonly string[];
  /** Instead of gunicorn. */
  readonly command: readonly string[] | null;
  /** A path such as "/healthz" that must answer before the app counts as RUNNING. */
  readonly health: string | null;
  readonly serverNames: readonly string[];
  readonly socket: string;
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
  /** How long what is below static and media may be kept without asking: see Location. */
  readonly staticExpires: number | null;
  readonly mediaExpires: number | null;
  /** null: the site is served by http alone. */
  readonly certificate: CertificateFiles | null;
  /** Whether http is answered with a redirect to https. */
  readonly redirectHttps: boolean;
  /** Host names that are answered with a redirect to the first of serverNames. */
  readonly redirectFrom: readonly string[];
  /** A directory of STATUS.html and maintenance.html, ending with "/"; null: [proxy]'s. */
  readonly errorPages: string | null;
  /** [app.NAME.env] as written; the program's environment adds to it. */
  readonly env: Readonly<Record<string, string>>;
}

/** One supervised command: Supervisor's keys with their values filled in. */
/** What a program is: an app's own gunicorn, an app's own command in its place, any other command, an event listener, a worker of hostd's proxy. */
export type Kind = 'gunicorn' | 'app' | 'command' | 'listener' | 'proxy';

export interface Program extends Supervision {
  /** Unique: "hello", "hello:celery", "cat", "cat:cat_00". */
  readonly name: string;
  /** The part before the colon, or the name itself; [group.NAME] may gather several programs under another. */
  readonly group: string;
  readonly groupPriority: number;
  /** The app that it belongs to, or null for a [program.NAME]. */
  readonly app: string | null;
  readonly kind: Kind;
  readonly source: Source;
  /** For a program made by numprocs: the definition's name and this one's number. */
  readonly instance: { readonly of: string; readonly number: number; readonly count: number } | null;
  /** argv; argv[0] without a slash is searched in the environment's PATH. Never empty. */
  readonly command: readonly string[];
  readonly directory: string | null;
  /** The whole environment, apart from what depends on the user and on the run (HOME, USER, LISTEN_PID, ...). */
  readonly environment: Readonly<Record<string, string>>;
  /** null: whoever hostd runs as. */
  readonly user: string | null;
  /** Unix group; null: the user's primary group. */
  readonly unixGroup: string | null;
  readonly socket: UnixSocket | null;
  readonly health: { readonly path: string; readonly host: string } | null;
  /** Of an event listener; null for any other program. */
  readonly listener: Listener | null;
  /** Of a program of a supervisord.conf: it is started as Supervisor starts its own. */
  readonly supervisord?: SupervisordProgram;
}

/** What Supervisor starts a process by, beyond what every program has. */
export interface SupervisordProgram {
  /** Its name in its group. */
  readonly process: string;
  /** As it is written: Supervisor cuts it into words when it starts the process. */
  readonly command: string;
  /** null: supervisord's own. */
  readonly umask: number | null;
  /** Number of the signal that stops it. */
  readonly stopsignal: number;
  /** SUPERVISOR_SERVER_URL; null: the server's own. */
  readonly serverUrl: string | null;
  /** The socket that a FastCGI program has for its standard input, by the name that it is kept under. */
  readonly fastCgi: string | null;
}

/** What an event listener is told. The listeners of one group are a pool: each event goes to one of them. */
export interface Listener {
  /** Names of Supervisor's event types, such as "PROCESS_STATE" for all states. */
  readonly events: readonly string[];
  /** Events that wait for the pool at most; of more than that the oldest are dropped. */
  readonly bufferSize: number;
}

/** How a program is supervised, apart from what is run. What hostd knows about each field is a row in supervision.ts. */
export interface Supervision {
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
  readonly stopsignal: NodeJS.Signals;
  /** Seconds until SIGKILL. */
  readonly stopwaitsecs: number;
  readonly stopasgroup: boolean;
  readonly killasgroup: boolean;
  readonly stdout: LogFile;
  /** null with redirect_stderr: the same as stdout. */
  readonly stderr: LogFile | null;
  /** Services that must accept connections before the program is spawned; it is STARTING meanwhile. */
  readonly requires: readonly Requirement[];
  /** nice(2): -20 to 19; higher leaves others more of the processors. null: hostd's own, where that is no advantage. */
  readonly nice: number | null;
  /** proc_pid_oom_score_adj(5): -1000 to 1000; higher is killed earlier when memory runs out. null as for nice. */
  readonly oomScoreAdj: number | null;
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
  /** What is done with the output besides: it passes through hostd then, which writes the log. null: the program writes to its log itself. */
  readonly through: Through | null;
}

/** One of a program's two outputs. */
export type Channel = 'stdout' | 'stderr';

/** What is done with output that passes through hostd. */
export interface Through {
  /** Each piece of it is told to event listeners (PROCESS_LOG). */
  readonly events: boolean;
  /** Bytes of what stands between Supervisor's tokens that are told as an event (PROCESS_COMMUNICATION); 0: none. */
  readonly captureBytes: number;
  /** Each line goes to the system's log. */
  readonly syslog: boolean;
  /** Colours and cursor movements are taken out. */
  readonly stripAnsi: boolean;
  /** It is told in hostd's own log, at level debug. */
  readonly echo: boolean;
}

/** A service as it was named, and where it listens. */
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
  /** Lower case, without port or trailing dot. */
  readonly serverNames: readonly string[];
  readonly locations: readonly Location[];
  readonly socket: string;
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
  /** Lower case; answered with a redirect to the first of serverNames. */
  readonly redirectFrom: readonly string[];
  /** Ends with "/". */
  readonly errorPages: string | null;
}

/** URIs that begin with `prefix` are files below `alias`; both end with "/". */
export interface Location {
  readonly prefix: string;
  readonly alias: string;
  /** Seconds for which a file may be kept without asking; -1: it is asked for each time; null: nothing is said. */
  readonly expires: number | null;
}
