// What the Python of deep-script.ts reports, in words for the operator. Pure. The app may have forged the report, so it is
// only ever used as text.

import type { App } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { quoteWord } from '../words/shlex.ts';
import { finding } from './problem.ts';

export interface Found {
  /** A key of the app's table. */
  readonly key: string;
  readonly what: string;
  /** Python's message. */
  readonly words: string;
  /** The innermost line of the project's own code. */
  readonly at: readonly [file: string, line: number] | null;
  /** A module that was not found. */
  readonly module: string | null;
  readonly more: Readonly<Record<string, unknown>>;
}

const keys: ReadonlySet<string> = new Set(['root', 'wsgi', 'settings', 'worker_class']);

/** Django's messages where the module for a database is not installed, and the package to install. */
const drivers: readonly (readonly [said: RegExp, name: string])[] = [
  [/psycopg/, 'psycopg[binary]'],
  [/MySQLdb|mysqlclient/, 'mysqlclient'],
];

/** Packages that are called otherwise than their modules. */
const packages: Readonly<Record<string, string>> = {
  PIL: 'Pillow',
  allauth: 'django-allauth',
  bs4: 'beautifulsoup4',
  corsheaders: 'django-cors-headers',
  crispy_forms: 'django-crispy-forms',
  dateutil: 'python-dateutil',
  debug_toolbar: 'django-debug-toolbar',
  decouple: 'python-decouple',
  django_celery_beat: 'django-celery-beat',
  django_extensions: 'django-extensions',
  django_filters: 'django-filter',
  dj_database_url: 'dj-database-url',
  dotenv: 'python-dotenv',
  environ: 'django-environ',
  import_export: 'django-import-export',
  jwt: 'PyJWT',
  rest_framework: 'djangorestframework',
  rest_framework_simplejwt: 'djangorestframework-simplejwt',
  sentry_sdk: 'sentry-sdk',
  storages: 'django-storages',
  yaml: 'PyYAML',
};

/** The package to install for a module that was not found. */
function packageOf(module: string): string {
  const top = module.split('.')[0] ?? '';
  return Object.hasOwn(packages, top) ? (packages[top] ?? top) : top;
}

/** The findings in the last line that begins with the mark; null: there is none. */
export function parseReport(stdout: string, mark: string): readonly Found[] | null {
  const line = stdout.split('\n').findLast(text => text.startsWith(mark));
  if (line === undefined) return null;
  try {
    const value: unknown = JSON.parse(line.slice(mark.length));
    return Array.isArray(value) ? value.slice(0, 50).flatMap(toFound) : null;
  } catch {
    return null;
  }
}

function toFound(value: unknown): readonly Found[] {
  if (typeof value !== 'object' || value === null) return [];
  const { key, what, words, at, module, ...more } = value as Record<string, unknown>;
  if (typeof key !== 'string' || !keys.has(key) || typeof what !== 'string') return [];
  const isPlace = Array.isArray(at) && typeof at[0] === 'string' && Number.isSafeInteger(at[1]);
  return [
    {
      key,
      what,
      words: typeof words === 'string' ? words : '',
      at: isPlace ? [at[0] as string, at[1] as number] : null,
      module: typeof module === 'string' ? module : null,
      more,
    },
  ];
}

/** What helps against a driver's message. */
function databaseHint(words: string, { settings }: App): string {
  const wait = 'requires = ["..."] lets the app wait for it';
  const [, host = 'localhost'] = /server at "([^"]{1,200})"/.exec(words) ?? [];
  if (/refused/i.test(words) && !/^(?:localhost|127\.|::1$)/.test(host))
    return `start the database at ${host}, or HOST and PORT of DATABASES in ${settings}`;
  if (/refused|no such file|is the server running|Can't connect/i.test(words))
    return /mysql|maria/i.test(words)
      ? `systemctl start mariadb; ${wait}`
      : `systemctl start postgresql, or HOST and PORT of DATABASES in ${settings}; ${wait}`;
  if (/connection slots|too many (?:clients|connections)/i.test(words))
    return `fewer workers, a lower CONN_MAX_AGE in ${settings}, or a higher max_connections; who has them: select usename, state, count(*) from pg_stat_activity group by 1, 2`;
  if (/resolve host|translate host|Unknown MySQL server host|Name or service/i.test(words))
    return `HOST of DATABASES in ${settings}`;
  if (/timeout|timed out|no route|unreachable/i.test(words))
    return `HOST and PORT of DATABASES in ${settings}; does the database hang, or is a firewall in between?`;
  if (/password|authentication|access denied/i.test(words))
    return `USER and PASSWORD of DATABASES in ${settings}`;
  if (/database ".*" does not exist|unknown database/i.test(words)) return `NAME of DATABASES in ${settings}`;
  if (/unable to open database file/.test(words))
    return `NAME of DATABASES in ${settings}: is its directory there?`;
  return `is the database running? DATABASES in ${settings}; ${wait}`;
}

