// Who has asked for what happens, in words. Pure.

/** Who has asked for something: what it was called, and a user's name (null: hostd itself, or a signal to it). */
export interface Asker {
  readonly what: string;
  readonly user: string | null;
}

/** "stop, by alice"; "stop". */
export function wordsOf({ what, user }: Asker): string {
  return user === null ? what : `${what}, by ${user}`;
}

/** `by` of an event, where there is a user. */
export function byOf(asker: Asker | null): { readonly by?: string } {
  return asker === null || asker.user === null ? {} : { by: asker.user };
}
