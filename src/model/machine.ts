// What a check asks about the machine. Only the questions: config/machine.ts answers them.

export type PathKind = 'file' | 'directory' | 'other' | 'missing' | 'unreadable';

export interface Machine {
  /** A name, or a uid in digits. null: there is no such user. */
  user(name: string): { readonly uid: number; readonly gid: number } | null;
  hasIpv6(): boolean;
  /** A name, or a gid in digits. null: there is no such group. */
  group(name: string): { readonly gid: number } | null;
  /** Follows links. 'unreadable': the caller may not look there, so nothing is known. */
  kind(path: string): PathKind;
  /** Whether any user may execute the file. true where nothing is known. */
  isExecutable(path: string): boolean;
}
