// The interface of a foreign text form of the model. It can be read, or written, or both. Values in, values out:
// the callers touch the disk.

import type { Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import type { Draft } from './draft.ts';

export interface Format {
  readonly name: string;
  /** Whether a text of another name is plainly of this format. */
  looksLike?(text: string): boolean;
  /** The sources are read as one: one of them may name what is in another. */
  read?(sources: readonly SourceText[], around: ReadContext): Read;
  write?(host: Host, options: WriteOptions): Written;
}

export interface WriteOptions {
  /** Only the classic directives: no hardening, no comment about who wrote it. */
  readonly plain: boolean;
  /** For what runs in containers; absent: containerDefaults. */
  readonly container?: ContainerOptions;
}

/** What the configuration of a machine does not say about containers. */
export interface ContainerOptions {
  /** For Docker's Swarm in place of Compose on one machine. */
  readonly swarm: boolean;
  /** Whether the app is a Django site whose migrations run before the new code does. */
  readonly migrations: boolean;
  /** Copies of what serves the site. */
  readonly replicas: number;
  /** Where images are pushed to and pulled from, such as "registry.example.org/team"; null: they stay on the machine. */
  readonly registry: string | null;
  readonly tag: string;
  /** The port of the node; null: the engine chooses one. */
  readonly port: number | null;
  /** Between how many copies Kubernetes may choose; null: it does not. */
  readonly autoscale: { readonly least: number; readonly most: number } | null;
  /** How large Kubernetes' volume of uploaded files is, such as "10Gi". */
  readonly storage: string;
}

export const containerDefaults: ContainerOptions = {
  swarm: false,
  migrations: true,
  replicas: 1,
  registry: null,
  tag: 'latest',
  port: null,
  autoscale: null,
  storage: '10Gi',
};

/** Outputs and problems have the name of their app or group, so that a caller can choose among them. */
export interface Written {
  readonly files: readonly Output[];
  readonly problems: readonly Problem[];
}

export type Output = OutputFile | OutputLink;

export interface OutputFile {
  readonly kind: 'file';
  /** An absolute path, where the tool looks for the file. */
  readonly path: string;
  readonly text: string;
  /** The widest mode that the file may have. A file with a program's own variables is for its reader only. */
  readonly mode: number;
  readonly owner: string;
  /** The user that has to read a file that not everybody may read; absent: root. */
  readonly reader?: string;
  /** The file has host names and places only, so it may be less closed than the configuration. */
  readonly isOpen?: true;
  /** Problems that are told at the top of the file, too, in its comments ("# "). */
  readonly unsaid?: readonly Problem[];
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

/** What a reader may ask about the world besides its text. */
export interface ReadContext {
  /** The files of an absolute pattern with "*", "?" and "[...]", in order. */
  readonly include: (pattern: string) => readonly SourceText[];
  /** The variables for %(ENV_X)s: those that hostd gives every program. */
  readonly environment: Readonly<Record<string, string>>;
  /** A variable of environment= that is made from another %(ENV_X)s is left out with a remark, or is an error. */
  readonly unknown?: 'left out' | 'refused' | undefined;
  readonly machineName: string;
  /**
   * A file of variables that the script `by` reads. null: there is none, or the author of the script may not read it: an import
   * by root must not reveal what only root can see.
   */
  readonly sourced?: (file: string, by: string) => SourceText | null;
  /** For a start script: where its program starts it, and with which variables. */
  readonly start?: {
    readonly directory: string | null;
    readonly environment: Readonly<Record<string, string>>;
  };
}

export interface Read {
  readonly drafts: readonly Draft[];
  readonly problems: readonly Problem[];
}

/** A warning about something that the format cannot express. */
export function cannotSay(
  subject: string,
  at: NonNullable<Problem['at']>,
  message: string,
  hint: string,
): Problem {
  return { severity: 'warning', subject, at, message, hint };
}
