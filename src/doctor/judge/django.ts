// What Django's settings mean for this site, by what its own Python has reported. The report may be forged by the app: it is only ever
// text. Pure.

import { explain, type Found } from '../../check/deep-report.ts';
import { plainName } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import { quoteWord } from '../../words/shlex.ts';
import {
  type Check,
  type Finding,
  found,
  fromProblem,
  joined,
  type Looked,
  made,
  nothing,
  type Severity,
} from '../finding.ts';

/** Characters of a message in which an app has written what it likes. */
const longestText = 600;

/** The settings of a project. */
export interface DjangoFacts {
  readonly sslHeader: boolean;
  readonly sslRedirect: boolean;
  readonly origins: readonly string[];
  readonly csrf: boolean;
  readonly whitenoise: boolean;
  readonly staticfiles: boolean;
  readonly staticUrl: string;
  readonly staticRoot: string;
  readonly mediaUrl: string;
  readonly mediaRoot: string;
  readonly timeZone: string;
  /** Paths of SQLite's databases. */
  readonly databases: readonly string[];
  /** Directories that the app's user may not write. */
  readonly closed: readonly string[];
  /** What check --deploy adds, such as "security.W004". */
  readonly deploy: readonly string[];
}

/** The facts among what was found; null: the code did not get that far. */
export function djangoFacts(all: readonly Found[]): DjangoFacts | null {
  const facts = all.find(({ what }) => what === 'facts')?.more['facts'];
  if (typeof facts !== 'object' || facts === null) return null;
  const given = facts as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof given[name] === 'string' ? given[name].slice(0, 4096) : '');
  const texts = (name: string) =>
    Array.isArray(given[name]) ? given[name].filter(one => typeof one === 'string').slice(0, 50) : [];
  return {
    sslHeader: given['ssl_header'] === true,
    sslRedirect: given['ssl_redirect'] === true,
    origins: texts('origins'),
    csrf: given['csrf'] === true,
    whitenoise: given['whitenoise'] === true,
    staticfiles: given['staticfiles'] === true,
    staticUrl: text('static_url'),
    staticRoot: text('static_root'),
    mediaUrl: text('media_url'),
    mediaRoot: text('media_root'),
    timeZone: text('time_zone'),
    databases: texts('databases'),
    closed: texts('closed'),
    deploy: texts('deploy'),
  };
}

/** Which check a report belongs to, how bad it is, and whether it can be why the site is down. */
const rows: Readonly<Record<string, readonly [Check, Severity, boolean]>> = {
  database: ['database', 'error', true],
  'no-database': ['database', 'error', true],
  'closed-database': ['database', 'error', true],
  migrations: ['database', 'error', true],
  unapplied: ['database', 'error', true],
  debug: ['django', 'error', false],
  secret: ['django', 'warning', false],
  hosts: ['django', 'error', true],
  static: ['static', 'warning', false],
};

/** What running the code has shown. `reason`: why a request failed in it, where that was found out. */
export function judgeCode(all: readonly Found[], app: App): Looked {
  return found(
    ...all.flatMap((one): Finding[] => {
      if (['facts', 'answer', 'get'].includes(one.what)) return [];
      const [check, severity, explains] = rows[one.what] ?? ['code', 'error', true];
      // The place of the key "settings" in the table says nothing.
      const { at: _, ...finding } = fromProblem(check, explain(one, app), { severity, explains });
      return [{ ...finding, message: finding.message.slice(0, longestText) }];
    }),
  );
}

/** Why a request failed when Django's own test client sent it; null: it did not. */
export function reasonIn(all: readonly Found[]): string | null {
  const got = all.find(({ what }) => what === 'get');
  if (got === undefined) return null;
  return got.at === null ? got.words : `${got.words} (${got.at[0]}:${got.at[1]})`;
}

/** How the site meets its visitors. */
export interface Surroundings {
  /** Whether they come by https, here or at a proxy in front. */
  readonly isSecure: boolean;
  /** Whether gunicorn's own workers serve it, which believe hostd's X-Forwarded-Proto by themselves. */
  readonly isTold: boolean;
  /** Whether its directory for static files has none; null: not known. */
  readonly staticIsEmpty: boolean | null;
  /** Such as "Europe/Berlin"; null: not known. */
  readonly machineZone: string | null;
}

export function judgeDjango(facts: DjangoFacts, app: App, around: Surroundings): Looked {
  return joined(
    judgeHttps(facts, app, around),
    judgeStatic(facts, app, around),
    judgeMedia(facts, app),
    judgeClosed(facts, app),
    judgeZone(facts, app, around),
    judgeDeploy(facts, app, around),
  );
}

function judgeHttps(
  { sslHeader, sslRedirect, origins, csrf }: DjangoFacts,
  app: App,
  { isSecure, isTold }: Surroundings,
): Looked {
  const header = `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") in ${app.settings}`;
  if (!isSecure || sslHeader || isTold) return nothing;
  if (sslRedirect)
    return found(
      made(
        'django',
        'error',
        'SECURE_SSL_REDIRECT is on, and SECURE_PROXY_SSL_HEADER is not set: its server does not tell Django of https, and every page is redirected for ever',
        header,
        { explains: true },
      ),
    );
  const host = plainName(app);
  const isTrusted = origins.some(origin => coversOrigin(origin, host));
  if (!csrf || isTrusted) return nothing;
  return found(
    made(
      'django',
      'error',
      `SECURE_PROXY_SSL_HEADER is not set, and CSRF_TRUSTED_ORIGINS has not "https://${host}": each form that is sent by https is refused with 403`,
      `${header}, or: CSRF_TRUSTED_ORIGINS = ["https://${host}"]`,
    ),
  );
}

