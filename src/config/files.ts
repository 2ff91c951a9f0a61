// The configuration's files on disk: finds and reads them. Knows no TOML.

import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { errnoOf, messageOf } from '../errors.ts';
import type { Problem } from '../model/problem.ts';
import { quoteWord } from '../words/shlex.ts';
import { openAboveFile, openDirectories, whoCanWrite } from './writers.ts';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** Bytes. No configuration is longer. A log or an image that is named by mistake is not read into memory. */
const longestFile = 4 * 1024 ** 2;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** The text, or null after reporting why there is none. */
export function readText(
  file: string,
  isMain: boolean,
  isStrict: boolean,
  problems: Problem[],
): string | null {
  const fail = (reason: string, hint: string) => {
    problems.push({
      severity: 'error',
      message: `cannot read this file: ${reason}`,
      hint,
      at: { file, key: [] },
    });
    return null;
  };
  let fd = -1;
  try {
    // O_NONBLOCK: a FIFO must not be waited for.
    fd = openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    const stats = fstatSync(fd);
    if (stats.isDirectory()) return fail('it is a directory', 'name the file: -c FILE');
    if (!stats.isFile()) return fail('it is not a regular file', 'put a file of text in its place');
    if (stats.size > longestFile) return fail('it is longer than 4 MiB', 'put a file of text in its place');
    const open = [...openAboveFile(file, isStrict), ...whoCanWrite(file, stats, 'this file', isStrict)];
    problems.push(...open);
    if (open.some(({ severity }) => severity === 'error')) return null;
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(fd));
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return fail('it is not UTF-8', 'iconv -t UTF-8, from what it is');
    const begin = `mkdir -p ${dirname(file)}/apps.d && touch ${file} (empty, it means the defaults), or name another: -c FILE`;
    return fail(
      reasons[code] ?? messageOf(error),
      code === 'ENOENT' && isMain ? begin : code === 'EACCES' ? 'sudo' : `ls -l ${file}`,
    );
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** The files that the patterns name, sorted within each pattern, each file once. Only the last part of a path may have
 *  "*" and "?". Neither matches a dot at the beginning. */
export function findIncluded(
  main: string,
  patterns: readonly string[],
  isStrict: boolean,
  problems: Problem[],
): readonly string[] {
  const found = new Set<string>();
  const closed = (directory: string) => {
    const open = openDirectories(directory, isStrict);
    problems.push(...open);
    return open.length === 0;
  };
  patterns.forEach((pattern, index) => {
    const full = resolve(dirname(main), pattern);
    const directory = dirname(full);
    const at = { file: main, key: ['hostd', 'include', index] };
    if (/[*?]/.test(directory)) {
      const message = `[hostd]: cannot use include "${pattern}": only the last part of a path may have "*" or "?"`;
      problems.push({ severity: 'error', message, hint: 'include = ["apps.d/*.toml"]', at });
    } else if (!/[*?]/.test(basename(full))) found.add(full);
    else if (closed(directory))
      for (const name of matching(directory, basename(full), problems)) found.add(`${directory}/${name}`);
  });
  found.delete(resolve(main));
  for (const directory of new Set([main, ...found].map(file => dirname(file)))) {
    const stats = statSync(directory, { throwIfNoEntry: false });
    if (stats !== undefined) problems.push(...whoCanWrite(directory, stats, 'this directory', isStrict));
  }
  return [...found];
}

function matching(directory: string, pattern: string, problems: Problem[]): readonly string[] {
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'u',
  );
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter(entry => !entry.isDirectory() && (pattern.startsWith('.') || !entry.name.startsWith('.')))
      .map(entry => entry.name)
      .filter(name => expression.test(name))
      .sort();
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code !== 'ENOENT') {
      const message = `cannot look into this directory: ${reasons[code] ?? messageOf(error)}`;
      problems.push({
        severity: 'error',
        message,
        hint: `ls -ld ${quoteWord(directory)}`,
        at: { file: directory, key: [] },
      });
    }
    return [];
  }
}
