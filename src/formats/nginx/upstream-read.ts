// What a proxy_pass and an upstream block say of addresses: which of them hostd can ask in place of a gunicorn of this machine, and what
// of their words it has no word for. Pure.

import { address } from '../../config/toml/value-hosts.ts';
import { addressText } from '../../model/address.ts';
import type { Remark } from '../draft.ts';
import { remarkOn } from './remark.ts';
import type { Directive } from './syntax.ts';

/** "10.0.0.5:8000" or "[fd00::5]:80" for any way of writing a numeric address; null: a name, or a socket. */
function numericAddress(written: string): string | null {
  const whole = /^(\[[^\]]*\]|[\d.]+)$/.test(written) ? `${written}:80` : written;
  const read = address(whole.replace(/^localhost(?=:|$)/i, '127.0.0.1'));
  return read.ok ? addressText(read.value) : null;
}

function isLocal(numeric: string): boolean {
  return /^(127\.|0\.0\.0\.0:|\[::1?\]:)/.test(numeric);
}

export function serversIn(upstream: Directive): readonly Directive[] {
  const usable = (upstream.block ?? []).filter(
    ({ name, args }) => name === 'server' && !args.includes('down'),
  );
  const main = usable.filter(({ args }) => !args.includes('backup'));
  return main.length > 0 ? main : usable;
}

/** The addresses of an app that is served elsewhere; none: it is a process of this machine, or there is no numeric address. */
export function addressesOf(words: readonly string[]): readonly string[] {
  const numeric = words.flatMap(word => numericAddress(word) ?? []);
  const isHere = words.some(word => word.startsWith('unix:')) || numeric.every(isLocal);
  return isHere ? [] : [...new Set(numeric)];
}

/** Directives of an upstream that hostd's proxy does by itself, or in its own way. */
const own = new Set(['server', 'least_conn', 'keepalive', 'keepalive_timeout', 'keepalive_requests', 'zone']);

/** What is not imported of an upstream. `of`: the site that it is for; null: none. */
export function oddUpstream(directive: Directive, of: string | null): readonly Remark[] {
  const block = directive.block ?? [];
  const servers = block.filter(({ name }) => name === 'server');
  const odd = block.filter(({ name }) => !own.has(name));
  const isElsewhere = addressesOf(serversIn(directive).map(({ args }) => args[0] ?? '')).length > 0;
  if (isElsewhere)
    return [
      ...servers.flatMap(server => oddServer(server, serversIn(directive).includes(server), of)),
      ...odd.map(inner => remarkOn(inner, of, 'the address that has the fewest requests gets the next one')),
    ];
  if (servers.length !== 1) return [remarkOn(directive, of, 'hostd has one socket for an app')];
  const isPlain = servers[0]?.args
    .slice(1)
    .every(word => /^(fail_timeout|max_fails|weight|max_conns)=/.test(word));
  return odd.length === 0 && isPlain ? [] : [remarkOn(directive, of, 'not understood')];
}

function oddServer(server: Directive, isAsked: boolean, of: string | null): readonly Remark[] {
  const [word = '', ...more] = server.args;
  if (more.includes('down')) return [{ ...remarkOn(server, of, 'it is down'), harmless: true }];
  if (!isAsked) return [remarkOn(server, of, 'hostd keeps no address back for when the others have failed')];
  if (numericAddress(word) === null)
    return [remarkOn(server, of, 'hostd looks no names up: upstreams takes numeric addresses')];
  if (more.every(one => /^(max_fails=1|fail_timeout=10s?|weight=1|backup)$/.test(one))) return [];
  const why = more.some(one => one.startsWith('weight='))
    ? 'hostd has no weights: the address that has the fewest requests gets the next one'
    : 'hostd leaves an address that fails out for 1 to 30 seconds, and has no other word for it';
  return [remarkOn(server, of, why)];
}
