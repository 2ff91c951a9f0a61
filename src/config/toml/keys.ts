// Every key of hostd.toml, table by table: its kind of value, its default and its meaning in words.
// A test keeps the documentation true to these tables. "ROOT", "NAME", "LOGS" stand for the table's own values.

import type { SupervisionKey } from '../../model/supervision.ts';
import type { Kind } from './values.ts';

export interface Key {
  readonly kind: Kind;
  /** For people. model/app.ts, model/assemble.ts or program.ts compute it. */
  readonly default: string;
  readonly meaning: string;
  /** The least and the most that a number may be. */
  readonly range?: readonly [number, number];
  /** Other tools' names for it, for suggestions. */
  readonly alias?: readonly string[];
  readonly required?: true;
}

export type Keys = Readonly<Record<string, Key>>;

export const hostdKeys = {
  include: {
    kind: 'names',
    default: '["apps.d/*.toml"]',
    meaning: 'more files, relative to this one; read sorted',
  },
  runtime_dir: {
    kind: 'path',
    default: '"/run/hostd"',
    meaning: 'what lasts until the machine stops: sockets',
  },
  state_dir: {
    kind: 'path',
    default: '"/var/lib/hostd"',
    meaning: 'the lock, and what the next hostd must know to take over',
  },
  log_dir: {
    kind: 'path',
    default: '"/var/log/hostd"',
    meaning: "the proxy's log, and the AUTO logs of programs",
  },
  logfile: {
    kind: 'path',
    default: 'stderr',
    meaning: "hostd's own log, JSON lines; on a terminal stderr is readable instead",
    alias: ['log_file'],
  },
} as const satisfies Keys;

export const controlKeys = {
  socket: {
    kind: 'path',
    default: '"RUNTIME_DIR/hostd.sock"',
    meaning: 'where hostctl finds hostd; mode 0660',
  },
  group: {
    kind: 'account',
    default: '"hostd"',
    meaning: 'whose members may operate; the socket belongs to root and this group',
  },
} as const satisfies Keys;

export const proxyKeys = {
  enabled: {
    kind: 'boolean',
    default: 'true',
    meaning: 'false where nginx or another proxy serves the sites',
  },
  listen: {
    kind: 'addresses',
    default: '["0.0.0.0:80", "[::]:80"]',
    meaning: 'numeric addresses with ports',
  },
  tls_listen: {
    kind: 'addresses',
    default: '["0.0.0.0:443", "[::]:443"]',
    meaning: 'where TLS is spoken, as soon as a site has a certificate',
    alias: ['ssl_listen', 'https_listen', 'listen_tls', 'listen_ssl'],
  },
  user: {
    kind: 'account',
    default: '"www-data"',
    meaning: 'whom the proxy workers run as, never root; its group alone may connect to the apps',
  },
  workers: { kind: 'count', default: '1', meaning: 'proxy processes' },
  trusted_proxies: {
    kind: 'networks',
    default: '[]',
    meaning:
      'addresses and CIDR blocks of the proxies in front, whose X-Forwarded-For and -Proto are believed',
    alias: ['set_real_ip_from', 'real_ip_from', 'forwarded_allow_ips', 'trusted_proxy', 'proxies'],
  },
  default_site: {
    kind: 'text',
    default: 'none: 404',
    meaning: 'the app that answers for host names that no site has',
    alias: ['default_server', 'default_app', 'default_host', 'fallback'],
  },
  access_log_format: {
    kind: 'log format',
    default: '"combined"',
    meaning:
      '"combined"; "combined_id": the same with the request\'s id behind it; or "json": an object for each request, a line each',
    alias: ['log_format', 'access_log'],
  },
  error_pages: {
    kind: 'path',
    default: 'none: plain pages',
    meaning:
      'a directory of 404.html, 502.html, ... and maintenance.html, for sites without one of their own',
    alias: ['error_page', 'error_page_dir'],
  },
  client_body_temp_path: {
    kind: 'path',
    default: '"STATE_DIR"',
    meaning:
      'where request bodies lie that are too large for memory: in its directory "bodies", which is made for the proxy alone',
    alias: ['body_temp_path', 'body_dir', 'tmp_dir', 'temp_dir', 'upload_dir'],
  },
  acme_webroot: {
    kind: 'path',
    default: 'none',
    meaning:
      "certbot's --webroot-path: below it is every site's /.well-known/acme-challenge/, over plain http too",
    alias: ['webroot', 'webroot_path', 'acme', 'letsencrypt', 'certbot'],
  },
  types: {
    kind: 'media types',
    default: '{}',
    meaning: 'media types of further file extensions, such as { glb = "model/gltf-binary" }',
    alias: ['mime_types', 'mime', 'media_types', 'content_types'],
  },
} as const satisfies Keys;

