// The upstreams of one site: gives each request a connection to one of them, and knows which are left out. upstream-choice.ts decides.
// All addresses are from root's configuration.

import { errnoOf } from '../../errors.ts';
import { addressText } from '../../model/address.ts';
import type { Listen } from '../../model/host.ts';
import type { UpstreamFault } from '../../protocol/worker.ts';
import { guarded } from '../guard.ts';
import type { Limits } from '../limits.ts';
import type { AppConnection, Use } from './app-connection.ts';
import { AppConnections } from './app-connections.ts';
import type { Backend, Got, Searching, Seeker } from './backend.ts';
import type { Pending } from './pending.ts';
import { answered, choose, failed, fresh, isIn, type Standing } from './upstream-choice.ts';

/** Errors of this machine, which say nothing of the upstream. */
const own: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

const faults: Readonly<Record<string, UpstreamFault>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

/** Who says which upstreams are left out, and come back. `fault`: null: it is back. */
export type SayUpstream = (address: string, fault: UpstreamFault | null, why: string) => void;

export class Upstreams implements Backend {
  readonly pending: Pending;
  readonly limits: Limits;
  readonly #servers: readonly AppConnections[];
  readonly #standings: Standing[];
  readonly #faults: (UpstreamFault | null)[];
  readonly #say: SayUpstream;
  /** Called when `faults` have changed. */
  onChange: () => void = () => {};
  #next = 0;

  constructor(addresses: readonly Listen[], limits: Limits, pending: Pending, say: SayUpstream) {
    this.limits = limits;
    this.pending = pending;
    this.#servers = addresses.map(address => new AppConnections(address, limits));
    this.#standings = addresses.map(() => fresh);
    this.#faults = addresses.map(() => null);
    this.#say = say;
  }

  /** Why each of them is left out, in the order of the configuration; null: it is not. */
  get faults(): readonly (UpstreamFault | null)[] {
    return this.#faults;
  }

  get(reuse: boolean, seeker: Seeker): Searching | null {
    return new UpstreamSearch(this, reuse, seeker).begin();
  }

  put(connection: AppConnection): void {
    const { use } = connection;
    connection.use = null;
    use?.end();
    if (use instanceof UpstreamUse) this.#servers[use.place]?.put(connection);
    else connection.destroy();
  }

  lost(connection: AppConnection, seeker: Seeker): boolean {
    const { use } = connection;
    if (!(use instanceof UpstreamUse)) return false;
    // An upstream may close a kept connection at any time. The next connection shows how it is.
    if (!connection.used)
      this.fail(use.place, seeker, 'reset', 'it has closed a connection without a whole answer');
    return this.#isAnyLeft(seeker) || this.#mayAskAgain(seeker);
  }

  #isAnyLeft({ tried }: Seeker): boolean {
    return this.#standings.some((_, place) => tried?.has(place) !== true);
  }

  /** The only address may be a load balancer's, with others behind it: it is asked a second time. */
  #mayAskAgain(seeker: Seeker): boolean {
    if (this.#standings.length > 1 || seeker.isAskedAgain || !seeker.isRepeatable) return false;
    seeker.isAskedAgain = true;
    seeker.tried?.clear();
    return true;
  }

  /** The next one to ask; null: all have been asked. */
  choose({ tried, isRepeatable }: Seeker): number | null {
    const from = this.#next++ % this.#servers.length;
    const mayTryOut = isRepeatable && (tried?.size ?? 0) === 0;
    return choose(this.#standings, { now: performance.now(), tried, mayTryOut, from });
  }

  /** A connection to the one at `place`, which may not be connected yet. It counts as a request of it until its use ends. */
  open(place: number, reuse: boolean): AppConnection {
    const server = this.#servers[place] as AppConnections;
    const before = this.standing(place);
    const wasIn = isIn(before);
    const connection = (reuse && wasIn ? server.takeIdle() : null) ?? server.open();
    const isTriedOut = !wasIn && !before.isTried && !before.isIll && before.outUntil <= performance.now();
    this.#standings[place] = { ...before, active: before.active + 1, isTried: before.isTried || isTriedOut };
    connection.use = new UpstreamUse(this, place, { wasIn, isTriedOut });
    return connection;
  }

  standing(place: number): Standing {
    return this.#standings[place] ?? fresh;
  }

  /** A use of it is over. */
  end(place: number, isTriedOut: boolean): void {
    const { active, ...one } = this.standing(place);
    this.#standings[place] = { ...one, active: active - 1, isTried: one.isTried && !isTriedOut };
  }

  address(place: number): string {
    const { address } = this.#servers[place] as AppConnections;
    return typeof address === 'string' ? address : addressText(address);
  }

  /** A request has failed at the one at `place`, before an answer. */
  fail(place: number, seeker: Pick<Seeker, 'tried'>, fault: UpstreamFault | null, why: string): void {
    seeker.tried ??= new Set();
    seeker.tried.add(place);
    if (fault === null) return;
    const { upstreamOutMs, upstreamLongestOutMs } = this.limits;
    this.#standings[place] = failed(
      this.standing(place),
      performance.now(),
      upstreamOutMs,
      upstreamLongestOutMs,
    );
    this.#noteFault(place, fault, why);
  }

  /** It has answered a request. */
  answered(place: number): void {
    const one = answered(this.standing(place));
    if (one === this.#standings[place]) return;
    this.#standings[place] = one;
    this.#noteBack(place);
  }

  /** It has answered the question for its health: `why` null: well. */
  setHealth(place: number, why: string | null): void {
    const one = this.standing(place);
    if (why === null) {
      this.#standings[place] = { ...answered(one), isIll: false };
      this.#noteBack(place);
    } else if (!one.isIll) {
      this.#standings[place] = { ...one, isIll: true };
      this.#noteFault(place, 'health', why);
    }
  }

  #noteFault(place: number, fault: UpstreamFault, why: string): void {
    const before = this.#faults[place];
    if (before === fault || before === 'health') return;
    this.#faults[place] = fault;
    this.#say(this.address(place), fault, why);
    this.onChange();
  }

  #noteBack(place: number): void {
    if (this.#faults[place] === null || !isIn(this.standing(place))) return;
    this.#faults[place] = null;
    this.#say(this.address(place), null, '');
    this.onChange();
  }
}

