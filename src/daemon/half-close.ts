// Which apps are told by the end of the stream that a request is over. gunicorn 27's sync workers keep a connection
// whose answer they have sent until its other end has closed, and do nothing else meanwhile; one that was closed for writing
// along with the request is let go at once. Others, uvicorn's among them, would take that for a client who has left: so it is
// done only while everything that accepts for the app is known to be a sync worker. A file for each such app tells the proxy
// workers, those of earlier generations too, and outlasts hostd.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDown, type Unit } from './unit.ts';

/** The file that is there while connections to the app may be half closed. */
export function halfClosePath(runtimeDir: string, app: string): string {
  return join(runtimeDir, 'half-close', app);
}

export interface HalfClose {
  isAllowed(app: string): boolean;
  /** `units`: those of the app, of every generation. */
  update(app: string, units: readonly Unit[]): void;
}

export function openHalfClose(runtimeDir: string): HalfClose {
  mkdirSync(join(runtimeDir, 'half-close'), { recursive: true, mode: 0o755 });
  const isAllowed = (app: string) => existsSync(halfClosePath(runtimeDir, app));
  return {
    isAllowed,
    update(app, units) {
      const may = mayHalfClose(units);
      if (may === isAllowed(app)) return;
      const path = halfClosePath(runtimeDir, app);
      if (!may) rmSync(path, { force: true });
      else {
        try {
          writeFileSync(path, '');
        } catch {
          // No space for it: requests are only served less quickly.
        }
      }
    },
  };
}

/** One that stops may be followed by anything, and what waits in the backlog then is for that one to accept. */
export function mayHalfClose(units: readonly Pick<Unit, 'state' | 'isSync'>[]): boolean {
  const live = units.filter(unit => !isDown(unit));
  return live.every(unit => unit.isSync) && live.some(unit => unit.state.kind === 'running');
}