export const emitKeys = {
  formats: {
    kind: 'names',
    default: '[]',
    meaning: 'whose files update keeps current: supervisor, gunicorn-start, nginx, systemd',
  },
  plain: { kind: 'boolean', default: 'false', meaning: 'the classic directives alone, without hardening' },
  out: { kind: 'path', default: '"/"', meaning: 'the directory below which they are' },
  nginx_test: {
    kind: 'words',
    default: '"nginx -t"',
    meaning: "what judges nginx's new files; when it fails, the old ones are put back",
  },
  nginx_reload: { kind: 'words', default: '"nginx -s reload"', meaning: 'what follows a good test' },
} as const satisfies Keys;

export const metricsKeys = {
  listen: {
    kind: 'address or path',
    default: 'none: only the control socket has them',
    meaning:
      'an address and a port at which Prometheus finds /metrics, such as "127.0.0.1:9145"; or a unix socket\'s path, with the control socket\'s rights',
    alias: ['port', 'socket', 'address'],
  },
} as const satisfies Keys;

export const notifyKeys = {
  command: {
    kind: 'words',
    default: 'none',
    meaning:
      'a program that is told of trouble: a JSON object on its standard input; words split as a shell would, or a list',
  },
  user: {
    kind: 'account',
    default: '"nobody", or whoever hostd runs as',
    meaning: 'whom the command runs as',
  },
  url: {
    kind: 'password',
    default: 'none',
    meaning: 'where the same object is posted, by https or http; it is shown nowhere',
    alias: ['webhook'],
  },
  ca_file: {
    kind: 'path',
    default: 'none',
    meaning: 'PEM file of certificate authorities that are believed for url besides the public ones',
    alias: ['ca', 'cafile', 'extra_ca_certs', 'node_extra_ca_certs'],
  },
  events: {
    kind: 'names',
    default: 'the kinds that mean trouble',
    meaning:
      'kinds of events that are told of (hostctl events --json has them as "kind"); their end is told, too',
  },
} as const satisfies Keys;

export const supervisorKeys = {
  socket: {
    kind: 'path',
    default: 'none',
    meaning:
      "a unix socket for supervisorctl and other clients of Supervisor's, with the control socket's rights",
    alias: ['file', 'unix_http_server'],
  },
  listen: {
    kind: 'address',
    default: 'none',
    meaning: 'an address and a port for them; it needs user and password',
    alias: ['port', 'inet_http_server'],
  },
  user: { kind: 'text', default: 'none', meaning: 'who may ask, on both', alias: ['username'] },
  password: {
    kind: 'password',
    default: 'none',
    meaning: 'in clear, or "{SHA}" and the 40 hexadecimal digits of its SHA-1',
  },
} as const satisfies Keys;

export const webKeys = {
  listen: {
    kind: 'address or path',
    default: 'none: there is no page',
    meaning:
      "an address and a port for browsers; or a unix socket's path, where the kernel says who comes, with the control socket's rights",
    alias: ['port', 'socket', 'address'],
  },
  user: { kind: 'text', default: 'none', meaning: 'who may log in at an address', alias: ['username'] },
  password: {
    kind: 'password',
    default: 'none',
    meaning: 'what hostctl web password prints: a digest by scrypt, never the password itself',
  },
  may: {
    kind: 'web rights',
    default: '"operate"',
    meaning: '"read": who is logged in may look, and change nothing',
    alias: ['rights', 'access', 'read_only', 'readonly'],
  },
  server_names: {
    kind: 'hosts',
    default: '[]',
    meaning: 'host names by which browsers come, besides addresses and localhost; any other name is refused',
    alias: ['server_name', 'hosts', 'allowed_hosts'],
  },
  trusted_proxies: {
    kind: 'networks',
    default: '[]',
    meaning:
      'addresses and CIDR blocks of the proxies in front, whose X-Forwarded-For and -Proto are believed; on this machine only those that run as [proxy] user or root',
    alias: ['set_real_ip_from', 'real_ip_from', 'forwarded_allow_ips', 'trusted_proxy', 'proxies'],
  },
} as const satisfies Keys;

