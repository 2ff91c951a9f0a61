// Where events enter the code that serves exchanges: sockets, timers, files, the queue of microtasks. An exception there is a
// mistake in hostd. It costs the exchange or connection that it happened to, never the worker, which all sites share.
// While a site is worked for, a note says which site. After the worker's death hostd reads it.

/** Something that an event is handled for: an exchange, a connection. */
export interface Bearer {
  /** The number of its site, in the order of the routes and from 1; 0: no site, or not known yet. */
  readonly siteNumber: number;
  /** Ends what was being done, and reports the error. Throws nothing. */
  broke(error: unknown): void;
}

let note: Uint32Array | null = null;

/** From now on the first four bytes of `memory` hold the number of the site that is worked for. */
export function noteWorkIn(memory: ArrayBuffer): void {
  note = new Uint32Array(memory, 0, 1);
}

/** Work that began for no site turns out to be for this site. */
export function workFor({ siteNumber }: Pick<Bearer, 'siteNumber'>): void {
  if (note !== null) note[0] = siteNumber;
}

/** Calls `go` at once, for `bearer`. */
export function guard(bearer: Bearer, go: () => void): void {
  workFor(bearer);
  try {
    go();
  } catch (error) {
    bearer.broke(error);
  }
  if (note !== null) note[0] = 0;
}

/** The same as a callback. Every callback of a socket, timer or file is made by it (guard.test.ts). */
export function guarded<A extends readonly unknown[]>(
  bearer: Bearer,
  go: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    workFor(bearer);
    try {
      go(...args);
    } catch (error) {
      bearer.broke(error);
    }
    if (note !== null) note[0] = 0;
  };
}

/** A connection of which nothing is known yet but its socket. */
export function bearerOf(socket: { destroy(): unknown }): Bearer {
  return {
    siteNumber: 0,
    broke(error) {
      socket.destroy();
      rethrow(error);
    },
  };
}

/** Hands the error to the process's own handler, which reports it: there is no exchange to charge it to. */
export function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
