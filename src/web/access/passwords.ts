// Whether a login is right: by scrypt, one at a time, in the same time whatever is wrong. A source that has logged in before need not
// wait behind strangers.

import { scrypt, timingSafeEqual } from 'node:crypto';
import { memoryOf, readPasswordDigest } from '../../words/password.ts';
import { isSame } from './sessions.ts';
import type { Source } from './source.ts';

/** Logins that wait for their turn; those of known sources besides. */
const mostWaiting = 16;
const mostKnownWaiting = 8;
/** Sources that are remembered for having logged in. */
const mostKnown = 256;

interface Waiting {
  readonly source: Source;
  begin(): void;
}

export class Passwords {
  readonly #login: { readonly user: string; readonly password: string };
  readonly #known = new Set<Source>();
  #queue: Waiting[] = [];
  #isBusy = false;

  constructor(login: { readonly user: string; readonly password: string }) {
    this.#login = login;
  }

  /** null: too many wait already, or one of this source does. */
  async judge(source: Source, user: string, password: string): Promise<boolean | null> {
    if (!(await this.#turn(source))) return null;
    try {
      // Both are always judged.
      const isRight = await matches(password, this.#login.password);
      if (!(isSame(user, this.#login.user) && isRight)) return false;
      this.#remember(source);
      return true;
    } finally {
      this.#isBusy = false;
      this.#queue.shift()?.begin();
    }
  }

  #turn(source: Source): Promise<boolean> {
    if (!this.#isBusy) {
      this.#isBusy = true;
      return Promise.resolve(true);
    }
    const isKnown = this.#known.has(source);
    const known = this.#queue.filter(waiting => this.#known.has(waiting.source)).length;
    const isFull = isKnown ? known >= mostKnownWaiting : this.#queue.length - known >= mostWaiting;
    if (isFull || this.#queue.some(waiting => waiting.source === source)) return Promise.resolve(false);
    return new Promise(resolve => {
      const begin = () => {
        this.#isBusy = true;
        resolve(true);
      };
      this.#queue.splice(isKnown ? known : this.#queue.length, 0, { source, begin });
    });
  }

  #remember(source: Source): void {
    this.#known.add(source);
    const [oldest] = this.#known;
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Whether scrypt makes this digest's text of the password. */
export function matches(password: string, text: string): Promise<boolean> {
  const wanted = readPasswordDigest(text);
  if (wanted === null) return Promise.resolve(false);
  const { ln, r, p } = wanted;
  const digest = Buffer.from(wanted.digest, 'base64');
  const options = { N: 2 ** ln, r, p, maxmem: memoryOf(wanted) + 1024 * 1024 * (1 + p) };
  return new Promise((resolve, reject) =>
    scrypt(
      password.normalize('NFC'),
      Buffer.from(wanted.salt, 'base64'),
      digest.length,
      options,
      (error, made) => (error === null ? resolve(timingSafeEqual(made, digest)) : reject(error)),
    ),
  );
}
