// What a supervisord.conf is read with: the machine and the process that reads it. Kept apart, so that the reader itself is pure.

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
  /** Where temporary files go: childlogdir's default. */
  readonly temporary: string;
  account(nameOrUid: string | number): Account | null;
  /** gid of a group. */
  group(nameOrGid: string | number): number | null;
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
  /** null: it cannot be read. */
  read(path: string): Uint8Array | null;
  /** Names in a directory; none when it cannot be listed. */
  names(path: string): readonly string[];
}
