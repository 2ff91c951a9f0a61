// Server blocks that only redirect, and the keys of a site that do the same: redirect_https or redirect_from.

import type { SiteDraft } from '../draft.ts';
import { conditionOf, isAboutHttp, plainVariables } from './condition.ts';
import type { Directive } from './syntax.ts';

export interface Redirect {
  /** "https://$host": the part before $request_uri. */
  readonly target: string;
  /** The directives of the redirect. */
  readonly directives: readonly Directive[];
}

/** null: the block does something else, or redirects to different places. */
export function redirectIn(server: Directive): Redirect | null {
  const block = server.block ?? [];
  const found = block.flatMap(directive => targetsIn(directive).map(target => ({ target, directive })));
  const targets = new Set(found.map(({ target }) => target));
  const [target] = targets;
  if (target === undefined || targets.size > 1) return null;
  const whole = found.some(({ directive }) => directive.name !== 'if');
  // certbot's form: an "if" for each name, then 404 for the others.
  const others = block.filter(({ name, args }) => name === 'return' && args[0] === '404');
  if (!whole && others.length === 0) return null;
  return { target, directives: [...found.map(({ directive }) => directive), ...others] };
}

function targetsIn({ name, args, block }: Directive): readonly string[] {
  if (name === 'location' && args.join(' ') === '/') return (block ?? []).flatMap(targetsIn);
  if (name === 'if' && isAboutHost(args)) return (block ?? []).flatMap(targetsIn);
  const target = targetOf(name, args);
  return target === null ? [] : [target];
}

/** `if ($host = ...)`: certbot writes one for each name. */
function isAboutHost(args: readonly string[]): boolean {
  const condition = conditionOf(args);
  return condition?.operator === '=' && /^\$(host|http_host|server_name)$/.test(condition.subject);
}

/** "https://$host" of a directive that redirects to the same path elsewhere; null: it does something else. */
function targetOf(name: string, written: readonly string[]): string | null {
  const args = written.map(plainVariables);
  const [first = '', second = '', third = ''] = args;
  if (name === 'return') {
    const target = /^30[1278]$/.test(first) ? second : /^https?:\/\//.test(first) ? first : '';
    return /^(.+?)\$request_uri\??$/.exec(target)?.[1] ?? null;
  }
  if (name !== 'rewrite' || !['permanent', 'redirect'].includes(third)) return null;
  if (/^\^?(\(\.\*\)|\.\*)?\$?$/.test(first)) {
    const tail = first.includes('(') ? /^(.+?)(?:\$1|\$request_uri\?)$/ : /^(.+?)(?:\$request_uri\?|\$uri)$/;
    return tail.exec(second)?.[1] ?? null;
  }
  return /^\^\/\(\.\*\)\$?$/.test(first) ? (/^(.+?)\/\$1$/.exec(second)?.[1] ?? null) : null;
}

/** Whether the redirect is temporary. hostd's are permanent. */
export function isTemporary({ name, args }: Directive): boolean {
  const code = args[0] ?? '';
  return name === 'return'
    ? code === '302' || code === '307' || /^https?:/.test(code)
    : args[2] === 'redirect';
}

/** Whether it is an "if" that redirects requests by http to https, on the same name. */
export function isToHttps({ args, block }: Directive): boolean {
  const [only, second] = block ?? [];
  if (!isAboutHttp(conditionOf(args)) || only === undefined) return false;
  if (second !== undefined && second.name !== 'break') return false;
  const target = targetOf(only.name, only.args);
  return target !== null && placeOf(target)?.host === null;
}

interface Target {
  /** null: the request's own scheme. */
  readonly scheme: 'http' | 'https' | null;
  readonly host: string | null;
}

function placeOf(target: string): Target | null {
  const [, scheme = '', host = ''] =
    /^(https?|\$\w+):\/\/([^/]+?)(?::(?:\d+|\$server_port))?$/.exec(target) ?? [];
  if (host === '') return null;
  return {
    scheme: scheme === 'http' || scheme === 'https' ? scheme : null,
    host: /^\$(host|http_host|server_name)$/.test(host) ? null : host.toLowerCase(),
  };
}

/** The sites with the keys for a redirect from these names; null: no key does the same. */
export function withRedirect(
  sites: readonly SiteDraft[],
  names: readonly string[],
  redirect: Redirect,
): readonly SiteDraft[] | null {
  const target = placeOf(redirect.target);
  const leadsTo = sites.find(({ serverNames }) =>
    target?.host === null || target?.host === undefined
      ? names.some(name => serverNames.includes(name))
      : serverNames.includes(target.host),
  );
  if (target === null || leadsTo === undefined) return null;
  const foreign = names.filter(name => !leadsTo.serverNames.includes(name));
  const own = names.length > foreign.length;
  // hostd has no redirect from a site's name to http, and none to another host by the request's own host name.
  if ((own && target.scheme !== 'https') || (foreign.length > 0 && target.host === null)) return null;
  const { host } = target;
  const changed: SiteDraft = {
    ...leadsTo,
    redirectHttps: leadsTo.redirectHttps || own,
    redirectFrom: [...new Set([...leadsTo.redirectFrom, ...foreign])],
    serverNames:
      foreign.length === 0 || host === null
        ? leadsTo.serverNames
        : [host, ...leadsTo.serverNames.filter(name => name !== host)],
  };
  return sites.map(site => (site === leadsTo ? changed : site));
}
