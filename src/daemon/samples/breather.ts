// Lets others have their turns in the midst of a long piece of work.

export interface Breather {
  /** Whether others have waited long enough. */
  isDue(): boolean;
  /** Resolves when others have had their turns. */
  rest(): Promise<void>;
}

/** `longest`: milliseconds of work in one turn. */
export function makeBreather(longest: number): Breather {
  let since = performance.now();
  return {
    isDue: () => performance.now() - since >= longest,
    async rest() {
      await new Promise(resolve => setImmediate(resolve));
      since = performance.now();
    },
  };
}
