// Which apps learn from the end of the stream that a request is over. A sync worker of gunicorn 27 keeps a connection after its
// answer until the other end has closed, and does nothing else meanwhile. Where the proxy closes its half along with the request,
// the worker goes on at once. Other servers, uvicorn among them, would take that for a client that has left. So the proxy does it
// only while every process that accepts for the app is known to be a sync worker. A file for each app tells the proxy workers so,
// also those of old generations, and outlasts hostd.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownPaths } from '../own/own-files.ts';
import type { Run } from '../runs/run.ts';
import { isDown, type Unit } from './unit.ts';

/** The file that exists while connections to the app may be half closed. It names the run that it stands for. */
export function halfClosePath(runtimeDir: string, app: string): string {
  return join(ownPaths({ stateDir: '', runtimeDir }).halfClose, app);
}

export interface HalfClose {
  /** Whether the app's file names this run of an earlier hostd. */
  isSync(app: string, run: Run): boolean;
  /** Makes or removes the app's file. `units`: the app's units of every generation. */
  update(app: string, units: readonly Unit[]): void;
}

export function openHalfClose(runtimeDir: string): HalfClose {
  const read = (app: string) => {
    try {
      return readFileSync(halfClosePath(runtimeDir, app), 'utf8');
    } catch {
      return null;
    }
  };
  return {
    isSync: (app, run) => read(app) === run.marker,
    update(app, units) {
      const marker = syncRun(units)?.marker ?? null;
      if (marker === read(app)) return;
      const path = halfClosePath(runtimeDir, app);
      if (marker === null) rmSync(path, { force: true });
      else {
        try {
          writeFileSync(path, marker, { mode: 0o600 });
        } catch {
          // The disk is full. Without the file requests are only served less quickly.
        }
      }
    },
  };
}

/**
 * The run that accepts for the app, if every process that accepts is known to be a sync worker; else null. While a run stops, anything
 * may follow it and accept what waits in the backlog, so then there is none.
 */
export function syncRun<R>(
  units: readonly { readonly state: Unit['state']; readonly isSync: boolean; readonly run: R | null }[],
): R | null {
  const live = units.filter(unit => !isDown(unit));
  if (!live.every(unit => unit.isSync)) return null;
  return live.find(unit => unit.state.kind === 'running')?.run ?? null;
}
