// What foreign files are read into before it is put together: programs, start scripts, sites, and what was not understood.

import type { CertificateFiles } from '../model/host.ts';
import type { Place } from '../model/problem.ts';
import type { Process } from './supervisor/process.ts';

export type Draft = ProgramDraft | ScriptDraft | SiteDraft | Remark;

/** One [program:x] with its processes. */
export interface ProgramDraft {
  readonly kind: 'program';
  readonly name: string;
  readonly at: Place;
  /** The [group:x] that gathers it, or null. */
  readonly group: { readonly name: string; readonly priority: number } | null;
  readonly processes: readonly Process[];
}

/** A start script, or a command that is gunicorn itself. A field is null where the script does not set it. */
export interface ScriptDraft {
  readonly kind: 'script';
  readonly at: Place;
  /** The virtualenv. */
  readonly root: string | null;
  /** The tool that alone knows where the virtualenv is, such as "poetry"; null: none. */
  readonly finder: string | null;
  readonly project: string | null;
  readonly directory: string | null;
  readonly processName: string | null;
  readonly socket: string | null;
  /** "127.0.0.1:8000" where it binds to an address only, or null. */
  readonly address: string | null;
  readonly user: string | null;
  readonly group: string | null;
  readonly settings: string | null;
  /** Module, or module:callable where the callable is not "application". */
  readonly wsgi: string;
  readonly workers: number | null;
  /** Whether gunicorn's configuration file or environment may set the number of workers. */
  readonly workersElsewhere: boolean;
  readonly threads: number | null;
  readonly workerClass: string | null;
  readonly gracefulTimeout: number | null;
  readonly umask: number | null;
  /** The command, where something stays in front of gunicorn; null: gunicorn alone. */
  readonly command: readonly string[] | null;
  readonly gunicornArgs: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A virtual host that hands requests to an app. */
export interface SiteDraft {
  readonly kind: 'site';
  readonly name: string;
  readonly at: Place;
  readonly serverNames: readonly string[];
  /** A unix socket's path; null: it hands requests to an address. */
  readonly socket: string | null;
  /** "127.0.0.1:8000", or null. */
  readonly address: string | null;
  /** All of these, where requests are handed to several. */
  readonly addresses: readonly string[];
  /** Addresses of other machines, such as "10.0.0.5:8000"; none: it is a process of this one. */
  readonly upstreams: readonly string[];
  /** Bytes; null: it does not say. */
  readonly clientMaxBodySize: number | null;
  /** null: not served. */
  readonly static: string | null;
  readonly media: string | null;
  /** As in App; null: it does not say. */
  readonly staticExpires: number | null;
  readonly mediaExpires: number | null;
  /** Seconds; null: it does not say. */
  readonly proxyReadTimeout: number | null;
  /** Which of these nginx keeps from the public. */
  readonly hidden: readonly ('static' | 'media')[];
  /** What keeps the site, or a page of it, from the public, which hostd cannot do. null: everybody may see it. */
  readonly closed: { readonly at: Place; readonly why: string } | null;
  readonly accessLog: string | null;
  readonly errorLog: string | null;
  readonly certificate: CertificateFiles | null;
  readonly redirectHttps: boolean;
  readonly redirectFrom: readonly string[];
  readonly errorPages: string | null;
}

/** Something that hostd cannot express, or that could not be read. */
export interface Remark {
  readonly kind: 'remark';
  readonly at: Place;
  readonly why: string;
  /** The text of the foreign file. */
  readonly line: string;
  /** The program, script or site that the text belongs to. */
  readonly of: string | null;
  /** Set where what is hosted is the same without it. */
  readonly harmless?: true;
}
