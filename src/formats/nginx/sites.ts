// Makes sites of server blocks: one with TLS beside one without, several for one socket, and redirects.

import { isDeepStrictEqual } from 'node:util';
import type { Draft, Remark, SiteDraft } from '../draft.ts';
import { isTemporary, withRedirect } from './redirect-read.ts';
import { remarkOn } from './remark.ts';
import type { ReadServer } from './server.ts';

export function sitesOf(servers: readonly ReadServer[]): readonly Draft[] {
  const remarks: Remark[] = [];
  let sites: readonly SiteDraft[] = [];
  const plain = new Set<string>();
  for (const { site, plain: isPlain } of servers)
    if (site !== null) {
      sites = withSite(sites, site, remarks);
      if (isPlain) plain.add(backendOf(site));
    }
  for (const { server, name, serverNames, site, redirect, remarks: own } of servers) {
    const changed = site === null && redirect !== null ? withRedirect(sites, serverNames, redirect) : null;
    if (site === null && changed === null)
      remarks.push(remarkOn(server, name, 'it hands nothing to a unix socket or to numeric addresses'));
    if (changed !== null)
      for (const directive of redirect?.directives.filter(isTemporary) ?? [])
        remarks.push(remarkOn(directive, name, "hostd's redirects are for good: 301"));
    sites = changed ?? sites;
    remarks.push(...own);
  }
  for (const site of sites)
    if (!plain.has(backendOf(site)) && !site.redirectHttps)
      remarks.push({
        kind: 'remark',
        at: site.at,
        why: 'hostd serves it by http too, unless redirect_https = true',
        line: 'listen',
        of: site.name,
      });
  return [...sites, ...once(remarks)];
}

function backendOf({ socket, address, upstreams }: SiteDraft): string {
  return socket ?? address ?? upstreams.toSorted().join(' ');
}

/** Server blocks for one socket are one site. The block with TLS wins. */
function withSite(sites: readonly SiteDraft[], site: SiteDraft, remarks: Remark[]): readonly SiteDraft[] {
  const twin = sites.find(other => backendOf(other) === backendOf(site));
  if (twin === undefined) return [...sites, site];
  const isMain = twin.certificate === null && site.certificate !== null;
  const [main, second] = isMain ? [site, twin] : [twin, site];
  const hidden = [...new Set([...main.hidden, ...second.hidden])];
  const files = (key: 'static' | 'media') => (hidden.includes(key) ? null : (main[key] ?? second[key]));
  const joined: SiteDraft = {
    ...main,
    serverNames: [...new Set([...main.serverNames, ...twin.serverNames, ...site.serverNames])],
    static: files('static'),
    media: files('media'),
    hidden,
    closed: main.closed ?? second.closed,
    redirectHttps: main.redirectHttps || second.redirectHttps,
    errorPages: main.errorPages ?? second.errorPages,
    staticExpires: main.staticExpires ?? second.staticExpires,
    mediaExpires: main.mediaExpires ?? second.mediaExpires,
    proxyReadTimeout: main.proxyReadTimeout ?? second.proxyReadTimeout,
    accessLog: main.accessLog ?? second.accessLog,
    errorLog: main.errorLog ?? second.errorLog,
  };
  for (const [key, word] of said)
    if (second[key] !== null && !isDeepStrictEqual(second[key], joined[key]))
      remarks.push({
        kind: 'remark',
        at: second.at,
        why: 'the server block of the same site says otherwise, and hostd has one answer for both',
        line: word,
        of: main.name,
      });
  return sites.map(other => (other === twin ? joined : other));
}

/** What a site has only once, with nginx's word for it. */
const said = [
  ['clientMaxBodySize', 'client_max_body_size'],
  ['static', 'location /static/'],
  ['media', 'location /media/'],
  ['certificate', 'ssl_certificate'],
] as const satisfies readonly (readonly [keyof SiteDraft, string])[];

/** Remarks about [proxy] are the same for every server block. Keeps each once. */
function once(remarks: readonly Remark[]): readonly Remark[] {
  const told = new Set<string>();
  return remarks.filter(({ why }) => {
    if (!why.startsWith('[proxy] ')) return true;
    const isNew = !told.has(why);
    told.add(why);
    return isNew;
  });
}
