// What can be done to a program's log by a command, whoever writes to it.

export interface KeptLog {
  readonly source: { readonly name: string; readonly path: string };
  /** Puts everything in it aside. Returns the bytes. */
  rotateNow(): Promise<number>;
  /** Gives it its name back. Returns the bytes that stay under the other name; null: it has not been moved. */
  reopen(): Promise<number | null>;
}
