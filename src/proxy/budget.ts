// Counts what strangers fill, in bytes or in pieces: for all clients together, and for each network that a client comes from. Pure.

/** Whose share is full: that of all clients together, or that of one network. */
export type Full = 'all' | 'one';

/** The same in words, for a sentence: "connections of one address". */
export function whose(full: Full): string {
  return full === 'one' ? 'of one address' : 'of all clients';
}

export interface Bounds {
  readonly all: number;
  /** The share of one address, or of one /64 of IPv6. */
  readonly each: number;
}

export class Budget {
  readonly #bounds: () => Bounds;
  readonly #onFull: (full: Full) => void;
  readonly #each = new Map<string, number>();
  #used = 0;

  /** `onFull` hears of every refusal, and decides itself how often to say so. */
  constructor(bounds: Bounds | (() => Bounds), onFull: (full: Full) => void = () => {}) {
    this.#bounds = typeof bounds === 'function' ? bounds : () => bounds;
    this.#onFull = onFull;
  }

  get used(): number {
    return this.#used;
  }

  /** What this network has. */
  usedBy(network: string): number {
    return this.#each.get(network) ?? 0;
  }

  /** Whose share has no room for `amount` more; null: there is room. Counts nothing. */
  refusal(network: string, amount: number): Full | null {
    const { all, each } = this.#bounds();
    if (this.usedBy(network) + amount > each) return 'one';
    return this.#used + amount > all ? 'all' : null;
  }

  /** Counts `amount` more if there is room for it. false: there is none. */
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