/** One finding as a problem of the app. */
export function explain(found: Found, app: App): Problem {
  const { key, what, words, at, module, more } = found;
  const where = at === null ? '' : ` (${at[0]}:${at[1]})`;
  const manage = (command: string) => `hostctl exec ${app.name} -- python manage.py ${command}`;
  const error = (message: string, hint: string) => finding('error', app, key, message, hint);
  const warning = (message: string, hint: string) => finding('warning', app, key, message, hint);
  const text = (value: unknown) => (typeof value === 'string' ? value : String(value ?? ''));
  const names = (value: unknown) => (Array.isArray(value) ? value.map(text) : []);
  const pip = (name: string) =>
    `sudo -u ${quoteWord(app.user)} ${quoteWord(`${app.root}/bin/pip`)} install ${quoteWord(name)}`;
  const install = module === null ? null : pip(packageOf(module));
  const isOwn =
    module !== null && [app.settings, app.wsgi].some(name => name.split(/[.:]/)[0] === module.split('.')[0]);
  const driver = drivers.find(([said]) => said.test(words))?.[1] ?? null;
  const cure = driver !== null ? pip(driver) : isOwn ? null : install;
  switch (what) {
    case 'gunicorn':
      return error(`cannot import gunicorn: ${words}`, pip('gunicorn'));
    case 'worker_class':
      return error(
        `cannot load worker class "${app.workerClass}": ${words}`,
        cure ?? 'worker_class = "sync"',
      );
    case 'django':
      return error(`cannot import Django: ${words}`, install ?? pip('Django'));
    case 'settings':
      return error(`cannot import settings "${app.settings}": ${words}${where}`, cure ?? manage('check'));
    case 'wsgi':
      return error(
        `cannot import wsgi "${app.wsgi}": ${words}${where}`,
        cure ?? `hostctl exec ${app.name} -- python -c "import ${app.wsgi.split(':')[0]}"`,
      );
    case 'setup':
      return error(`Django cannot start: ${words}${where}`, cure ?? manage('check'));
    case 'urls':
      return error(`cannot import its URLs: ${words}${where}`, cure ?? manage('check'));
    case 'checks':
      return error(`cannot run Django's checks: ${words}${where}`, manage('check'));
    case 'django-check':
      return error(`Django says: ${text(more['text'])}`, manage('check'));
    case 'database':
      return error(`cannot connect to its database: ${words}`, databaseHint(words, app));
    case 'closed-database':
      return error(
        `its database cannot be written: "${app.user}" may not write "${text(more['path'])}"`,
        `chown ${quoteWord(app.user)} ${quoteWord(text(more['path']))}, or is its file system read-only?`,
      );
    case 'no-database':
      return error(`its database "${text(more['name'])}" does not exist`, manage('migrate'));
    case 'migrations':
      return error(`cannot tell which migrations are applied: ${words}${where}`, manage('showmigrations'));
    case 'unapplied':
      return warning(
        Number(more['number']) === 1
          ? '1 migration is not applied'
          : `${Number(more['number'])} migrations are not applied`,
        manage('migrate'),
      );
    case 'debug':
      return warning(
        'DEBUG is on: strangers are shown its settings and code',
        `DEBUG = False in ${app.settings}`,
      );
    case 'secret':
      return warning('SECRET_KEY is the one of startproject', `a SECRET_KEY of its own in ${app.settings}`);
    case 'hosts':
      return error(
        `ALLOWED_HOSTS has not ${names(more['hosts']).join(', ')}: Django answers with 400`,
        `ALLOWED_HOSTS = [${names(more['hosts'])
          .map(name => `"${name}"`)
          .join(', ')}] in ${app.settings}`,
      );
    case 'static':
      return finding(
        'warning',
        app,
        'static',
        `STATIC_ROOT is "${text(more['root'])}", and static is "${app.static}"`,
        `static = "${text(more['root'])}"`,
      );
    default:
      return error(`${what.slice(0, 60)}: ${words}`, manage('check'));
  }
}
