// Says why the kernel does not execute a file that is there: by its first line, as execve(2) reads it.

import { closeSync, existsSync, readSync } from 'node:fs';
import { type Owner, openForReading } from './paths.ts';

/** The kernel reads no more of a first line (BINPRM_BUF_SIZE). */
const longestLine = 256;

export interface Executed {
  readonly file: string;
  /** Where it is executed; null: nowhere in particular. */
  readonly directory: string | null;
  readonly owner: Owner;
}

/** Adds to `failure` the directory's name, or what the file itself tells. The file is read with its user's rights, and through no link of an app's. */
export function explainExecution(failure: string, { file, directory, owner }: Executed): string {
  const refused = /^cannot enter its directory: (.+)$/.exec(failure)?.[1];
  if (refused !== undefined && directory !== null)
    return `cannot enter its directory "${directory}": ${refused}`;
  if (!/^cannot execute its command: (ENOENT|ENOEXEC)$/.test(failure)) return failure;
  const head = headOf(file, owner);
  const why = head === null ? null : executionTrouble(file, head, existsSync);
  return why === null ? failure : `${failure}: ${why}`;
}

/** `head`: the beginning of the file, latin-1. `exists` is called for the interpreter. null: nothing is found. Pure but for `exists`. */
export function executionTrouble(
  file: string,
  head: string,
  exists: (path: string) => boolean,
): string | null {
  if (head.startsWith('\x7fELF')) return null;
  if (!head.startsWith('#!')) return `"${file}" has no first line that says who reads it, such as #!/bin/sh`;
  const line = head.slice(2).split('\n', 1)[0] ?? '';
  if (line.endsWith('\r'))
    return `the first line of "${file}" ends as on Windows, in CR and LF; try: sed -i 's/\\r$//' ${file}`;
  const interpreter = line.trim().split(/[ \t]/, 1)[0] ?? '';
  if (interpreter === '' || exists(interpreter)) return null;
  return `"${file}" is read by "${interpreter}", which does not exist`;
}

function headOf(file: string, owner: Owner): string | null {
  try {
    const fd = openForReading(file, owner);
    try {
      const bytes = Buffer.alloc(longestLine);
      return bytes.toString('latin1', 0, readSync(fd, bytes, 0, longestLine, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
