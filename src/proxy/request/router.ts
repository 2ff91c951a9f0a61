// Host header to site: what a host name is, and which site it leads to. Pure. Knows nothing of paths.

import { admitHostName } from '../../model/host-name.ts';
import type { RoutedSite } from '../../protocol/worker.ts';

/** Characters of a name of 255, its trailing dot, and a port. */
const longestHost = 262;

/**
 * The name or the address in a Host header or an absolute target: lower case, without port or trailing dot.
 * null for what RFC 9110 section 7.2 wants refused: user names, empty labels, spaces, two ports, a port that is no number.
 */
export function hostName(value: string): string | null {
  if (value.length > longestHost) return null;
  const parts = /^(\[[0-9a-fA-F:.]{2,45}\]|[^:[\]]+)(?::(\d{0,5}))?$/.exec(value);
  const name = parts?.[1];
  if (name === undefined || Number(parts?.[2] ?? 0) > 65_535) return null;
  return name.startsWith('[') ? name.toLowerCase() : admitHostName(name);
}

/** A site, with the name that led to it. */
export interface NamedSite extends RoutedSite {
  /** The site's number from 1, in the order of the routes; absent: nobody uses it. */
  readonly number?: number;
  /** Whether the name is in redirectFrom. */
  readonly isRedirected?: boolean;
}

/** Finds the site of a host name that hostName() returned. */
export type Router = (host: string) => NamedSite | null;

/**
 * An exact name wins over "*.example.org", a longer wildcard over a shorter one, and a configured name over
 * the NAME.localhost that every site has. Of two sites that claim one name, the first has it.
 */
export function makeRouter(sites: readonly RoutedSite[]): Router {
  const exact = new Map<string, NamedSite>();
  const below = new Map<string, NamedSite>();
  const claimAll = (names: readonly string[], site: NamedSite): void => {
    for (const name of names) {
      const lower = name.toLowerCase();
      if (lower.startsWith('*.')) claim(below, lower.slice(1), site);
      else claim(exact, lower, site);
    }
  };
  for (const site of sites) claimAll(site.serverNames, site);
  for (const site of sites) claimAll(site.redirectFrom, { ...site, isRedirected: true });
  for (const site of sites) claim(exact, `${site.name.toLowerCase()}.localhost`, site);

  return host => {
    const site = exact.get(host);
    if (site !== undefined || below.size === 0) return site ?? null;
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const parent = below.get(host.slice(dot));
      if (parent !== undefined) return parent;
    }
    return null;
  };
}

/** The site's own first name. */
export function canonicalName(site: RoutedSite): string {
  return site.serverNames.find(name => !name.startsWith('*.')) ?? `${site.name.toLowerCase()}.localhost`;
}

function claim(names: Map<string, NamedSite>, name: string, site: NamedSite): void {
  if (!names.has(name)) names.set(name, site);
}
