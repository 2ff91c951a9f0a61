// A connection to an app's unix socket by way of the addon: cheap to make, written to at once, read into one shared buffer.
// Bytes that the kernel does not take at once wait here.

import { getSystemErrorName } from 'node:util';
import { loadBareSockets, longestText } from '../../native/bare-sockets.ts';
import { Deadlines, type HasDeadline } from '../deadlines.ts';
import { guard, guarded } from '../guard.ts';
import { socketPath } from './app-path.ts';
import type { AppSocket, AppSocketEvents } from './app-socket.ts';

const client = loadBareSockets();
/** Bytes that may wait before the writer is told to stop. */
const highWaterMark = 65_536;

const shared = Buffer.allocUnsafeSlow(65_536);
const sockets: (UnixSocket | undefined)[] = [];
const deadlines = new Deadlines();

client?.start(shared, (id, n, writable) => {
  const socket = sockets[id];
  if (socket !== undefined) guard(socket, () => (writable ? socket.flush() : socket.take(n)));
});

/** Whether the addon is there. */
export const hasBareSockets = client !== null;

export class UnixSocket implements AppSocket, HasDeadline {
  readonly #events: AppSocketEvents;
  #id = -1;
  #reading = true;
  /** The app will send no more. */
  #over = false;
  /** The app reads no more. What it has sent is still to be read. */
  #broken = false;
  /** Nothing could be written to it. */
  #isUntouched = true;
  #ending = false;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #full = false;
  #timeout = 0;
  deadline = Number.POSITIVE_INFINITY;
  slot = -1;

  /** Connects at once. `events.connected` is called only where that fails, and never before the constructor returns. */
  constructor(path: string, events: AppSocketEvents) {
    this.#events = events;
    const way = socketPath(path);
    const id = typeof way === 'string' ? (client?.open(way) ?? -1) : -1;
    if (id < 0) {
      const code = typeof way === 'string' ? getSystemErrorName(id) : way.code;
      const error = Object.assign(new Error(`connect ${code} ${path}`), { code });
      queueMicrotask(guarded(events, () => events.connected(error)));
      return;
    }
    this.#id = id;
    sockets[id] = this;
  }

  get siteNumber(): number {
    return this.#events.siteNumber;
  }

  broke(error: unknown): void {
    this.#events.broke(error);
  }

  get isConnected(): boolean {
    return this.#id !== -1;
  }

  get destroyed(): boolean {
    return this.#id === -1;
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.#id === -1 || this.#broken) return true;
    if (this.#waitingBytes > 0) return this.#wait(toBuffer(bytes));
    if (typeof bytes === 'string' && bytes.length > longestText) return this.write(toBuffer(bytes));
    const length = bytes.length;
    const taken =
      typeof bytes === 'string'
        ? (client?.writeText(this.#id, bytes) ?? 0)
        : (client?.writeBytes(this.#id, toBuffer(bytes)) ?? 0);
    if (taken > 0) {
      this.#isUntouched = false;
      this.#touch();
    }
    if (taken === length) return true;
    if (taken < 0 && !isFull(taken)) {
      this.#breakOff();
      return true;
    }
    return this.#wait(toBuffer(bytes).subarray(Math.max(0, taken)));
  }

  pause(): void {
    this.#read(false);
  }

  resume(): void {
    this.#read(true);
  }

  endWriting(): void {
    this.#ending = true;
    if (this.#waitingBytes === 0 && this.#id !== -1) client?.endWriting(this.#id);
  }

  setTimeout(milliseconds: number): void {
    this.#timeout = milliseconds;
    this.#touch();
  }

  destroy(): void {
    if (this.#id === -1) return;
    sockets[this.#id] = undefined;
    client?.close(this.#id);
    this.#id = -1;
    this.#waiting = [];
    this.#waitingBytes = 0;
    deadlines.remove(this);
  }

  expired(): void {
    this.#events.timedOut();
  }

  /** Called by the addon with bytes, the end, or an error. */
  take(n: number): void {
    this.#touch();
    if (n > 0) {
      this.#events.read(shared.subarray(0, n));
      return;
    }
    this.#over = true;
    this.#watch();
    this.#ended(n);
  }

  #ended(error: number): void {
    const why = error === 0 ? 'closed' : getSystemErrorName(error);
    this.#events.ended(why, why === 'ECONNRESET' || (this.#broken && this.#isUntouched));
  }

  /** The socket takes bytes again. */
  flush(): void {
    this.#touch();
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = client?.writeBytes(this.#id, first) ?? 0;
      if (taken < 0 && !isFull(taken)) {
        this.#breakOff();
        break;
      }
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(Math.max(0, taken));
        this.#waitingBytes -= Math.max(0, taken);
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= first.length;
    }
    this.#watch();
    if (this.#ending && !this.#broken) client?.endWriting(this.#id);
    if (!this.#full) return;
    this.#full = false;
    this.#events.drained();
  }

  /** Writes no more. The answer that the app gave before it closed is still to be read. */
  #breakOff(): void {
    this.#broken = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #wait(bytes: Buffer): boolean {
    // A copy: the caller's bytes may be in a buffer that is read into again.
    this.#waiting.push(Buffer.from(bytes));
    this.#waitingBytes += bytes.length;
    this.#watch();
    this.#full ||= this.#waitingBytes > highWaterMark;
    return !this.#full;
  }

  #read(on: boolean): void {
    if (this.#reading === on) return;
    this.#reading = on;
    this.#watch();
    this.#touch();
  }

  #watch(): void {
    if (this.#id === -1) return;
    const error = client?.watch(this.#id, this.#reading && !this.#over, this.#waitingBytes > 0) ?? 0;
    if (error < 0) queueMicrotask(guarded(this.#events, () => this.#ended(error)));
  }

  #touch(): void {
    if (this.#id === -1) return;
    if (this.#timeout > 0 && this.#reading) deadlines.set(this, this.#timeout);
    else deadlines.remove(this);
  }
}

function toBuffer(bytes: Uint8Array | string): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes, 'latin1');
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isFull(error: number): boolean {
  const name = getSystemErrorName(error);
  return name === 'EAGAIN' || name === 'ENOBUFS' || name === 'EINTR';
}