/** Supervisor's keys for how a program is supervised. Their defaults in [app] differ, and are below. */
export const supervisionKeys = {
  autostart: { kind: 'boolean', default: 'true', meaning: 'whether it starts with hostd' },
  autorestart: {
    kind: 'restart',
    default: '"unexpected"',
    meaning:
      'whether it starts again after its exit: true, false, or "unexpected": when the exit code is not in exitcodes',
  },
  startsecs: { kind: 'seconds', default: '1', meaning: 'seconds that it must stay up to count as RUNNING' },
  startretries: {
    kind: 'natural',
    default: '3',
    meaning: 'further tries, after 1, 2, 3 ... seconds, before it is FATAL',
    alias: ['retries'],
  },
  exitcodes: { kind: 'exitcodes', default: '[0]', meaning: 'exit codes that are expected' },
  stopsignal: { kind: 'signal', default: '"TERM"', meaning: 'the signal that asks it to stop' },
  stopwaitsecs: {
    kind: 'seconds',
    default: '10',
    meaning: 'seconds after stopsignal until SIGKILL',
    alias: ['timeout'],
  },
  stopasgroup: { kind: 'boolean', default: 'false', meaning: 'stopsignal goes to its whole process group' },
  killasgroup: {
    kind: 'boolean',
    default: 'the value of stopasgroup',
    meaning: 'SIGKILL goes to its whole process group; what is left over after a stop is ended in any case',
  },
  umask: { kind: 'umask', default: '"022"', meaning: 'octal, in a text' },
  directory: { kind: 'path text', default: 'none', meaning: 'where it runs', alias: ['cwd', 'chdir'] },
  environment: {
    kind: 'environment',
    default: '{}',
    meaning: `a table, or Supervisor's text KEY="value",KEY2="value"; nothing of hostd's own environment is passed on`,
  },
  priority: { kind: 'integer', default: '999', meaning: 'lower starts first and stops last' },
  redirect_stderr: { kind: 'boolean', default: 'false', meaning: 'stderr goes to the log of stdout' },
  stdout_logfile: {
    kind: 'log',
    default: '"AUTO": LOG_DIR/NAME-stdout.log',
    meaning:
      'an absolute path, "AUTO", or "NONE" for no log; "/dev/stdout" and "/dev/stderr" are hostd\'s own, as in a container',
    alias: ['log', 'logfile'],
  },
  stdout_logfile_maxbytes: {
    kind: 'size',
    default: '"50MB"',
    meaning: 'the size at which a log is put aside; 0 is never',
  },
  stdout_logfile_backups: { kind: 'natural', default: '10', meaning: 'how many older logs are kept' },
  stdout_logfile_maxage: {
    kind: 'duration',
    default: '0',
    meaning: 'the age at which a log is put aside, such as "1d"; 0 is never',
  },
  stderr_logfile: {
    kind: 'log',
    default: '"AUTO": LOG_DIR/NAME-stderr.log',
    meaning: 'as stdout_logfile; without effect when redirect_stderr is true',
  },
  stderr_logfile_maxbytes: { kind: 'size', default: '"50MB"', meaning: 'as stdout_logfile_maxbytes' },
  stderr_logfile_backups: { kind: 'natural', default: '10', meaning: 'as stdout_logfile_backups' },
  stderr_logfile_maxage: { kind: 'duration', default: '0', meaning: 'as stdout_logfile_maxage' },
  stdout_events_enabled: {
    kind: 'boolean',
    default: 'false',
    meaning:
      'each piece of output is told to event listeners (PROCESS_LOG_STDOUT); it passes through hostd then',
  },
  stdout_capture_maxbytes: {
    kind: 'size',
    default: '0',
    meaning:
      'the most of what stands between <!--XSUPERVISOR:BEGIN--> and <!--XSUPERVISOR:END-->, which is told to event listeners in place of the log; 0: the tokens mean nothing',
  },
  stdout_syslog: {
    kind: 'boolean',
    default: 'false',
    meaning: "each line goes to the machine's log (/dev/log), too",
  },
  stderr_events_enabled: { kind: 'boolean', default: 'false', meaning: 'as stdout_events_enabled' },
  stderr_capture_maxbytes: { kind: 'size', default: '0', meaning: 'as stdout_capture_maxbytes' },
  stderr_syslog: { kind: 'boolean', default: 'false', meaning: 'as stdout_syslog' },
  strip_ansi: {
    kind: 'boolean',
    default: 'false',
    meaning: 'colours and cursor movements are taken out of its output; it passes through hostd then',
  },
  requires: {
    kind: 'requirements',
    default: '[]',
    meaning:
      'services that must accept connections before it is spawned: "postgresql", "mysql", "redis", "memcached", "unix:/PATH" or "ADDRESS:PORT"',
    alias: ['depends', 'depends_on', 'after'],
  },
  limits: {
    kind: 'limits',
    default: "{}: hostd's own",
    meaning:
      'resource limits: numbers, sizes, "unlimited" or [soft, hard] for as, core, cpu, data, fsize, memlock, nofile, nproc, stack',
    alias: ['rlimits'],
  },
  no_new_privileges: {
    kind: 'boolean',
    default: 'true, but false for a program that runs as root',
    meaning: 'execve gives it no more rights: sudo, su and other set-uid programs do not work in it',
  },
  nice: {
    kind: 'integer',
    range: [-20, 19],
    default: "hostd's own, if above 0",
    meaning: 'higher leaves others more of the processors: -20 to 19',
    alias: ['niceness'],
  },
  oom_score_adj: {
    kind: 'integer',
    range: [-1000, 1000],
    default: "hostd's own, if above 0",
    meaning: 'higher is killed earlier when memory runs out: -1000 to 1000',
    alias: ['oom_score_adjust', 'oomscoreadjust', 'oom_adj'],
  },
  memory_max: {
    kind: 'size',
    default: '0: none',
    meaning:
      'how much memory its processes may have together; when they need more, the kernel kills one of them',
    alias: ['memory_limit', 'max_memory', 'memorymax', 'mem_limit'],
  },
  memory_high: {
    kind: 'size',
    default: '0: none',
    meaning: 'how much memory they may have before the kernel takes it back from them and slows them down',
    alias: ['memoryhigh', 'memory_soft_limit'],
  },
  cpu_max: {
    kind: 'percent',
    default: '0: none',
    meaning: 'how much of the processors they may use: "150%" is one and a half',
    alias: ['cpuquota', 'cpu_quota', 'cpu_limit', 'cpus'],
  },
  cpu_weight: {
    kind: 'count',
    range: [1, 10_000],
    default: '100',
    meaning: 'their part of the processors where others want them too, 1 to 10000',
    alias: ['cpuweight', 'cpu_shares'],
  },
  tasks_max: {
    kind: 'natural',
    default: '0: none',
    meaning: 'how many processes and threads they may be',
    alias: ['tasksmax', 'pids_max', 'pids_limit', 'max_processes'],
  },
  io_weight: {
    kind: 'count',
    range: [1, 10_000],
    default: '100',
    meaning: 'their part of the disks where others want them too, 1 to 10000',
    alias: ['ioweight', 'blkio_weight'],
  },
  memory_restart: {
    kind: 'size',
    default: '0: never',
    meaning:
      'how much memory its processes may use together, without file cache, until an app is reloaded and any other program restarted, such as "400M"',
    alias: ['max_memory_restart', 'memmon', 'memory_reload', 'reload_on_rss'],
  },
  max_age: {
    kind: 'duration',
    default: '0: never',
    meaning: 'how long after its start an app is reloaded and any other program restarted, such as "24h"',
    alias: ['max_uptime', 'max_lifetime', 'max_worker_lifetime', 'runtimemaxsec'],
  },
  restart_at: {
    kind: 'clock time',
    default: 'none',
    meaning: 'the local time at which an app is reloaded each day, and any other program restarted: "04:00"',
    alias: ['reload_at', 'cron_restart', 'restart_time'],
  },
} as const satisfies Keys & Record<SupervisionKey, Key>;

