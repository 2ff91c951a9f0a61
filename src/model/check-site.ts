// What a site needs besides its app: somebody must speak TLS before the site redirects to https, and its files must be there.

import type { App, Host, ProxySettings } from './host.ts';
import type { Machine, PathKind } from './machine.ts';
import type { Problem } from './problem.ts';

export function checkSite(
  app: App,
  { trustedProxies }: ProxySettings,
  machine: Machine | null,
): readonly Problem[] {
  return [
    ...checkRedirect(app, trustedProxies),
    ...(machine === null ? [] : [...checkCertificate(app, machine), ...checkPages(app, machine)]),
  ];
}

/** A redirect to https that nobody speaks, which would make every answer a dead end. */
function checkRedirect(app: App, trustedProxies: readonly string[]): readonly Problem[] {
  if (!app.redirectHttps || app.certificate !== null || trustedProxies.length > 0) return [];
  return [
    problemOf(
      'error',
      app,
      'redirect_https',
      'cannot redirect to https: it has no certificate, and no proxy in front of it is trusted',
      'certificate = "/..." and certificate_key = "/...", or [proxy] trusted_proxies = ["..."]',
    ),
  ];
}

/** Only warnings: the site goes on without TLS, or with the certificate that it had. */
function checkCertificate({ certificate: pair, ...app }: App, machine: Machine): readonly Problem[] {
  if (pair === null) return [];
  return (['certificate', 'key'] as const).flatMap(part => {
    const path = pair[part];
    const key = part === 'key' ? 'certificate_key' : 'certificate';
    const wrong = wrongFile(machine.kind(path));
    if (wrong === null) return [];
    const name = app.serverNames.find(host => !host.startsWith('*')) ?? 'HOST';
    return [
      problemOf(
        'warning',
        app,
        key,
        `${key} "${path}" ${wrong}: it has no TLS`,
        `certbot certonly -d ${name}`,
      ),
    ];
  });
}

function checkPages(app: App, machine: Machine): readonly Problem[] {
  const wrong = app.errorPages === null ? null : wrongDirectory(machine.kind(app.errorPages));
  if (wrong === null) return [];
  const message = `error_pages "${app.errorPages}" ${wrong}: it has plain pages`;
  return [problemOf('warning', app, 'error_pages', message, `mkdir ${app.errorPages}`)];
}

/** `names`: all apps. An app with an error is reported elsewhere. */
export function checkSiteSettings(
  { settings }: Host,
  names: ReadonlySet<string>,
  machine: Machine | null,
): readonly Problem[] {
  const { defaultSite, errorPages, acmeWebroot } = settings.proxy;
  const warn = (key: string, message: string, hint: string): Problem => ({
    severity: 'warning',
    message: `[proxy]: ${message}`,
    hint,
    at: { file: settings.file, key: ['proxy', key] },
  });
  const problems: Problem[] = [];
  if (defaultSite !== null && !names.has(defaultSite))
    problems.push(
      warn(
        'default_site',
        `default_site "${defaultSite}" is no app: unknown host names are answered with 404`,
        `[app.${defaultSite}], or another name`,
      ),
    );
  if (machine === null) return problems;
  for (const [key, path] of [
    ['error_pages', errorPages],
    ['acme_webroot', acmeWebroot],
  ] as const) {
    const wrong = path === null ? null : wrongDirectory(machine.kind(path));
    if (wrong !== null) problems.push(warn(key, `${key} "${path}" ${wrong}`, `mkdir ${path}`));
  }
  return problems;
}

function wrongFile(kind: PathKind): string | null {
  if (kind === 'missing') return 'does not exist';
  return kind === 'file' || kind === 'unreadable' ? null : 'is not a file';
}

function wrongDirectory(kind: PathKind): string | null {
  if (kind === 'missing') return 'does not exist';
  return kind === 'directory' || kind === 'unreadable' ? null : 'is not a directory';
}

function problemOf(
  severity: Problem['severity'],
  app: Pick<App, 'name' | 'source'>,
  key: string,
  message: string,
  hint: string,
): Problem {
  return {
    severity,
    message: `app "${app.name}": ${message}`,
    hint,
    at: { file: app.source.file, key: [...app.source.key, key] },
    subject: app.name,
  };
}
