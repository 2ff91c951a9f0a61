// Ends a connection whose client takes nothing of what waits for it. The socket's own timer does not see that: a client can put it
// off for ever by sending a byte now and then.

import type { Socket } from 'node:net';
import { Deadlines, type HasDeadline } from '../deadlines.ts';
import type { Bearer } from '../guard.ts';

const deadlines = new Deadlines();

export class SendWatch implements HasDeadline {
  deadline = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly #owner: Bearer;
  readonly #socket: Socket;
  readonly #gapMs: number;
  #taken = 0;
  #queued = 0;

  /** `gapMs`: how long nothing may be taken. */
  constructor(owner: Bearer, socket: Socket, gapMs: number) {
    this.#owner = owner;
    this.#socket = socket;
    this.#gapMs = gapMs;
  }

  get siteNumber(): number {
    return this.#owner.siteNumber;
  }

  broke(error: unknown): void {
    this.#owner.broke(error);
  }

  /** Something waits for the client. */
  begin(): void {
    if (this.deadline === Number.POSITIVE_INFINITY) this.#goOn();
  }

  stop(): void {
    deadlines.remove(this);
  }

  expired(): void {
    if (this.#socket.destroyed || this.#socket.writableLength === 0) return;
    if (taken(this.#socket) === this.#taken && queued(this.#socket) === this.#queued) this.#socket.destroy();
    else this.#goOn();
  }

  #goOn(): void {
    this.#taken = taken(this.#socket);
    this.#queued = queued(this.#socket);
    deadlines.set(this, this.#gapMs);
  }
}

/** Bytes of whole writes that the kernel has. */
function taken(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

/** Bytes of the write that is under way; node's own timer goes by it. */
function queued(socket: Socket): number {
  const { _handle } = socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return _handle?.writeQueueSize ?? 0;
}
