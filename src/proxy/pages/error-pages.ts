// The pages that a site, or the machine, has in place of the worker's plain ones: which file that is, and its bytes. Where anything is
// wrong with such a page, the plain one is sent: an error must not fail for want of its page.

import { closeSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import type { RoutedSite } from '../../protocol/worker.ts';
import { openBelow } from '../files/open-file.ts';
import { findKept, type ServedFile, takeFile } from '../files/served-file.ts';
import type { ErrorLog } from '../log/error-log.ts';

/** Bytes of one page. */
const largestPage = 262_144;
/** Milliseconds for which a missing page is not looked for again: most statuses have none, and errors come in floods. */
const absentMs = 1000;

/** The part of a site that matters here. */
export type PageSite = Pick<RoutedSite, 'name' | 'errorPages' | 'maintenance'>;

export class ErrorPages {
  /** [proxy]'s directory, latin-1, with "/" at its end. */
  readonly #common: string | null;
  readonly #errorLog: ErrorLog;
  /** When each missing page was last looked for. */
  readonly #absent = new Map<string, number>();
  readonly #reported = new Set<string>();

  constructor(common: string | null, errorLog: ErrorLog) {
    this.#common = common;
    this.#errorLog = errorLog;
  }

  /** The page's bytes, latin-1; null: the plain page. `site`: null while it is not known whose request this is. */
  find(site: PageSite | null, status: number): string | null {
    if (status < 400) return null;
    for (const name of namesOf(site, status)) {
      const page = this.#read(site?.errorPages ?? null, name, site) ?? this.#read(this.#common, name, site);
      if (page !== null) return page;
    }
    return null;
  }

  #read(directory: string | null, name: string, site: PageSite | null): string | null {
    if (directory === null) return null;
    const path = directory + name;
    const kept = findKept(path);
    if (kept !== null) return textOf(kept);
    const missed = this.#absent.get(path);
    if (missed !== undefined && performance.now() - missed < absentMs) return null;
    const page = this.#open(directory, name, site);
    if (page === null) this.#absent.set(path, performance.now());
    else this.#absent.delete(path);
    return page;
  }

  #open(directory: string, name: string, site: PageSite | null): string | null {
    const opened = openBelow(directory, name);
    if (opened.kind === 'directory') return null;
    if (opened.kind === 'refused') {
      if (opened.why !== null) this.#report(directory + name, site, opened.why);
      return null;
    }
    if (opened.stats.size > largestPage) {
      closeSync(opened.fd);
      this.#report(directory + name, site, `it has more than ${largestPage} bytes`);
      return null;
    }
    try {
      return textOf(takeFile(directory + name, opened.fd, opened.stats));
    } catch (error) {
      this.#report(directory + name, site, messageOf(error));
      return null;
    }
  }

  /** Says it once for each file. */
  #report(path: string, site: PageSite | null, why: string): void {
    if (this.#reported.has(path)) return;
    this.#reported.add(path);
    const file = Buffer.from(path, 'latin1').toString();
    this.#errorLog({
      level: 'warn',
      ...(site === null ? {} : { site: site.name }),
      cause: `cannot use the error page "${file}": ${why}`,
    });
  }
}

function namesOf(site: PageSite | null, status: number): readonly string[] {
  const own = `${status}.html`;
  return status === 503 && site?.maintenance != null ? ['maintenance.html', own] : [own];
}

function textOf({ content }: ServedFile): string | null {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'bytes':
      return content.bytes.toString('latin1');
    case 'fd': // not reached: it would be too large
      closeSync(content.fd);
      return null;
  }
}
