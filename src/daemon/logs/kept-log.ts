// What a command can do to a program's log, no matter which process writes to it.

export interface KeptLog {
  readonly source: { readonly name: string; readonly path: string };
  /** Rotates everything in it. Returns the bytes. */
  rotateNow(): Promise<number>;
  /** Gives the log its name back. Returns the bytes that stay under the other name; null: it was not moved. */
  reopen(): Promise<number | null>;
}
