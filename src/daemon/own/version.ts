// The version of the files that this process was started from. An installation may replace them meanwhile.

import { readFileSync } from 'node:fs';

/** null: nobody knows. */
export const startedVersion: string | null = readVersion();

function readVersion(): string | null {
  try {
    const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}
