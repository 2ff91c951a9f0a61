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
  /** The most that it may be open. Nobody but its reader may read what carries variables of a program's own. */
  readonly mode: number;
  readonly owner: string;
  /** The user who has to read it where not everybody may; without it: root. */
  readonly reader?: string;
  /** It says nothing but host names and places, and so need not be as closed as the configuration. */
  readonly isOpen?: true;
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
  /** What %(ENV_X)s knows: the variables that hostd gives every program. */
  readonly environment: Readonly<Record<string, string>>;
  /** A variable of environment= that is made of another %(ENV_X)s is left out with a remark, or is an error. */
  readonly unknown?: 'left out' | 'refused' | undefined;
  readonly machineName: string;
  /**
   * A file of variables that the script `by` reads. null: there is none, or whoever wrote the script may not read it: an import
   * by root must hand nobody what root alone can see.
   */
  readonly sourced?: (file: string, by: string) => SourceText | null;
  /** Of a start script: where its program starts it, and with which variables. */
  readonly start?: {
    readonly directory: string | null;
    readonly environment: Readonly<Record<string, string>>;
  };
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
