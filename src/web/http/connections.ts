// The connections of browsers: how many there are, and how long each may keep its place. Where there are too many, the one goes that has
// said nothing for longest. So nobody keeps others out by connections that are only held open.

import type { Socket } from 'node:net';

/** Connections at once: from one address, and all together. */
export const most = { each: 64, all: 256 };
/** Milliseconds for a request to come, from the connection's beginning or the last answer on; and for an answer to be read. */
const requestMs = 20_000;
const answerMs = 60_000;

interface Place {
  readonly address: string;
  deadline: NodeJS.Timeout | undefined;
}

export class Connections {
  readonly #places = new Map<Socket, Place>();
  /** Those that wait for a request, or for the rest of one; the one that has waited for longest comes first. */
  readonly #waiting = new Set<Socket>();

  /** A new connection. It may be closed at once. */
  admit(socket: Socket): void {
    const address = socket.remoteAddress ?? 'unix';
    const own = [...this.#places].filter(([, place]) => place.address === address);
    const isFull = this.#places.size >= most.all;
    if (isFull || own.length >= most.each) {
      const among = isFull
        ? [...this.#waiting]
        : [...this.#waiting].filter(one => this.#places.get(one)?.address === address);
      const [oldest] = among;
      (oldest ?? socket).destroy();
      if (oldest === undefined) return;
      this.#forget(oldest);
    }
    this.#places.set(socket, { address, deadline: undefined });
    socket.once('close', () => this.#forget(socket));
    this.waits(socket);
  }

  /** It waits for the next request. */
  waits(socket: Socket): void {
    this.#waiting.delete(socket);
    if (!this.#places.has(socket)) return;
    this.#waiting.add(socket);
    this.#allow(socket, requestMs);
  }

  /** Its request is here. `ms`: until the answer must be read; null: as long as it takes. */
  answers(socket: Socket, ms: number | null = answerMs): void {
    this.#waiting.delete(socket);
    this.#allow(socket, ms);
  }

  #allow(socket: Socket, ms: number | null): void {
    const place = this.#places.get(socket);
    if (place === undefined) return;
    clearTimeout(place.deadline);
    place.deadline = ms === null ? undefined : setTimeout(() => socket.destroy(), ms);
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#places.get(socket)?.deadline);
    this.#places.delete(socket);
    this.#waiting.delete(socket);
  }
}
