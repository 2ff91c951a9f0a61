// From nginx's virtual hosts to drafts of sites: those that hand requests to an app. Reports what hostd cannot
// express.

import type { Problem } from '../../model/problem.ts';
import type { Remark } from '../draft.ts';
import type { Read, ReadContext, SourceText } from '../format.ts';
import { accessWithin, isAboutAccess, openAccess } from './access-read.ts';
import { readSources } from './include.ts';
import type { Around } from './location-read.ts';
import { remarkOn } from './remark.ts';
import { type ReadServer, readServer } from './server.ts';
import { sitesOf } from './sites.ts';
import type { Directive } from './syntax.ts';
import { oddUpstream } from './upstream-read.ts';

export function looksLikeNginx(text: string): boolean {
  return /^\s*(?:upstream\s+\S+|server|http)\s*\{/m.test(text);
}

export function readNginx(sources: readonly SourceText[], around: ReadContext): Read {
  const problems: Problem[] = [];
  const top = readSources(sources, around, problems);
  const outer = top.flatMap(directive => (directive.name === 'http' ? (directive.block ?? []) : [directive]));
  const upstreams = new Map(
    outer
      .filter(({ name }) => name === 'upstream')
      .map(directive => [directive.args[0] ?? '', directive] as const),
  );
  const outside: Around = {
    upstreams,
    access: accessWithin(outer, openAccess),
    root: outer.find(({ name }) => name === 'root')?.args[0] ?? null,
  };
  const servers: ReadServer[] = [];
  const loose: Remark[] = [];
  for (const directive of outer) {
    const { name } = directive;
    if (name === 'server' && directive.block !== null) servers.push(readServer(directive, outside));
    else if (name !== 'upstream' && !known.has(name) && !isAboutAccess(directive) && !isHostdsOwn(directive))
      loose.push(remarkOn(directive, null, 'not understood'));
  }
  for (const [name, directive] of upstreams)
    loose.push(...oddUpstream(directive, servers.find(({ upstream }) => upstream === name)?.name ?? null));
  return { drafts: [...sitesOf(servers), ...loose], problems };
}

/** Directives about nginx as a whole, which say nothing of a site. */
const known = new Set([
  'map',
  'include',
  'types',
  'events',
  'user',
  'pid',
  'root',
  'worker_processes',
  'worker_rlimit_nofile',
  'sendfile',
  'tcp_nopush',
  'tcp_nodelay',
  'types_hash_max_size',
  'server_names_hash_bucket_size',
  'server_names_hash_max_size',
  'default_type',
  'server_tokens',
]);

/** Whether it is something that the hardened form needs beside its server blocks. */
function isHostdsOwn({ name, args }: Directive): boolean {
  return (
    (name === 'geo' && /^\$hostd_\w+_trusted$/.test(args[1] ?? '')) ||
    (name === 'log_format' && /^hostd_\w+_json$/.test(args[0] ?? ''))
  );
}
