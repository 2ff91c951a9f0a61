// The kinds of value that a key may have: what each accepts, and its message for anything else. Knows no key's name.

import type { AccessLogFormat, Limit, Listen, Requirement, WebRights } from '../../model/host.ts';
import { nearest } from '../../words/nearest.ts';
import { bad, type Decoder, good, list, matching, text, whole } from './decoded.ts';
import { eventTypes } from './value-events.ts';
import { expires, mediaTypes } from './value-files.ts';
import { address, hostName } from './value-hosts.ts';
import { network } from './value-networks.ts';
import {
  clockTime,
  command,
  duration,
  environment,
  exitcodes,
  limits,
  percent,
  restart,
  signal,
  size,
  umask,
  wordsOf,
} from './value-process.ts';
import { requirement } from './value-requirement.ts';
import { cron, timeZone } from './value-schedule.ts';
import { upstreams } from './value-upstreams.ts';

/** What each kind is read into. */
export interface ValueKinds {
  readonly text: string;
  /** An absolute path, normalised. */
  readonly path: string;
  /** A path that only its table can judge: it may have expansions, or be relative. */
  readonly 'path text': string;
  /** The same, or false for no path. */
  readonly 'path or false': string | false;
  /** One path text, or several. */
  readonly 'path texts': readonly string[];
  /** "AUTO", "NONE" or a path text. */
  readonly log: string;
  readonly account: string;
  readonly module: string;
  readonly boolean: boolean;
  readonly count: number;
  readonly natural: number;
  readonly integer: number;
  readonly seconds: number;
  readonly size: number;
  /** Whole seconds. */
  readonly duration: number;
  /** Of one processor; 0 is no bound. */
  readonly percent: number;
  /** Minutes after midnight. */
  readonly 'clock time': number;
  /** Seconds; -1: clients must ask each time; null: the answer says nothing. */
  readonly expires: number | null;
  readonly 'media types': Readonly<Record<string, string>>;
  readonly umask: number;
  readonly words: readonly string[];
  /** Words that are not split yet, since expansions come first. */
  readonly command: string | readonly string[];
  readonly names: readonly string[];
  /** Names of Supervisor's event types. */
  readonly events: readonly string[];
  readonly hosts: readonly string[];
  readonly address: Listen;
  readonly addresses: readonly Listen[];
  /** A unix socket's path, or a TCP address. */
  readonly 'address or path': Listen | { readonly path: string };
  readonly 'web rights': WebRights;
  readonly upstreams: readonly Listen[];
  /** A text that is never shown. */
  readonly password: string;
  /** CIDR blocks, each in its one spelling. */
  readonly networks: readonly string[];
  readonly 'log format': AccessLogFormat;
  readonly requirements: readonly Requirement[];
  readonly uri: string;
  /** As it is written, without blanks around it. */
  readonly cron: string;
  readonly 'time zone': string;
  readonly restart: 'never' | 'unexpected' | 'always';
  readonly exitcodes: readonly number[];
  readonly signal: NodeJS.Signals;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, Limit>>;
}

export type Kind = keyof ValueKinds;

/** Seconds: the longest wait that a timer can take, with room to spare. */
const longest = 1_000_000;

export const decoders: { readonly [K in Kind]: Decoder<ValueKinds[K]> } = {
  text: value => text(value, '"..."'),
  path: value => {
    const read = text(value, '"/..."');
    if (!read.ok) return read;
    return read.value.startsWith('/')
      ? good(tidyPath(read.value))
      : bad('it is not an absolute path', `"/${read.value.replace(/^~\/?/, 'home/USER/')}"`);
  },
  'path text': value => text(value, '"/..."'),
  'path texts': value =>
    Array.isArray(value)
      ? list(value, item => text(item, '"/..."'), '["/..."]')
      : list([value], item => text(item, '"/..."'), '"/..."'),
  'path or false': value => (value === false ? good(false) : text(value, '"/..."')),
  log: value => text(value, '"/var/log/NAME.log", "AUTO" or "NONE"'),
  account: value =>
    matching(value, /^([A-Za-z_][A-Za-z0-9_.-]*\$?|\d+)$/, 'it is no name of a user or group', '"www-data"'),
  module: value => matching(value, /^[\w.]+(:\S+)?$/, 'it is no Python module', '"hello.wsgi"'),
  boolean: value => (typeof value === 'boolean' ? good(value) : bad('it must be true or false', 'true')),
  count: value => whole(value, 1),
  natural: value => whole(value, 0),
  integer: value => whole(value, Number.MIN_SAFE_INTEGER),
  seconds: value =>
    typeof value === 'number' && value >= 0 && value <= longest
      ? good(value)
      : bad(`it must be a number of seconds, 0 to ${longest}`, '10'),
  size,
  duration,
  percent,
  'clock time': clockTime,
  expires,
  'media types': mediaTypes,
  umask,
  words: value => {
    const read = command(value);
    return read.ok ? wordsOf(read.value) : read;
  },
  command,
  names: value => list(value, item => text(item, '"cat"'), '["cat", "dog"]'),
  events: eventTypes,
  hosts: value => list(value, hostName, '["hello.test"]'),
  address: value => address(value),
  password: value => {
    const read = text(value, '"..."');
    return read.ok ? read : bad(read.reason, '"..."');
  },
  addresses: value => list(value, address, '["0.0.0.0:80", "[::]:80"]'),
  'address or path': value => {
    if (typeof value === 'string' && value.startsWith('/')) return good({ path: tidyPath(value) });
    const read = address(value);
    return read.ok ? read : bad('it must be an address and a port, or a path', '"127.0.0.1:9001"');
  },
  'web rights': value =>
    value === 'read' || value === 'operate' ? good(value) : bad('it must be "read" or "operate"', '"read"'),
  upstreams,
  networks: value => list(value, network, '["10.0.0.0/8"]'),
  'log format': value =>
    value === 'combined' || value === 'combined_id' || value === 'json'
      ? good(value)
      : bad(
          'it must be "combined", "combined_id" or "json"',
          `"${typeof value === 'string' ? (nearest(value, ['combined', 'combined_id', 'json']) ?? 'json') : 'json'}"`,
        ),
  requirements: value => list(value, requirement, '["postgresql"]'),
  uri: value => matching(value, /^\/[\x21-\x7e]*$/, 'it must be a path that begins with "/"', '"/healthz"'),
  cron,
  'time zone': timeZone,
  restart,
  exitcodes,
  signal,
  environment,
  limits,
};

/** The path with the slash at its end that directories have in the model. */
export function asDirectory(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** The path without doubled or trailing slashes, "." and "..". */
export function tidyPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
