// Where events enter the code that serves exchanges: sockets, timers, files, the queue of microtasks. An exception there is a
// mistake of hostd's own, and costs the exchange or connection that it happened to: never the worker, which all sites share.
// While a site is worked for, a note says which: whoever finds the worker dead can read it.

/** What is worked for. */
export interface Bearer {
  /** Of its site, in the order of the routes and from 1; 0: none, or not known yet. */
  readonly siteNumber: number;
  /** Ends what was being done, and says so. Throws nothing. */
  broke(error: unknown): void;
}

let note: Uint32Array | null = null;

/** From now on the number of the site that is worked for is in the first four bytes of `memory`. */
export function noteWorkIn(memory: ArrayBuffer): void {
  note = new Uint32Array(memory, 0, 1);
}

/** What began for nobody yet turns out to be for this site. */
export function workFor({ siteNumber }: Pick<Bearer, 'siteNumber'>): void {
  if (note !== null) note[0] = siteNumber;
}

/** Does it now. */
export function guard(bearer: Bearer, go: () => void): void {
  workFor(bearer);
  try {
    go();
  } catch (error) {
    bearer.broke(error);
  }
  if (note !== null) note[0] = 0;
}

/** The same as a callback. Every callback of a socket, timer or file is one (guard.test.ts). */
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

/** To the process's own handler, which says it: there is no exchange to charge it to. */
export function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
