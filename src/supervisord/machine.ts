// This machine and this process, for the reader of a supervisord.conf. Decides nothing.

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { native } from '../native/index.ts';
import type { Machine } from './config/machine.ts';

/** The machine as it is now. `directory` and `environment` keep their present values. */
export function thisMachine(): Machine {
  const directory = process.cwd();
  const environment = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, text] as const],
    ),
  );
  return {
    environment,
    directory,
    uid: process.getuid?.() ?? 0,
    hostName: hostname(),
    temporary: temporary(environment, directory),
    account: name => native.user(name),
    group: name => native.group(name)?.gid ?? null,
    exists: path => existsSync(path),
    isDirectory(path) {
      try {
        return statSync(path).isDirectory();
      } catch {
        return false;
      }
    },
    read(path) {
      try {
        return readFileSync(path);
      } catch {
        return null;
      }
    },
    names(path) {
      try {
        return readdirSync(path);
      } catch {
        return [];
      }
    },
  };
}

/** tempfile.gettempdir(): the first of these directories that can be written to. */
function temporary(environment: Readonly<Record<string, string>>, directory: string): string {
  const named = ['TMPDIR', 'TEMP', 'TMP'].flatMap(name => environment[name] || []);
  const found = [...named, '/tmp', '/var/tmp', '/usr/tmp', directory].find(mayWrite);
  return found ?? directory;
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
