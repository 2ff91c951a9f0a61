// Reads an app's env_file as root, although the app's user may own its directory. A link is not followed, and a file is not read unless
// root or that user owns it. So the values are never more than that user could read.

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, messageOf } from '../errors.ts';
import { native, RESOLVE_NO_SYMLINKS } from '../native/index.ts';
import type { EnvText, ReadEnvFile } from './toml/env-file.ts';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_DIRECTORY } = constants;

/** Bytes. An environment has fewer (execve(2), ARG_MAX). */
const longest = 256 * 1024;

/** Reads each file once, so that one load sees one version of it. */
export function makeEnvFiles(): ReadEnvFile {
  const read = new Map<string, EnvText>();
  return (path, owner) => {
    const key = `${owner} ${path}`;
    const known = read.get(key) ?? readEnvFile(path, owner);
    read.set(key, known);
    return known;
  };
}

function readEnvFile(path: string, owner: number | null): EnvText {
  const bad = (why: string, hint: string): EnvText => ({ ok: false, why, hint, isMine: false });
  let top = -1;
  let fd = -1;
  try {
    top = openSync('/', O_RDONLY | O_DIRECTORY);
    fd = native.openAt(top, path.slice(1), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_NO_SYMLINKS);
    const stats = fstatSync(fd);
    if (!stats.isFile()) return bad('it is not a regular file', `ls -l ${path}`);
    if (stats.nlink !== 1)
      return bad('it has a second name (a hard link)', `cp ${path} NEW && mv NEW ${path}`);
    if ((stats.mode & 0o002) !== 0) return bad('everybody can write it', `chmod 600 ${path}`);
    if (stats.uid !== 0 && stats.uid !== owner && stats.uid !== process.geteuid?.())
      return bad(`it belongs to uid ${stats.uid}`, `chown root: ${path}`);
    if (stats.size > longest) return bad('it is longer than 256 KiB', 'variables alone');
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(fd)) };
  } catch (error) {
    switch (errnoOf(error)) {
      case 'ENOENT':
        return bad('there is no such file', `install -m 600 /dev/null ${path}`);
      case 'ELOOP':
        return bad('a link is on the way to it', `env_file = "..." without links: realpath ${dirname(path)}`);
      case 'EACCES':
        return { ok: false, why: 'permission denied', hint: 'sudo', isMine: process.geteuid?.() !== 0 };
      case 'ERR_ENCODING_INVALID_ENCODED_DATA':
        return bad('it is not UTF-8', 'iconv -t UTF-8, from what it is');
      default:
        return bad(messageOf(error), `ls -l ${path}`);
    }
  } finally {
    for (const open of [fd, top]) if (open >= 0) closeSync(open);
  }
}
