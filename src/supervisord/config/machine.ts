// What the reader of a supervisord.conf asks about the machine and its process. Kept apart, so that the reader is pure.

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface Machine {
  /** The environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly directory: string;
  readonly uid: number;
  readonly hostName: string;
  /** The directory for temporary files, which is childlogdir's default. */
  readonly temporary: string;
  account(nameOrUid: string | number): Account | null;
  /** gid of a group. */
  group(nameOrGid: string | number): number | null;
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
  /** null: the file cannot be read. */
  read(path: string): Uint8Array | null;
  /** Names in a directory; empty when it cannot be listed. */
  names(path: string): readonly string[];
}
