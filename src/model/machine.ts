// What a check asks about the machine that the configuration is for. Only the questions; config/machine.ts answers them.

export type PathKind = 'file' | 'directory' | 'other' | 'missing' | 'unreadable';

export interface Machine {
  /** A name, or a uid in digits. null: there is no such user. */
  user(name: string): { readonly uid: number; readonly gid: number } | null;
  hasIpv6(): boolean;
  /** A name, or a gid in digits. null: there is no such group. */
  group(name: string): { readonly gid: number } | null;
  /** Follows links. 'unreadable': the caller may not look there, so nothing is known. */
  kind(path: string): PathKind;
  /** Whether somebody may execute the file. True where nothing is known. */
  isExecutable(path: string): boolean;
}