/** "https://hello.test", or "https://*.test" for every name below. */
export function coversOrigin(origin: string, host: string): boolean {
  const name = /^https:\/\/([^/:]+)/.exec(origin)?.[1];
  return name !== undefined && (name === host || (name.startsWith('*.') && host.endsWith(name.slice(1))));
}

function judgeStatic(facts: DjangoFacts, app: App, { staticIsEmpty }: Surroundings): Looked {
  const { staticfiles, staticUrl, staticRoot, whitenoise } = facts;
  if (!staticfiles || app.static === null || whitenoise) return nothing;
  const path = pathOf(staticUrl);
  if (path === null) return nothing;
  const collect = `hostctl exec ${app.name} -- python manage.py collectstatic --noinput`;
  if (path !== '/static/')
    return found(
      made(
        'static',
        'error',
        `STATIC_URL is "${staticUrl}", and the proxy serves files below /static/: its pages have no styles`,
        `STATIC_URL = "/static/" in ${app.settings}, then: hostctl reload ${app.name}`,
      ),
    );
  const root = `STATIC_ROOT = "${app.static}" in ${app.settings}`;
  if (staticRoot === '')
    return staticIsEmpty === false
      ? nothing
      : found(
          made(
            'static',
            'error',
            `STATIC_ROOT is not set, and "${app.static}" has no files: its pages have no styles`,
            `${root}, then: ${collect}`,
          ),
        );
  if (staticIsEmpty !== true) return nothing;
  return sameDirectory(staticRoot, app.static)
    ? found(made('static', 'error', `"${app.static}" has no files: its pages have no styles`, collect))
    : found(
        made(
          'static',
          'error',
          `STATIC_ROOT is "${staticRoot}", and the proxy serves "${app.static}", which has no files`,
          `static = "${staticRoot}" in its table, or: ${root}, then: ${collect}`,
        ),
      );
}

function judgeMedia({ mediaUrl, mediaRoot }: DjangoFacts, app: App): Looked {
  if (
    app.media === null ||
    mediaRoot === '' ||
    pathOf(mediaUrl) !== '/media/' ||
    sameDirectory(mediaRoot, app.media)
  )
    return nothing;
  return found(
    made(
      'static',
      'warning',
      `MEDIA_ROOT is "${mediaRoot}", and media is "${app.media}": what is uploaded is answered with 404`,
      `media = "${mediaRoot}" in its table, then: hostctl update`,
    ),
  );
}

/** "/static/" of "static/" and "/static/"; null: of another host's URL. */
function pathOf(url: string): string | null {
  if (url === '' || /^(?:https?:)?\/\//.test(url)) return null;
  return url.startsWith('/') ? url : `/${url}`;
}

function sameDirectory(a: string, b: string): boolean {
  const plain = (path: string) => path.replace(/\/+$/, '').replaceAll(/\/+/g, '/');
  return plain(a) === plain(b);
}

function judgeClosed({ closed }: DjangoFacts, app: App): Looked {
  return found(
    ...closed.map(path => {
      const check = path === app.logs ? 'log' : 'static';
      return made(
        check,
        'warning',
        `"${app.user}" may not write "${path}"`,
        `chown ${quoteWord(app.user)} ${quoteWord(path)}`,
      );
    }),
  );
}

function judgeZone({ timeZone }: DjangoFacts, app: App, { machineZone }: Surroundings): Looked {
  const plain = (zone: string) => (/^(?:Etc\/)?(?:UTC|GMT|UCT|Universal|Zulu)$/.test(zone) ? 'UTC' : zone);
  if (timeZone === '' || machineZone === null || plain(timeZone) === plain(machineZone)) return nothing;
  const message = `TIME_ZONE is "${timeZone}", and the machine's time zone is "${machineZone}": times of its pages and of the logs differ`;
  return found(
    made(
      'django',
      'note',
      message,
      `TIME_ZONE = "${machineZone}" in ${app.settings}, or: timedatectl set-timezone ${timeZone}`,
    ),
  );
}

/** What check --deploy says that the proxy does in Django's place, that is only true behind https, or that is told elsewhere. */
const proxys: ReadonlySet<string> = new Set(['security.W008']);
const httpsOnly: ReadonlySet<string> = new Set([
  'security.W004',
  'security.W008',
  'security.W012',
  'security.W016',
]);
const elsewhere: ReadonlySet<string> = new Set(['security.W009', 'security.W018', 'security.W020']);

function judgeDeploy({ deploy }: DjangoFacts, app: App, { isSecure }: Surroundings): Looked {
  const left = [...new Set(deploy)].filter(
    id =>
      !elsewhere.has(id) &&
      !(httpsOnly.has(id) && !isSecure) &&
      !(app.redirectHttps && proxys.has(id)) &&
      /^[\w.]{1,60}$/.test(id),
  );
  if (left.length === 0) return nothing;
  const hint = `hostctl exec ${app.name} -- python manage.py check --deploy`;
  return found(made('django', 'note', `Django advises to look at ${left.join(', ')}`, hint));
}
