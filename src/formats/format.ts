// What a foreign text form of the model is: something that can be read, or written, or both. Values in, values out:
// the callers touch the disk.

import type { Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { Draft } from './draft.ts';

export interface Format {
  readonly name: string;
  /** Tells whether a text that was called something else is plainly of this format. */
  looksLike?(text: string): boolean;
  /** The sources are read as one: what one of them names may stand in another. */
  read?(sources: readonly SourceText[], around: ReadContext): Read;
  write?(host: Host, options: WriteOptions): Written;
}

export interface WriteOptions {
  /** The classic directives alone: no hardening, no comment about who wrote it. */
  readonly plain: boolean;
}

/** Outputs and problems carry the app or the group that they belong to, so that a caller can choose. */
export interface Written {
  readonly files: readonly Output[];
  readonly problems: readonly Problem[];
}

export type Output = OutputFile | OutputLink;

export interface OutputFile {
  readonly kind: 'file';
  /** Absolute: where the tool that reads it looks. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly owner: string;
}

export interface OutputLink {
  readonly kind: 'link';
  readonly path: string;
  readonly target: string;
  readonly owner: string;
}

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** What a reader may ask about the world outside its text. */
export interface ReadContext {
  /** The files that an absolute pattern with "*", "?" and "[...]" names, in their order. */
  readonly include: (pattern: string) => readonly SourceText[];
  readonly environment: Readonly<Record<string, string>>;
  readonly machineName: string;
}

export interface Read {
  readonly drafts: readonly Draft[];
  readonly problems: readonly Problem[];
}

/** A warning about something that the format cannot say. */
export function cannotSay(
  subject: string,
  at: NonNullable<Problem['at']>,
  message: string,
  hint: string,
): Problem {
  return { severity: 'warning', subject, at, message, hint };
}
