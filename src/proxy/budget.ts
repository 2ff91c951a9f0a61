// Counts what strangers fill, in bytes or in pieces: for all of them together, and for each network that they come from. Pure.

/** What a budget says when it is full: for whom. */
export type Full = 'all' | 'one';

/** For a sentence: "connections of one address". */
export function whose(full: Full): string {
  return full === 'one' ? 'of one address' : 'of all clients';
}

export interface Bounds {
  readonly all: number;
  /** For one address, or one /64 of IPv6. */
  readonly each: number;
}

export class Budget {
  readonly #bounds: () => Bounds;
  readonly #onFull: (full: Full) => void;
  readonly #each = new Map<string, number>();
  #used = 0;

  /** `onFull` hears of every refusal: how often that is said is its own affair. */
  constructor(bounds: Bounds | (() => Bounds), onFull: (full: Full) => void = () => {}) {
    this.#bounds = typeof bounds === 'function' ? bounds : () => bounds;
    this.#onFull = onFull;
  }

  get used(): number {
    return this.#used;
  }

  /** What one of them has. */
  usedBy(network: string): number {
    return this.#each.get(network) ?? 0;
  }

  /** Why so many more do not fit, or null. Nothing is counted. */
  refusal(network: string, amount: number): Full | null {
    const { all, each } = this.#bounds();
    if (this.usedBy(network) + amount > each) return 'one';
    return this.#used + amount > all ? 'all' : null;
  }

  /** Whether so many more still fit; they are counted if so. */
  take(network: string, amount: number): boolean {
    const full = this.refusal(network, amount);
    if (full !== null) {
      this.#onFull(full);
      return false;
    }
    this.#used += amount;
    this.#each.set(network, this.usedBy(network) + amount);
    return true;
  }

  give(network: string, amount: number): void {
    if (amount === 0) return;
    this.#used -= amount;
    const left = this.usedBy(network) - amount;
    if (left > 0) this.#each.set(network, left);
    else this.#each.delete(network);
  }
}
