// From nginx's virtual hosts to drafts of sites: those that hand requests to a unix socket, and what hostd has no word for.

import { dirname, isAbsolute, join } from 'node:path';
import type { Problem } from '../../model/problem.ts';
import type { Draft, Remark, SiteDraft } from '../draft.ts';
import type { Read, ReadContext, SourceText } from '../format.ts';
import { withRedirect } from './redirect-read.ts';
import { type ReadServer, readServer, remarkOn } from './server.ts';
import { type Directive, NginxError, parseNginx } from './syntax.ts';

export function looksLikeNginx(text: string): boolean {
  return /^\s*(?:upstream\s+\S+|server|http)\s*\{/m.test(text);
}

export function readNginx(sources: readonly SourceText[], around: ReadContext): Read {
  const problems: Problem[] = [];
  const top = sources.flatMap(source => {
    try {
      return withIncludes(parseNginx(source.text, source.file), source.file, around, problems);
    } catch (error) {
      if (!(error instanceof NginxError)) throw error;
      problems.push(unreadable(error));
      return [];
    }
  });
  const outer = top.flatMap(directive => (directive.name === 'http' ? (directive.block ?? []) : [directive]));
  const upstreams = new Map(
    outer
      .filter(({ name }) => name === 'upstream')
      .map(directive => [directive.args[0] ?? '', directive] as const),
  );
  const servers: ReadServer[] = [];
  const loose: Remark[] = [];
  const known = ['upstream', 'map', 'include', 'types', 'events', 'user', 'pid', 'worker_processes'];
  for (const directive of outer) {
    if (directive.name === 'server' && directive.block !== null)
      servers.push(readServer(directive, upstreams));
    else if (isOddUpstream(directive) || !(known.includes(directive.name) || isHostdsOwn(directive)))
      loose.push(remarkOn(directive, null, 'not understood'));
  }
  return { drafts: [...draftsOf(servers), ...loose], problems };
}

/** Sites, with what the server blocks around them say: one for TLS beside one without, and redirects. */
function draftsOf(servers: readonly ReadServer[]): readonly Draft[] {
  const remarks: Remark[] = [];
  let sites: readonly SiteDraft[] = [];
  const plain = new Set<string>();
  for (const { site, plain: isPlain } of servers)
    if (site !== null) {
      sites = withSite(sites, site);
      if (isPlain) plain.add(site.socket);
    }
  for (const { server, name, serverNames, site, redirect, remarks: own } of servers) {
    const changed = site === null && redirect !== null ? withRedirect(sites, serverNames, redirect) : null;
    if (site === null && changed === null)
      remarks.push(remarkOn(server, name, 'it hands nothing to a unix socket'));
    sites = changed ?? sites;
    remarks.push(...own);
  }
  for (const site of sites)
    if (!plain.has(site.socket) && !site.redirectHttps)
      remarks.push({
        kind: 'remark',
        at: site.at,
        why: 'hostd serves it by http too, unless redirect_https = true',
        line: 'listen',
        of: site.name,
      });
  return [...sites, ...once(remarks)];
}

/** Two server blocks for one socket, one of them for TLS, are one site. */
function withSite(sites: readonly SiteDraft[], site: SiteDraft): readonly SiteDraft[] {
  const twin = sites.find(
    other => other.socket === site.socket && (other.certificate === null) !== (site.certificate === null),
  );
  if (twin === undefined) return [...sites, site];
  const main = twin.certificate === null ? site : twin;
  const serverNames = [...new Set([...main.serverNames, ...twin.serverNames, ...site.serverNames])];
  return sites.map(other => (other === twin ? { ...main, serverNames } : other));
}

/** What concerns [proxy] is the same for every server block. */
function once(remarks: readonly Remark[]): readonly Remark[] {
  const told = new Set<string>();
  return remarks.filter(({ why }) => {
    if (!why.startsWith('[proxy] ')) return true;
    const isNew = !told.has(why);
    told.add(why);
    return isNew;
  });
}

/** What the hardened form needs beside its server blocks. */
function isHostdsOwn({ name, args }: Directive): boolean {
  return (
    (name === 'geo' && /^\$hostd_\w+_trusted$/.test(args[1] ?? '')) ||
    (name === 'log_format' && /^hostd_\w+_json$/.test(args[0] ?? ''))
  );
}

function unreadable({ at, message }: NginxError): Problem {
  return {
    severity: 'error',
    at,
    message: `cannot use this file: ${message}`,
    hint: 'nginx -t would refuse it too',
  };
}

function withIncludes(
  directives: readonly Directive[],
  file: string,
  around: ReadContext,
  problems: Problem[],
): readonly Directive[] {
  return directives.flatMap((directive): readonly Directive[] => {
    const [pattern] = directive.args;
    if (directive.name === 'http' && directive.block !== null)
      return [{ ...directive, block: withIncludes(directive.block, file, around, problems) }];
    if (directive.name !== 'include' || pattern === undefined || /mime\.types$/.test(pattern))
      return [directive];
    const full = isAbsolute(pattern) ? pattern : join(dirname(file), pattern);
    return around.include(full).flatMap(source => {
      try {
        return parseNginx(source.text, source.file);
      } catch (error) {
        if (!(error instanceof NginxError)) throw error;
        problems.push(unreadable(error));
        return [];
      }
    });
  });
}

/** Several servers, weights and the like: hostd has one socket for an app. */
function isOddUpstream(directive: Directive): boolean {
  if (directive.name !== 'upstream') return false;
  const servers = directive.block?.filter(({ name }) => name === 'server') ?? [];
  return servers.length !== 1 || !servers[0]?.args[0]?.startsWith('unix:');
}
