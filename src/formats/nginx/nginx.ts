// nginx's virtual hosts: a file for each app, with its link in sites-enabled, and what they cannot express.
// plain.ts and hard.ts have the texts. read.ts reads them.

import type { Host, Site } from '../../model/host.ts';
import type { Problem, Source } from '../../model/problem.ts';
import { cannotSay, type Format, type Output } from '../format.ts';
import { hardText } from './hard.ts';
import { plainText } from './plain.ts';
import { looksLikeNginx, readNginx } from './read.ts';
import { canSay, vhostOf } from './vhost.ts';

export const nginx: Format = {
  name: 'nginx',
  looksLike: looksLikeNginx,
  read: readNginx,
  write(host, { plain }) {
    return {
      files: host.sites.flatMap((site): readonly Output[] => {
        const vhost = vhostOf(host, site);
        const available = `/etc/nginx/sites-available/${site.name}`;
        const text = plain ? plainText(vhost) : hardText(vhost);
        return [
          { kind: 'file', path: available, text, mode: 0o644, owner: site.name, isOpen: true },
          {
            kind: 'link',
            path: `/etc/nginx/sites-enabled/${site.name}`,
            target: `../sites-available/${site.name}`,
            owner: site.name,
          },
        ];
      }),
      problems: [
        ...host.sites.flatMap(site => problemsOf(host, site)),
        ...(plain ? host.sites.flatMap(site => leftOutOf(host, site)) : []),
      ],
    };
  },
};

type Say = (key: string, message: string, hint?: string) => Problem;

function sayOf(host: Host, site: Site): Say {
  const source: Source = host.apps.find(app => app.name === site.name)?.source ?? {
    file: host.settings.file,
    key: [],
  };
  return (key, message, hint = 'another path') =>
    cannotSay(site.name, { ...source, key: [...source.key, key] }, `nginx: "${site.name}": ${message}`, hint);
}

/** Every path but the socket's and the error log's expands variables, and has no escape for "$". */
function problemsOf(host: Host, site: Site): readonly Problem[] {
  const say = sayOf(host, site);
  const { accessLog, certificate } = site;
  const { proxy } = host.settings;
  const dollar = (key: string, path: string | null | undefined, what: string) =>
    path === null || path === undefined || canSay(path)
      ? []
      : [say(key, `"${path}" has a "$", which nginx takes for a variable: ${what} is left out`)];
  return [
    ...site.locations.flatMap(({ prefix, alias }) => dollar(prefix.replaceAll('/', ''), alias, prefix)),
    ...(canSay(accessLog) ? [] : [say('logs', 'the access log has a "$" in its path: it is left out')]),
    ...dollar('certificate', certificate?.certificate, 'TLS'),
    ...dollar('certificate_key', certificate?.key, 'TLS'),
    ...dollar('error_pages', site.errorPages ?? proxy.errorPages, 'error_page'),
    ...dollar('acme_webroot', proxy.acmeWebroot, '/.well-known/acme-challenge/'),
    ...[
      site.socket,
      accessLog,
      site.errorLog,
      ...site.locations.map(location => location.alias),
      ...(certificate === null ? [] : [certificate.certificate, certificate.key]),
    ]
      .filter(path => /[\r\n]/.test(path))
      .map(path => say('root', `${JSON.stringify(path)} has a line break`)),
  ];
}

/** Settings that the classic file cannot express. */
function leftOutOf(host: Host, site: Site): readonly Problem[] {
  const say = sayOf(host, site);
  const { proxy } = host.settings;
  const leftOut = [
    site.errorPages !== null || proxy.errorPages !== null ? 'error_pages' : null,
    site.redirectHttps && (site.certificate === null || proxy.trustedProxies.length > 0)
      ? 'redirect_https'
      : null,
    proxy.trustedProxies.length > 0 ? 'trusted_proxies' : null,
    proxy.defaultSite === site.name ? 'default_site' : null,
    proxy.accessLogFormat === 'combined' ? null : 'access_log_format',
    Object.keys(proxy.types).length === 0 ? null : 'types',
    proxy.acmeWebroot !== null && site.certificate === null ? 'acme_webroot' : null,
  ].filter(key => key !== null);
  if (leftOut.length === 0) return [];
  return [
    say('root', `the plain form leaves out ${leftOut.join(', ')}`, 'hostctl emit nginx, without --plain'),
  ];
}
