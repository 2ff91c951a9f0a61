// Who has asked for what happens, in words for events. Pure.

/** Who has asked for something: the word for it, and a user's name (null: hostd itself, or a signal to it). */
export interface Asker {
  readonly what: string;
  readonly user: string | null;
}

/** "stop, by alice"; "stop". */
export function wordsOf({ what, user }: Asker): string {
  return user === null ? what : `${what}, by ${user}`;
}

/** `by` of an event, if a user has asked for it. */
export function byOf(asker: Asker | null): { readonly by?: string } {
  return asker === null || asker.user === null ? {} : { by: asker.user };
}
