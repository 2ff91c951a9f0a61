// Lets others have their turns in the midst of a long piece of work.

/** Resolves at once, or when others have had their turns, if it is time for that. */
export type Breather = () => Promise<void>;

/** `longest`: milliseconds of work in one turn. */
export function makeBreather(longest: number): Breather {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < longest) return;
    await new Promise(resolve => setImmediate(resolve));
    since = performance.now();
  };
}