export const programKeys = {
  command: {
    kind: 'command',
    default: 'required',
    required: true,
    meaning: 'words split as a shell would, or a list; there is no shell',
  },
  user: { kind: 'account', default: 'whoever hostd runs as', meaning: 'name or uid to run as' },
  group: { kind: 'account', default: "the user's primary group", meaning: 'unix group to run as' },
  process_name: {
    kind: 'text',
    default: '"%(program_name)s", or "%(program_name)s_%(process_num)02d" when numprocs is above 1',
    meaning: 'the name after the colon',
  },
  numprocs: { kind: 'count', default: '1', meaning: 'how many of it run' },
  numprocs_start: { kind: 'natural', default: '0', meaning: 'the first process_num' },
  schedule: {
    kind: 'cron',
    default: 'none: it is up all the time',
    meaning: 'when it is run, in cron\'s five fields, such as "0 3 * * *", or "@daily" and its like',
    alias: ['cron', 'crontab', 'oncalendar', 'on_calendar', 'every', 'at'],
  },
  timezone: {
    kind: 'time zone',
    default: "the machine's",
    meaning: 'the time zone of schedule, such as "Europe/Berlin"',
    alias: ['tz', 'time_zone', 'zone', 'cron_tz'],
  },
  catch_up: {
    kind: 'boolean',
    default: 'false',
    meaning:
      'a run that was missed while hostd was down is made up for at its start, once however many were missed',
    alias: ['persistent', 'catchup', 'anacron'],
  },
  time_limit: {
    kind: 'duration',
    range: [1, 1_000_000],
    default: 'none',
    meaning: 'how long a scheduled run may take, such as "2h"; then it is stopped, and has failed',
    alias: ['max_runtime', 'runtime_max', 'run_timeout', 'deadline'],
  },
  ...supervisionKeys,
} as const satisfies Keys;

