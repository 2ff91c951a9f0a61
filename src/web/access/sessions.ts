// Who is logged in: each session with its secret, its form tokens and its end. The memory is bounded. Knows no HTTP.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Source } from './source.ts';

/** Milliseconds without a request, and altogether, after which a session ends. */
const idleMs = 60 * 60_000;
const longestMs = 12 * 60 * 60_000;
/** Sessions of one source, and of all. */
const mostEach = 16;
const mostAll = 64;
/** Forms of one session that may be sent. An older one has to be opened again. */
const mostForms = 64;

export interface Session {
  readonly user: string;
  readonly source: Source;
  /** In each form that may be sent more than once. */
  readonly token: string;
  /** A token for one form, which may be sent once. */
  newForm(): string;
  /** Whether the token is of a form that was not sent yet. It is sent now. */
  useForm(token: string): boolean;
  /** What the next page says, once. */
  notice: string | null;
  /** Called at its end, with what is open for it. */
  readonly ending: AbortController;
}

interface Kept extends Session {
  readonly begun: number;
  used: number;
}

export class Sessions {
  /** By the secret's digest: how long a look-up takes says nothing of a secret. */
  readonly #sessions = new Map<string, Kept>();
  readonly #changed: (count: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** `changed` is called with their number when it has changed. */
  constructor(changed: (count: number) => void = () => {}) {
    this.#changed = changed;
  }

  /** Returns the secret for the browser. `now`: milliseconds of a clock that nobody sets. */
  begin(user: string, source: Source, now: number): string {
    this.#sweep(now);
    const own = [...this.#sessions].filter(([, session]) => session.source === source);
    if (own.length >= mostEach) this.#end(own[0]?.[0]);
    if (this.#sessions.size >= mostAll) this.#end([...this.#sessions.keys()][0]);
    const secret = newSecret();
    this.#sessions.set(digestOf(secret), {
      ...makeForms(),
      user,
      source,
      notice: null,
      begun: now,
      used: now,
      ending: new AbortController(),
    });
    this.#tell();
    return secret;
  }

  /** The session of this secret, if it is used from where it began; null: there is none. */
  find(secret: string, source: Source, now: number): Session | null {
    this.#sweep(now);
    const session = this.#sessions.get(digestOf(secret));
    if (session === undefined || session.source !== source) return null;
    session.used = now;
    return session;
  }

  end(secret: string): void {
    this.#end(digestOf(secret));
    this.#tell();
  }

  #end(digest: string | undefined): void {
    if (digest === undefined) return;
    this.#sessions.get(digest)?.ending.abort();
    this.#sessions.delete(digest);
  }

  #sweep(now: number): void {
    const before = this.#sessions.size;
    for (const [digest, { begun, used }] of this.#sessions)
      if (now - used >= idleMs || now - begun >= longestMs) this.#end(digest);
    if (this.#sessions.size !== before) this.#tell();
  }

  /** While there are sessions, their end is looked for; after that nothing wakes up. */
  #tell(): void {
    clearInterval(this.#timer);
    if (this.#sessions.size > 0)
      this.#timer = setInterval(() => this.#sweep(performance.now()), 60_000).unref();
    this.#changed(this.#sessions.size);
  }
}

function makeForms(): Pick<Session, 'token' | 'newForm' | 'useForm'> {
  const forms = new Set<string>();
  return {
    token: newSecret(),
    newForm() {
      const token = newSecret();
      forms.add(token);
      const [oldest] = forms;
      if (forms.size > mostForms && oldest !== undefined) forms.delete(oldest);
      return token;
    },
    useForm: token => forms.delete(token),
  };
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** Compares digests, which have one length whatever the texts have. */
export function isSame(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
