// What the doctor has said of each app, asked for by whoever is logged in: one examination of an app at a time, and the last one of
// each is kept in bounded memory. Who asks waits for a moment; what takes longer is found on the doctor's page.

import { decodeExamined, type ExaminedReport, longestExamination } from '../protocol/doctor.ts';
import { type Root, RootError } from './root.ts';

/** Examinations that are kept. */
const mostKept = 64;
/** Milliseconds that root may take beyond an examination's own time. */
const slack = 20_000;

export interface Examination {
  /** Unix time in milliseconds. */
  readonly begun: number;
  /** null: it is under way. */
  readonly outcome: Outcome | null;
}

export type Outcome =
  | { readonly kind: 'examined'; readonly ended: number; readonly found: readonly ExaminedReport[] }
  | { readonly kind: 'failed'; readonly ended: number; readonly why: string; readonly hint: string | null };

export class Examinations {
  readonly #root: Pick<Root, 'ask'>;
  /** The oldest first. */
  readonly #kept = new Map<string, Examination>();

  constructor(root: Pick<Root, 'ask'>) {
    this.#root = root;
  }

  /** The last one of this app; null: there was none. */
  of(name: string): Examination | null {
    return this.#kept.get(name) ?? null;
  }

  /** Resolves when it is over, or after `ms` milliseconds. Does not ask where one is under way. Never rejects. */
  async begin(name: string, user: string, ms: number): Promise<void> {
    if (this.#kept.get(name)?.outcome === null) return;
    const begun = Date.now();
    this.#keep(name, { begun, outcome: null });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, ms);
    });
    const over = this.#ask(name, user).then(outcome => this.#keep(name, { begun, outcome }));
    await Promise.race([over, late]);
    clearTimeout(timer);
  }

  async #ask(name: string, user: string): Promise<Outcome> {
    const failed = (why: string, hint: string | null): Outcome => ({
      kind: 'failed',
      ended: Date.now(),
      why,
      hint,
    });
    try {
      const text = await this.#root.ask('doctor', { name }, user, longestExamination + slack);
      const found = decodeExamined(text);
      if (found === null) return failed('the doctor says nothing that can be read', `hostctl doctor ${name}`);
      return { kind: 'examined', ended: Date.now(), found };
    } catch (error) {
      return error instanceof RootError ? failed(error.message, error.hint) : failed(String(error), null);
    }
  }

  #keep(name: string, examination: Examination): void {
    this.#kept.delete(name);
    const over = [...this.#kept].find(([, { outcome }]) => outcome !== null);
    if (this.#kept.size >= mostKept && over !== undefined) this.#kept.delete(over[0]);
    this.#kept.set(name, examination);
  }
}