const {
  redirect_stderr: _,
  stdout_events_enabled: _events,
  stdout_capture_maxbytes: _capture,
  stdout_syslog: _syslog,
  schedule: _schedule,
  timezone: _timezone,
  catch_up: _catchUp,
  time_limit: _timeLimit,
  ...usualListenerKeys
} = programKeys;

/** [listener.NAME]: a program's keys without those of its stdout, which is for the protocol. */
export const listenerKeys = {
  ...usualListenerKeys,
  events: {
    kind: 'events',
    default: 'required',
    required: true,
    meaning:
      'what it is told: "PROCESS_STATE" and any of its like, "PROCESS_LOG", "PROCESS_COMMUNICATION", "REMOTE_COMMUNICATION", "PROCESS_GROUP", "SUPERVISOR_STATE_CHANGE", "TICK_5", "TICK_60", "TICK_3600"; "EVENT" for all',
  },
  buffer_size: {
    kind: 'count',
    default: '10',
    meaning: 'how many events wait for it at most; of more than that the oldest are dropped',
  },
  priority: { ...programKeys.priority, default: '-1' },
} as const satisfies Keys;

/** [app.NAME.program.X]: the same keys, with the app's own defaults. */
export const appProgramKeys = {
  ...programKeys,
  user: { ...programKeys.user, default: "the app's" },
  group: { ...programKeys.group, default: "the app's" },
  directory: { ...programKeys.directory, default: "the app's project" },
  environment: { ...programKeys.environment, default: "the app's, to which this adds" },
  autorestart: { ...programKeys.autorestart, default: 'true' },
  startretries: {
    ...programKeys.startretries,
    default: 'for ever, after delays that double up to 30 seconds',
  },
  redirect_stderr: { ...programKeys.redirect_stderr, default: 'true' },
  stdout_logfile: { ...programKeys.stdout_logfile, default: '"AUTO": LOGS/X.log' },
  stderr_logfile: { ...programKeys.stderr_logfile, default: '"AUTO": LOGS/X-stderr.log' },
  sleeps_with_app: {
    kind: 'boolean',
    default: 'false',
    meaning: 'stopped while the app sleeps (idle_timeout, on_demand), and started with it',
  },
} as const satisfies Keys;

