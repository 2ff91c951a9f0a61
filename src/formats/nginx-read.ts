// From nginx's virtual hosts to drafts of sites: those that hand requests to a unix socket, and what hostd has no word for.

import { dirname, isAbsolute, join } from 'node:path';
import type { Problem } from '../model/problem.ts';
import type { Draft } from './draft.ts';
import type { Read, ReadContext, SourceText } from './format.ts';
import { readServer, remarkOn } from './nginx-server.ts';
import { type Directive, NginxError, parseNginx } from './nginx-syntax.ts';

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
  const drafts = outer.flatMap((directive): readonly Draft[] => {
    if (directive.name === 'server' && directive.block !== null) return readServer(directive, upstreams);
    const known = ['upstream', 'map', 'include', 'types', 'events', 'user', 'pid', 'worker_processes'];
    return known.includes(directive.name) && !isOddUpstream(directive)
      ? []
      : [remarkOn(directive, null, 'not understood')];
  });
  return { drafts, problems };
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