class UpstreamUse implements Use {
  readonly place: number;
  readonly #upstreams: Upstreams;
  /** What it was when this began: one that gets requests as usual, one that is tried out. */
  readonly #was: { readonly wasIn: boolean; readonly isTriedOut: boolean };
  #isOver = false;

  constructor(upstreams: Upstreams, place: number, was: { wasIn: boolean; isTriedOut: boolean }) {
    this.#upstreams = upstreams;
    this.place = place;
    this.#was = was;
  }

  /** A server that ends answers what it has, and accepts no more: such an answer does not bring it back. */
  answered(): void {
    if (!this.#was.wasIn) this.#upstreams.answered(this.place);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#upstreams.end(this.place, this.#was.isTriedOut);
  }
}

/** Asks one upstream after the other, each once, until one accepts. */
class UpstreamSearch implements Searching {
  readonly #upstreams: Upstreams;
  readonly #reuse: boolean;
  readonly #seeker: Seeker;
  readonly #since = performance.now();
  #attempt: AppConnection | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isFirst = true;

  constructor(upstreams: Upstreams, reuse: boolean, seeker: Seeker) {
    this.#upstreams = upstreams;
    this.#reuse = reuse;
    this.#seeker = seeker;
  }

  begin(): Searching | null {
    return this.#ask('no upstream is left', 502) ? this : null;
  }

  giveUp(): number {
    this.#leave();
    this.#attempt?.destroy();
    this.#attempt = null;
    return this.#waited();
  }

  /** Returns whether the search goes on. `why`, `status`: what is answered if nobody is left. */
  #ask(why: string, status: 502 | 504): boolean {
    const place = this.#upstreams.choose(this.#seeker);
    if (place === null) {
      this.#settle({ kind: 'failed', why, status });
      return false;
    }
    const connection = this.#upstreams.open(place, this.#reuse);
    if (connection.isConnected) {
      this.#settle({ kind: 'connection', connection });
      return false;
    }
    this.#attempt = connection;
    connection.onConnected = guarded(this.#seeker, error => this.#tried(place, connection, error));
    // What has come by now is looked at first: this process may have been kept from it.
    const late = () => this.#tried(place, connection, timeout());
    this.#timer = setTimeout(
      guarded(this.#seeker, () => setImmediate(guarded(this.#seeker, late))),
      this.#upstreams.limits.upstreamConnectMs,
    );
    return true;
  }

  #tried(place: number, connection: AppConnection, error: Error | null): void {
    if (this.#attempt !== connection) return;
    this.#attempt = null;
    this.#leave();
    if (error === null) {
      this.#settle({ kind: 'connection', connection });
      return;
    }
    connection.onConnected = null;
    connection.destroy();
    const code = errnoOf(error) ?? '';
    const why = `cannot connect to ${this.#upstreams.address(place)}: ${code}`;
    this.#upstreams.fail(place, this.#seeker, own.has(code) ? null : (faults[code] ?? 'reset'), why);
    this.#isFirst = false;
    this.#ask(why, code === 'ETIMEDOUT' ? 504 : 502);
  }

  #settle(got: Got): void {
    this.#leave();
    this.#seeker.got(got, this.#isFirst ? 0 : this.#waited());
  }

  #waited(): number {
    return performance.now() - this.#since;
  }

  #leave(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function timeout(): Error {
  return Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
}
