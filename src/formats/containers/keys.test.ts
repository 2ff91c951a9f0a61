// Every key of hostd.toml is in what is emitted for an engine, or is told: none is dropped in silence.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type appKeys,
  type appProgramKeys,
  type controlKeys,
  type hostdKeys,
  type notifyKeys,
  type proxyKeys,
  type supervisionKeys,
  tableKeys,
} from '../../config/toml/keys.ts';
import { hostOf } from '../cases.test.ts';
import { type ContainerOptions, containerDefaults } from '../format.ts';
import { formatNamed } from '../formats.ts';

/** A value that is not the default, and what must stand beside it; null: see `exempt`. */
type Example = string | null | { readonly value: string; readonly beside: string; readonly isPair?: true };
type Examples<T> = { readonly [K in keyof T]: Example };

const redirected = (value: string): Example => ({ value, beside: 'redirect_stderr = false' });
const scheduled = (value: string): Example => ({ value, beside: 'schedule = "0 3 * * *"' });

const supervision: Examples<typeof supervisionKeys> = {
  autostart: 'false',
  autorestart: 'false',
  startsecs: '7',
  startretries: '5',
  exitcodes: '[0, 2]',
  stopsignal: '"INT"',
  stopwaitsecs: '77',
  stopasgroup: 'true',
  killasgroup: null,
  umask: '"027"',
  directory: '"/elsewhere"',
  environment: '{ EXTRA = "1" }',
  priority: '5',
  redirect_stderr: null,
  stdout_logfile: '"/var/log/x.log"',
  stdout_logfile_maxbytes: '"1MB"',
  stdout_logfile_backups: '3',
  stdout_logfile_maxage: '"1d"',
  stderr_logfile: redirected('"/var/log/x.log"'),
  stderr_logfile_maxbytes: redirected('"1MB"'),
  stderr_logfile_backups: redirected('3'),
  stderr_logfile_maxage: redirected('"1d"'),
  stdout_events_enabled: 'true',
  stdout_capture_maxbytes: '"1MB"',
  stdout_syslog: 'true',
  stderr_events_enabled: redirected('true'),
  stderr_capture_maxbytes: redirected('"1MB"'),
  stderr_syslog: redirected('true'),
  strip_ansi: 'true',
  requires: '["10.0.0.5:5432"]',
  limits: '{ nofile = 4096 }',
  no_new_privileges: 'false',
  nice: '5',
  oom_score_adj: '300',
  memory_max: '"512M"',
  memory_high: '"400M"',
  cpu_max: '"150%"',
  cpu_weight: '50',
  tasks_max: '64',
  io_weight: '50',
  memory_restart: '"400M"',
  max_age: '"24h"',
  restart_at: '"04:00"',
};

const app: Examples<typeof appKeys> = {
  ...supervision,
  root: null,
  user: '"somebody"',
  group: '"webapps"',
  project: '"/elsewhere"',
  settings: '"x.settings"',
  wsgi: '"x.wsgi"',
  name: '"x"',
  workers: '7',
  threads: '4',
  worker_class: '"gthread"',
  graceful_timeout: '20',
  timeout: '20',
  max_requests: '1000',
  max_requests_jitter: '100',
  keepalive: '5',
  preload: 'true',
  gunicorn_args: '["--log-level", "debug"]',
  command: '"/w/bin/uvicorn x:y"',
  health: '"/up"',
  health_interval: { value: '"17s"', beside: 'health = "/up"' },
  health_failures: { value: '5', beside: 'health = "/up"\nhealth_interval = "17s"' },
  idle_timeout: '"30m"',
  upstreams: null,
  on_demand: 'true',
  server_names: { value: '["x.test"]', beside: 'health = "/up"' },
  socket: '"/w/run/other.sock"',
  static: '"/w/elsewhere"',
  media: '"/w/elsewhere"',
  static_expires: '"30d"',
  media_expires: '"30d"',
  logs: '"/w/elsewhere"',
  client_max_body_size: '"1M"',
  proxy_read_timeout: '"90s"',
  certificate: { value: '"/c.pem"', beside: 'certificate_key = "/k.pem"', isPair: true },
  certificate_key: { value: '"/k.pem"', beside: 'certificate = "/c.pem"', isPair: true },
  redirect_https: { value: 'true', beside: 'server_names = ["x.test"]' },
  redirect_from: { value: '["www.x.test"]', beside: 'server_names = ["x.test"]' },
  error_pages: '"/w/pages"',
  env_file: '"/w/.env"',
  env: '{ EXTRA = "1" }',
};

const appProgram: Examples<typeof appProgramKeys> = {
  ...supervision,
  command: null,
  user: '"somebody"',
  group: '"webapps"',
  process_name: '"other"',
  numprocs: '2',
  numprocs_start: { value: '4', beside: 'numprocs = 2' },
  schedule: '"0 3 * * *"',
  timezone: scheduled('"Europe/Berlin"'),
  catch_up: scheduled('true'),
  time_limit: scheduled('"2h"'),
  sleeps_with_app: { value: 'true', beside: '' },
};