/** In [app.NAME] the bounds are those of the app: all its programs together. */
const appWide = {
  memory_max: {
    ...supervisionKeys.memory_max,
    meaning:
      'how much memory all of its programs may have together; when they need more, the kernel kills one of their processes',
  },
  memory_high: {
    ...supervisionKeys.memory_high,
    meaning:
      'how much memory all of its programs may have before the kernel takes it back and slows them down',
  },
  cpu_max: {
    ...supervisionKeys.cpu_max,
    meaning: 'how much of the processors all of its programs may use together: "150%" is one and a half',
  },
  cpu_weight: {
    ...supervisionKeys.cpu_weight,
    meaning: "the app's part of the processors where others want them too, 1 to 10000",
  },
  tasks_max: {
    ...supervisionKeys.tasks_max,
    meaning: 'how many processes and threads all of its programs may be',
  },
  io_weight: {
    ...supervisionKeys.io_weight,
    meaning: "the app's part of the disks where others want them too, 1 to 10000",
  },
} as const satisfies Keys;

export const appKeys = {
  root: {
    kind: 'path',
    default: 'required, but not with upstreams',
    meaning: 'the virtualenv; everything else has its usual place below it',
    alias: ['virtualenv', 'venv', 'home'],
  },
  user: { kind: 'account', default: 'NAME', meaning: 'whom the app runs as' },
  group: { kind: 'account', default: "the user's primary group", meaning: 'unix group to run as' },
  project: {
    kind: 'path text',
    default: 'ROOT/NAME',
    meaning: "the Django project's directory: where it runs, and PYTHONPATH",
    alias: ['djangodir'],
  },
  settings: {
    kind: 'module',
    default: '"NAME.settings"',
    meaning: 'DJANGO_SETTINGS_MODULE',
    alias: ['django_settings_module', 'settings_module'],
  },
  wsgi: {
    kind: 'module',
    default: '"NAME.wsgi"',
    meaning: 'module, or module:callable; an ASGI callable with an ASGI worker_class',
    alias: ['django_wsgi_module', 'wsgi_module', 'module', 'asgi'],
  },
  name: {
    kind: 'text',
    default: '"NAME_app"',
    meaning:
      "gunicorn's --name, as ps shows it; without the key, as its own configuration file says, if it does",
    alias: ['proc_name'],
  },
  workers: {
    kind: 'count',
    default: '3',
    meaning: "gunicorn workers; without the key, as gunicorn's own configuration file says, if it does",
    alias: ['num_workers', 'processes'],
  },
  threads: { kind: 'count', default: "gunicorn's (1)", meaning: 'threads in each gunicorn worker' },
  worker_class: {
    kind: 'text',
    default: "gunicorn's (sync)",
    meaning: 'sync, gthread, gevent, uvicorn.workers.UvicornWorker, ...',
  },
  graceful_timeout: {
    kind: 'count',
    default: "gunicorn's (30)",
    meaning: 'seconds that a gunicorn worker has to finish its requests',
  },
  timeout: {
    kind: 'natural',
    default: "gunicorn's (30)",
    meaning:
      'seconds that a gunicorn worker may take for a request (sync) or be silent before it is killed; 0: it is not',
  },
  max_requests: {
    kind: 'natural',
    default: "gunicorn's (0)",
    meaning: 'requests after which a gunicorn worker is replaced; 0: never',
  },
  max_requests_jitter: {
    kind: 'natural',
    default: "gunicorn's (0)",
    meaning: 'up to so many more, by chance, that not all workers are replaced at once',
  },
  keepalive: {
    kind: 'natural',
    default: "gunicorn's (2)",
    meaning:
      'seconds that a gunicorn worker, other than sync, keeps a connection open for another request; 0: it does not',
    alias: ['keep_alive', 'keepalive_timeout'],
  },
  preload: {
    kind: 'boolean',
    default: 'false',
    meaning: 'gunicorn loads the app once, before it makes its workers: less memory',
    alias: ['preload_app'],
  },
  gunicorn_args: {
    kind: 'words',
    default: '[]',
    meaning: 'further arguments of gunicorn',
    alias: ['args', 'options'],
  },
  command: {
    kind: 'words',
    default: 'gunicorn, made from the keys above',
    meaning: 'what runs instead: words split as a shell would, or a list; there is no shell and no expansion',
  },
  health: {
    kind: 'uri',
    default: 'none',
    meaning:
      'a path that must answer (200 to 399) before the app counts as RUNNING, and before a reload takes over; where nobody can ask it, the app counts after startsecs, and hostctl status says why',
    alias: ['healthcheck', 'health_check'],
  },
  health_interval: {
    kind: 'duration',
    default: '0: never',
    meaning:
      'how often health is asked for after the start, such as "30s"; an app that does not answer is reloaded, and what does not end is killed; of upstreams each is asked ("10s"), and left out while it does not answer',
    alias: ['healthcheck_interval', 'health_check_interval'],
  },
  health_failures: {
    kind: 'count',
    default: '3',
    meaning:
      'bad answers in a row until it is reloaded, or left out of upstreams; one that takes longer than 10 seconds is bad',
    alias: ['health_retries', 'healthcheck_retries'],
  },
  idle_timeout: {
    kind: 'duration',
    default: '0: never',
    meaning:
      'how long without a request until it is stopped, such as "30m"; the next request starts it again, and waits for that',
    alias: ['idle', 'inactivity_timeout', 'sleep_after', 'idle_after'],
  },
  on_demand: {
    kind: 'boolean',
    default: 'false',
    meaning: 'not started with hostd, but by its first request',
    alias: ['ondemand', 'lazy', 'socket_activated', 'on_request'],
  },
  server_names: {
    kind: 'hosts',
    default: '[]',
    meaning: 'host names of the site, "*.example.org" for all below one; NAME.localhost is always one more',
    alias: ['hosts', 'host', 'domains', 'domain', 'hostnames'],
  },
  socket: {
    kind: 'path text',
    default: 'ROOT/run/gunicorn.sock',
    meaning: 'the unix socket, which hostd makes and holds and gunicorn is given',
    alias: ['sockfile', 'bind'],
  },
  upstreams: {
    kind: 'upstreams',
    default: 'none: the app runs here',
    meaning:
      'numeric addresses and ports where the app is served instead: nothing of it runs here then, and the proxy sends to the address that has the fewest requests',
    alias: ['upstream', 'backends', 'backend', 'servers', 'proxy_pass'],
  },
  static: {
    kind: 'path or false',
    default: 'ROOT/static/; without a root, false',
    meaning: 'files served below /static/; false: none are',
    alias: ['static_root'],
  },
  media: {
    kind: 'path or false',
    default: 'ROOT/media/; without a root, false',
    meaning: 'files served below /media/; false: none are',
    alias: ['media_root'],
  },
  static_expires: {
    kind: 'expires',
    default: '"off"',
    meaning:
      'how long browsers may keep a file below /static/ without asking, such as "30d"; "max", "epoch" (ask each time) or "off"; hashed names are kept for a year in any case',
    alias: ['expires', 'cache_control', 'static_max_age'],
  },
  media_expires: {
    kind: 'expires',
    default: '"off"',
    meaning: 'the same for files below /media/',
    alias: ['media_max_age'],
  },
  logs: {
    kind: 'path text',
    default: 'ROOT/logs; without a root, LOG_DIR/NAME',
    meaning: 'directory of gunicorn_supervisor.log, nginx-access.log and nginx-error.log',
    alias: ['log_dir'],
  },
  client_max_body_size: { kind: 'size', default: '"4G"', meaning: 'longest request body; 0 is no limit' },
  proxy_read_timeout: {
    kind: 'duration',
    range: [1, 1_000_000],
    default: '"60s"',
    meaning: "how long the proxy waits for the next byte of the app's answer (504)",
    alias: ['read_timeout', 'upstream_timeout', 'proxy_timeout', 'response_timeout'],
  },
  certificate: {
    kind: 'path text',
    default: 'none: plain http alone',
    meaning: 'PEM file of the certificate with its chain; a renewed one is noticed',
    alias: ['ssl_certificate', 'tls_certificate', 'cert', 'certfile', 'fullchain', 'ssl_cert'],
  },
  certificate_key: {
    kind: 'path text',
    default: 'none',
    meaning: 'PEM file of its private key, without a passphrase',
    alias: ['ssl_certificate_key', 'tls_certificate_key', 'key', 'keyfile', 'privkey', 'ssl_key'],
  },
  redirect_https: {
    kind: 'boolean',
    default: 'false',
    meaning: 'http is answered with a redirect to https',
    alias: ['force_https', 'https_redirect', 'redirect_ssl', 'secure_ssl_redirect', 'https_only'],
  },
  redirect_from: {
    kind: 'hosts',
    default: '[]',
    meaning:
      'host names that are answered with a redirect to the first of server_names (301), such as "www.hello.test"',
    alias: ['redirect', 'redirects', 'redirect_hosts', 'server_aliases'],
  },
  error_pages: {
    kind: 'path text',
    default: "[proxy]'s",
    meaning:
      'a directory of 404.html, 502.html, ... and maintenance.html, shown where the app itself does not answer',
    alias: ['error_page', 'error_page_dir'],
  },
  ...supervisionKeys,
  autorestart: { ...supervisionKeys.autorestart, default: 'true' },
  startretries: {
    ...supervisionKeys.startretries,
    default: 'for ever, after delays that double up to 30 seconds',
  },
  // gunicorn's timeout is something else.
  stopwaitsecs: { ...supervisionKeys.stopwaitsecs, alias: [], default: 'graceful_timeout + 5: 35' },
  directory: { ...supervisionKeys.directory, default: 'the value of project' },
  environment: {
    ...supervisionKeys.environment,
    default: 'what [app.NAME.env] describes, to which this adds',
  },
  ...appWide,
  redirect_stderr: { ...supervisionKeys.redirect_stderr, default: 'true' },
  stdout_logfile: { ...supervisionKeys.stdout_logfile, default: '"AUTO": LOGS/gunicorn_supervisor.log' },
  stderr_logfile: {
    ...supervisionKeys.stderr_logfile,
    default: '"AUTO": LOGS/gunicorn_supervisor-stderr.log',
  },
  env_file: {
    kind: 'path texts',
    default: 'none',
    meaning:
      "a file of variables, or several, as python-dotenv reads them; [app.NAME.env] wins. Without links on the way, and root's or the app's own",
    alias: ['environment_file', 'environmentfile', 'dotenv', 'envfile', 'env_files'],
  },
  env: {
    kind: 'environment',
    default: '{}',
    meaning: 'a table of variables of the app and of its programs',
  },
} as const satisfies Keys;

export const groupKeys = {
  programs: {
    kind: 'names',
    default: 'required',
    required: true,
    meaning: 'names of [program.X] tables, which are then called NAME:X',
  },
  priority: {
    kind: 'integer',
    default: '999',
    meaning: 'of the whole group; lower starts first and stops last',
  },
} as const satisfies Keys;

/** Supervisor's keys that hostd does not need, and what it has instead. */
export const withoutUse: Readonly<Record<string, string>> = {
  serverurl: 'leave it out: hostd sets no SUPERVISOR_SERVER_URL',
};

export const tableKeys = {
  hostd: hostdKeys,
  control: controlKeys,
  proxy: proxyKeys,
  emit: emitKeys,
  supervisor: supervisorKeys,
  metrics: metricsKeys,
  notify: notifyKeys,
  web: webKeys,
  'app.NAME': appKeys,
  'app.NAME.program.X': appProgramKeys,
  'program.NAME': programKeys,
  'listener.NAME': listenerKeys,
  'group.NAME': groupKeys,
} as const satisfies Readonly<Record<string, Keys>>;
