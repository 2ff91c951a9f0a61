// `include` in nginx's files: replaced by the file's directives where it can be read. The rest is left for the readers to report.

import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Problem } from '../../model/problem.ts';
import type { ReadContext, SourceText } from '../format.ts';
import { type Directive, NginxError, parseNginx } from './syntax.ts';

/** Files that include each other without end are stopped here. */
const deepest = 16;

/** The directives of all sources, in order. A source that is no nginx configuration is a problem. */
export function readSources(
  sources: readonly SourceText[],
  around: ReadContext,
  problems: Problem[],
): readonly Directive[] {
  const main = sources.find(({ file }) => basename(file) === 'nginx.conf');
  const prefix = main === undefined ? [] : [dirname(main.file)];
  const parse = ({ file, text }: SourceText, depth: number): readonly Directive[] => {
    try {
      return expand(parseNginx(text, file), file, depth);
    } catch (error) {
      if (!(error instanceof NginxError)) throw error;
      problems.push(unreadable(error));
      return [];
    }
  };
  const expand = (directives: readonly Directive[], file: string, depth: number): readonly Directive[] =>
    directives.flatMap((directive): readonly Directive[] => {
      const { name, args, block } = directive;
      if (block !== null) return [{ ...directive, block: expand(block, file, depth) }];
      const [pattern] = args;
      if (name !== 'include' || pattern === undefined || isMimeTypes(pattern)) return [directive];
      const found = depth < deepest ? filesFor(pattern, file, prefix, around) : [];
      // A pattern may match nothing.
      if (found.length === 0) return /[*?[]/.test(pattern) ? [] : [directive];
      return found.flatMap(source => parse(source, depth + 1));
    });
  return sources.flatMap(source => parse(source, 0));
}

/** Paths are relative to nginx.conf, which is in the file's directory, or above it. */
function filesFor(
  pattern: string,
  file: string,
  prefix: readonly string[],
  around: ReadContext,
): readonly SourceText[] {
  if (isAbsolute(pattern)) return around.include(pattern);
  const above = [dirname(file), dirname(dirname(file)), dirname(dirname(dirname(file)))];
  for (const directory of [...prefix, ...above, '/etc/nginx']) {
    const found = around.include(join(directory, pattern));
    if (found.length > 0) return found;
  }
  return [];
}

function isMimeTypes(file: string): boolean {
  return basename(file) === 'mime.types';
}

/** Files that are known by name, and that keep nothing from anybody. */
export function isKnownFile(file: string): boolean {
  return (
    isMimeTypes(file) ||
    /^(options-ssl-nginx|ssl-params|ssl|snakeoil|self-signed)\.conf$/.test(basename(file)) ||
    /^(proxy|uwsgi|fastcgi|scgi)_params$/.test(basename(file))
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