const hostd: Examples<typeof hostdKeys> = {
  include: null,
  runtime_dir: '"/x"',
  state_dir: '"/x"',
  log_dir: '"/x"',
  logfile: '"/x"',
};

const control: Examples<typeof controlKeys> = { socket: '"/x.sock"', group: '"x"' };

const proxy: Examples<typeof proxyKeys> = {
  enabled: 'false',
  listen: '["127.0.0.1:8080"]',
  tls_listen: '["127.0.0.1:8443"]',
  user: '"nginx"',
  workers: '3',
  trusted_proxies: '["10.0.0.0/8"]',
  default_site: '"hello"',
  access_log_format: '"json"',
  error_pages: '"/pages"',
  client_body_temp_path: '"/bodies"',
  acme_webroot: '"/acme"',
  types: '{ glb = "model/gltf-binary" }',
};

const notify: Examples<typeof notifyKeys> = {
  command: '"/bin/true"',
  user: { value: '"nobody"', beside: 'command = "/bin/true"' },
  url: '"https://x.test/"',
  ca_file: { value: '"/ca.pem"', beside: 'url = "https://x.test/"' },
  events: { value: '["fatal"]', beside: 'command = "/bin/true"' },
};

/** hostd's guard is not there in any case, and Swarm says so of each app. */
const exemptInSwarm = ['no_new_privileges'];

/** Neither in a file nor told, since the same is true in each container. */
const exempt: Readonly<Record<string, string>> = {
  killasgroup: 'all processes of a container are killed with it',
  redirect_stderr: 'both streams go to one log in any case',
  root: 'it must be there; all paths follow from it',
  command: 'it must be there',
  include: 'emit itself reads what it names',
  upstreams: 'where the copies are concerns who is in front of them',
};

const engines: readonly (readonly [name: string, format: string, options: Partial<ContainerOptions>])[] = [
  ['compose', 'compose', {}],
  ['swarm', 'compose', { swarm: true }],
  ['kubernetes', 'kubernetes', {}],
];

function emitted(toml: string, format: string, options: Partial<ContainerOptions>) {
  const container = { ...containerDefaults, ...options };
  const written = formatNamed(format)?.write?.(hostOf(toml), { plain: false, container });
  const texts = written?.files.map(file => (file.kind === 'file' ? `${file.path}\n${file.text}` : ''));
  const told = written?.problems.map(({ at }) => (at !== undefined && 'key' in at ? at.key.join('.') : ''));
  return { text: texts?.join('\n') ?? '', told: told ?? [] };
}

const tables: readonly (readonly [title: string, examples: Readonly<Record<string, Example>>])[] = [
  ['app.hello', app],
  ['app.hello.program.x', appProgram],
  ['hostd', hostd],
  ['control', control],
  ['proxy', proxy],
  ['notify', notify],
];

function configuration(title: string, lines: readonly string[]): string {
  const base: Readonly<Record<string, string>> = {
    'app.hello': 'root = "/w"',
    'app.hello.program.x': 'command = "x"',
  };
  const titles = new Set([...Object.keys(base), title]);
  return [...titles]
    .map(table => [`[${table}]`, base[table] ?? '', ...(table === title ? lines : [])].join('\n'))
    .join('\n');
}

for (const [engine, format, options] of engines)
  for (const [title, examples] of tables)
    test(`${engine}: each key of [${title}] is in the file, or is told`, () => {
      const silent: string[] = [];
      for (const [key, example] of Object.entries(examples)) {
        if (example === null) {
          assert.ok(exempt[key] !== undefined, key);
          continue;
        }
        const { value, beside, isPair } =
          typeof example === 'string' ? { value: example, beside: '', isPair: undefined } : example;
        const before = emitted(configuration(title, isPair ? [] : [beside]), format, options);
        const after = emitted(configuration(title, [beside, `${key} = ${value}`]), format, options);
        const place = `${title}.${key}`;
        // A key that is told where it has its default is told.
        const isTold = after.told.includes(place) || before.told.includes(place);
        if (after.text === before.text && !isTold) silent.push(key);
      }
      assert.deepEqual(
        silent.filter(key => engine !== 'swarm' || !exemptInSwarm.includes(key)),
        [],
      );
    });

test('there is an example for each key of an app, and of each table that is not told as a whole', () => {
  const known = { hostd, control, proxy, notify, 'app.NAME': app, 'app.NAME.program.X': appProgram };
  for (const [table, examples] of Object.entries(known))
    assert.deepEqual(
      Object.keys(tableKeys[table as keyof typeof known]).sort(),
      Object.keys(examples).sort(),
      table,
    );
});

for (const [engine, format, options] of engines)
  test(`${engine}: programs of no app, listeners, and hostd's other ways in are told`, () => {
    const { told } = emitted(
      '[supervisor]\nsocket = "/s"\n[web]\nlisten = "/w"\n[program.cat]\ncommand = "cat"\n[listener.l]\ncommand = "l"\nevents = ["TICK_5"]\n[group.g]\nprograms = ["dog"]\n[program.dog]\ncommand = "dog"',
      format,
      options,
    );
    assert.deepEqual(told.toSorted(), ['listener.l', 'program.cat', 'program.dog', 'supervisor', 'web']);
  });
