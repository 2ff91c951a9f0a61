// Why an app cannot be started, for its site's own error log: a file for each app says it to the proxy workers, who look when they
// could not reach the app.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { servesApp } from '../../model/kind.ts';
import { ownPaths } from '../own/own-files.ts';
import type { Loop } from './loop.ts';
import { statusOf } from './unit.ts';

/** The file that is there while the app is down by itself. */
export function downReasonPath(runtimeDir: string, app: string): string {
  return join(ownPaths({ stateDir: '', runtimeDir }).reasons, app);
}

/** Keeps the files for as long as hostd lives. */
export function writeDownReasons(loop: Loop, runtimeDir: string): void {
  loop.listen(unit => {
    const { program, state } = unit;
    if (!servesApp(program) || unit.isNext) return;
    const path = downReasonPath(runtimeDir, program.name);
    switch (state.kind) {
      case 'backoff':
      case 'fatal':
      case 'exited':
        try {
          const { stdout } = program;
          const log = stdout.path === null ? '' : `; its log: ${stdout.path}`;
          writeFileSync(path, `${statusOf(unit, performance.now()).description}${log}`, { mode: 0o644 });
        } catch {
          // No space for it: hostctl status says the same.
        }
        return;
      case 'running':
      case 'stopped':
        rmSync(path, { force: true });
    }
  });
}
