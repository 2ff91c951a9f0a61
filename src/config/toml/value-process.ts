// Values that a process is started with: its command, environment, limits, signals and exit codes.

import type { Limit, Program } from '../../model/host.ts';
import { nearest } from '../../words/nearest.ts';
import { splitWords } from '../../words/shlex.ts';
import { parseSignal, signalNames } from '../../words/signals.ts';
import { parseSize } from '../../words/sizes.ts';
import { bad, type Decoded, good, isTable } from './decoded.ts';
import { parseEnvironment } from './environment.ts';

export function size(value: unknown): Decoded<number> {
  const bytes = typeof value === 'string' ? parseSize(value) : value;
  return Number.isSafeInteger(bytes) && (bytes as number) >= 0
    ? good(bytes as number)
    : bad('it must be bytes, or a number with K, M or G (or KB, MB, GB); 0 is no limit', '"50MB"');
}

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** A hundred years, in seconds. */
const longestDuration = 36_525 * 86_400;

/** Whole seconds, or a text with s, m, h, d or w after a whole number. */
export function duration(value: unknown): Decoded<number> {
  const found = typeof value === 'string' ? /^(\d+) ?([smhdw])$/.exec(value) : null;
  const seconds = found === null ? value : Number(found[1]) * (secondsIn[found[2] ?? ''] ?? 1);
  return Number.isSafeInteger(seconds) && (seconds as number) >= 0 && (seconds as number) <= longestDuration
    ? good(seconds as number)
    : bad('it must be whole seconds, or a number with s, m, h, d or w; 0 is never', '"1d"');
}

/** Of one processor, from "150%". */
export function percent(value: unknown): Decoded<number> {
  const found = typeof value === 'string' ? /^(\d{1,6}) ?%$/.exec(value) : null;
  const number = found === null ? value : Number(found[1]);
  const isPlain = typeof value === 'number' && value !== 0;
  return Number.isSafeInteger(number) && !isPlain
    ? good(number as number)
    : bad('it must be whole percents of one processor, in a text', isPlain ? `"${value}%"` : '"150%"');
}

/** Minutes after midnight, from "04:00". */
export function clockTime(value: unknown): Decoded<number> {
  const found = typeof value === 'string' ? /^(\d{1,2}):(\d{2})$/.exec(value) : null;
  const [hours, minutes] = [Number(found?.[1]), Number(found?.[2])];
  return found !== null && hours < 24 && minutes < 60
    ? good(hours * 60 + minutes)
    : bad('it must be a time of day, hours and minutes', '"04:00"');
}

/** Octal in a text. A TOML integer counts as it is, so 0o022 is good and 22 a mistake. */
export function umask(value: unknown): Decoded<number> {
  const number =
    typeof value === 'string' && /^0?[0-7]{1,3}$/.test(value) ? Number.parseInt(value, 8) : value;
  const decimal = typeof value === 'number' && [22, 27, 77].includes(value);
  return Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= 0o777 && !decimal
    ? good(number as number)
    : bad('it must be octal digits in a text', decimal ? `"0${value}"` : '"022"');
}

export function command(value: unknown): Decoded<string | readonly string[]> {
  const example = '"/usr/bin/env sleep 60"';
  if (!Array.isArray(value)) {
    return typeof value === 'string' && !value.includes('\0')
      ? good(value)
      : bad('it must be a text, or a list of texts', example);
  }
  return value.every(word => typeof word === 'string' && !word.includes('\0'))
    ? good(value as string[])
    : bad('it must be a text, or a list of texts', '["/usr/bin/env", "sleep", "60"]');
}

/** Words of a command: of a text, split as a shell does, or of a list, taken as it is. */
export function wordsOf(value: string | readonly string[]): Decoded<readonly string[]> {
  if (typeof value !== 'string') return good(value);
  const split = splitWords(value);
  return split.ok ? good(split.words) : bad(split.reason, "'...'");
}

export function restart(value: unknown): Decoded<Program['autorestart']> {
  if (value === true || value === 'always') return good('always');
  if (value === false || value === 'never') return good('never');
  return value === 'unexpected' ? good(value) : bad('it must be true, false or "unexpected"', '"unexpected"');
}

export function exitcodes(value: unknown): Decoded<readonly number[]> {
  const codes =
    typeof value === 'string'
      ? value.split(',').flatMap(part => (part.trim() === '' ? [] : [Number(part)]))
      : Array.isArray(value)
        ? value
        : [value];
  return codes.every(code => Number.isInteger(code) && code >= 0 && code <= 255)
    ? good(codes as number[])
    : bad('it must be a list of exit codes, 0 to 255', '[0, 2]');
}

/** Variables that hostd sets for each run. */
const reserved = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'NOTIFY_SOCKET'];

export function environment(value: unknown): Decoded<Readonly<Record<string, string>>> {
  const example = '{ DEBUG = "0" }';
  const read = typeof value === 'string' ? parseEnvironment(value) : null;
  if (read !== null && !read.ok) return bad(read.reason, example);
  const pairs = read === null ? value : read.pairs;
  if (!isTable(pairs)) return bad('it must be a table', example);
  const out: Record<string, string> = {};
  for (const [name, entry] of Object.entries(pairs)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === '__proto__')
      return bad(
        `${JSON.stringify(name)} is no name of a variable: letters, digits and "_", no digit first`,
        example,
      );
    if (reserved.includes(name)) return bad(`${name} is set by hostd`, example);
    if (typeof entry === 'string' ? entry.includes('\0') : !Number.isSafeInteger(entry))
      return bad(`${name} must be a text`, `{ ${name} = "..." }`);
    out[name] = String(entry);
  }
  return good(out);
}

/** setrlimit(2), without RLIMIT_. */
const limitNames = ['as', 'core', 'cpu', 'data', 'fsize', 'memlock', 'nofile', 'nproc', 'stack'] as const;

export function limits(value: unknown): Decoded<Readonly<Record<string, Limit>>> {
  const example = '{ nofile = 4096, core = 0 }';
  if (!isTable(value)) return bad('it must be a table', example);
  const out: Record<string, Limit> = {};
  for (const [name, entry] of Object.entries(value)) {
    if (!(limitNames as readonly string[]).includes(name))
      return bad(`there is no limit "${name}"`, `{ ${nearest(name, limitNames) ?? 'nofile'} = 4096 }`);
    const pair = Array.isArray(entry) ? entry : [entry, entry];
    const soft = limitOf(pair[0]);
    const hard = limitOf(pair[1]);
    if (pair.length !== 2 || soft === undefined || hard === undefined)
      return bad(`${name} must be a number, a size, "unlimited", or [soft, hard]`, example);
    if (hard !== null && (soft === null || soft > hard))
      return bad(`${name}: the soft limit is above the hard one`, `{ ${name} = [${hard}, ${hard}] }`);
    out[name] = { soft, hard };
  }
  return good(out);
}

function limitOf(value: unknown): number | null | undefined {
  if (value === 'unlimited') return null;
  const read = size(value);
  return read.ok ? read.value : undefined;
}

export function signal(value: unknown): Decoded<NodeJS.Signals> {
  const found = typeof value === 'string' || typeof value === 'number' ? parseSignal(value) : null;
  if (found !== null) return good(found);
  const meant = typeof value === 'string' ? nearest(value.replace(/^sig/i, ''), signalNames) : null;
  return bad('there is no such signal', `"${meant ?? 'TERM'}"`);
}
