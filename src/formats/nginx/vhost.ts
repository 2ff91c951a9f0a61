// What both forms of a virtual host have in the same words: addresses, names, certificate, logs, redirects.

import { addressText } from '../../model/address.ts';
import type { CertificateFiles, Host, Listen, Location, ProxySettings, Site } from '../../model/host.ts';
import { formatDuration } from '../../words/durations.ts';
import { formatSize } from '../../words/sizes.ts';
import { quoteNginx } from './quote.ts';

/** A site as far as nginx can express it: nearly all of its paths expand variables, and have no escape for "$". */
export interface Vhost {
  readonly site: Site;
  readonly proxy: ProxySettings;
  readonly locations: readonly Location[];
  readonly certificate: CertificateFiles | null;
  /** End with "/". */
  readonly errorPages: string | null;
  readonly acmeWebroot: string | null;
}

export function vhostOf({ settings: { proxy } }: Host, site: Site): Vhost {
  const { certificate } = site;
  const errorPages = site.errorPages ?? proxy.errorPages;
  return {
    site,
    proxy,
    locations: site.locations.filter(({ alias }) => canSay(alias)),
    certificate:
      certificate !== null && canSay(certificate.certificate) && canSay(certificate.key) ? certificate : null,
    errorPages: errorPages !== null && canSay(errorPages) ? errorPages : null,
    acmeWebroot: proxy.acmeWebroot !== null && canSay(proxy.acmeWebroot) ? proxy.acmeWebroot : null,
  };
}

export function canSay(path: string): boolean {
  return !path.includes('$');
}

/** The words after "listen". Most hosts listen on port 80, or 443, everywhere: the plain form then has no more than the port. */
export function listens({ proxy }: Vhost, plain: boolean): readonly string[] {
  return addresses(proxy.listen, 80, plain);
}

/** Empty without a certificate. */
export function tlsListens({ proxy, certificate }: Vhost, plain: boolean): readonly string[] {
  return certificate === null ? [] : addresses(proxy.tlsListen, 443, plain).map(word => `${word} ssl`);
}

function addresses(list: readonly Listen[], usualPort: number, plain: boolean): readonly string[] {
  const usual = list.length === 0 || (plain && list.every(({ port }) => port === usualPort));
  const words = usual
    ? [String(usualPort)]
    : list.map(({ host, port }) =>
        host === '0.0.0.0' ? String(port) : `${host.includes(':') ? `[${host}]` : host}:${port}`,
      );
  return [...new Set(words)];
}

export function names(site: Site): string {
  return site.serverNames.length > 0 ? site.serverNames.join(' ') : `${site.name.toLowerCase()}.localhost`;
}

export function bodySize(site: Site): string {
  return formatSize(site.clientMaxBodySize).toUpperCase();
}

/** How long clients may keep files of a location, in nginx's words; empty where nothing is set. */
export function expiresLines({ expires }: Location): readonly string[] {
  return expires === null ? [] : [`expires ${expires < 0 ? 'epoch' : formatDuration(expires)};`];
}

/** The times that are not nginx's defaults. A machine that is gone answers nothing, so it is not waited for long. */
export function timeoutLines({ proxyReadTimeout, upstreams = null }: Site): readonly string[] {
  return [
    ...(upstreams === null ? [] : ['proxy_connect_timeout 2s;']),
    ...(proxyReadTimeout === 60 ? [] : [`proxy_read_timeout ${formatDuration(proxyReadTimeout)};`]),
  ];
}

/** What the upstream block has in it: the app's socket, or the addresses of an app that is served elsewhere. */
export function serverLines({ socket, upstreams = null }: Site): readonly string[] {
  if (upstreams === null) return [`server ${quoteNginx(`unix:${socket}`)} fail_timeout=0;`];
  const servers = upstreams.addresses.map(
    address => `server ${addressText(address)} max_fails=1 fail_timeout=10s;`,
  );
  return ['least_conn;', ...servers];
}

/** The directives of one server block's TLS. */
export function certificateLines({ certificate }: Vhost): readonly string[] {
  if (certificate === null) return [];
  return [
    `ssl_certificate ${quoteNginx(certificate.certificate)};`,
    `ssl_certificate_key ${quoteNginx(certificate.key)};`,
  ];
}

/** Whether http has its own server block, which only redirects. Behind a proxy, that proxy says what came by http. */
export function hasHttpRedirect({ site, proxy, certificate }: Vhost): boolean {
  return site.redirectHttps && certificate !== null && proxy.trustedProxies.length === 0;
}

export function httpsOrigin({ proxy, certificate }: Vhost, name: string): string {
  const port = proxy.tlsListen[0]?.port ?? 443;
  const isHere = certificate !== null && proxy.trustedProxies.length === 0;
  return `https://${name}${isHere && port !== 443 ? `:${port}` : ''}`;
}

/** Where the names of redirect_from lead. `scheme` is a variable. */
export function redirectTarget(vhost: Vhost, scheme: string): string {
  const { site, proxy } = vhost;
  const first = site.serverNames.find(name => !name.startsWith('*.')) ?? names(site);
  if (site.redirectHttps) return httpsOrigin(vhost, first);
  const usual =
    proxy.trustedProxies.length > 0 ||
    (proxy.listen.every(({ port }) => port === 80) && proxy.tlsListen.every(({ port }) => port === 443));
  return `${scheme}://${first}${usual ? '' : ':$server_port'}`;
}

export function acmeLocation({ acmeWebroot }: Vhost): string {
  if (acmeWebroot === null) return '';
  return `    location ^~ /.well-known/acme-challenge/ {
        root ${quoteNginx(withoutSlash(acmeWebroot))};
    }

`;
}

export function withoutSlash(directory: string): string {
  return directory === '/' ? directory : directory.replace(/\/$/, '');
}

/** Lines of a block, indented by four blanks. */
export function indented(lines: readonly string[]): string {
  return lines.map(line => `    ${line}\n`).join('');
}
