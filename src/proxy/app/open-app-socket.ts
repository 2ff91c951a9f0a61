// Opens the socket to an app: a unix socket by the addon, anything else by node:net (TCP servers in development, machines without
// the addon).

import { Socket } from 'node:net';
import { errnoOf } from '../../errors.ts';
import { loadBareSockets } from '../../native/bare-sockets.ts';
import { guard, guarded } from '../guard.ts';
import { socketPath } from './app-path.ts';
import type { Address, AppSocket, AppSocketEvents } from './app-socket.ts';
import { hasBareSockets, UnixSocket } from './unix-socket.ts';

/** Begins to connect. `silenceMs`: after which a machine counts as gone that acknowledges nothing; of TCP alone. */
export function openAppSocket(address: Address, events: AppSocketEvents, silenceMs: number): AppSocket {
  if (typeof address === 'string' && hasBareSockets) return new UnixSocket(address, events);
  return new NetSocket(address, events, silenceMs);
}

const addon = loadBareSockets();

/** Milliseconds for reading what an app has said before it closed, after a write to it has failed. */
const lastWordsMs = 1000;

/** Every socket reads into this buffer: its bytes have to be used up before the next read. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** An app may answer and close without reading its whole request: a failed write must not lose that answer. */
class PatientSocket extends Socket {
  override destroy(error?: Error): this {
    if (errnoOf(error) !== 'EPIPE') return super.destroy(error);
    setTimeout(() => super.destroy(error), lastWordsMs).unref();
    return this;
  }
}

/** Notices a machine that is gone without a word, in the middle of a request too; and sends each write at once. */
function watchPeer(socket: Socket, silenceMs: number): void {
  socket.setNoDelay(true);
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  // Without the addon, node:net's own keep-alive takes longer, and waits for no acknowledgement.
  socket.setKeepAlive(true, 1000);
  if (typeof handle?.fd === 'number') addon?.limitSilence(handle.fd, silenceMs);
}

class NetSocket implements AppSocket {
  readonly #socket: Socket;
  #timeout = 0;
  isConnected = false;

  constructor(address: Address, events: AppSocketEvents, silenceMs: number) {
    const callback = (size: number): boolean => {
      guard(events, () => events.read(shared.subarray(0, size)));
      return !this.destroyed;
    };
    const socket = new PatientSocket({ onread: { buffer: shared, callback }, allowHalfOpen: true });
    this.#socket = socket;
    let waiting = true;
    const connected = (): void => {
      waiting = false;
      this.isConnected = true;
      if (typeof address !== 'string') watchPeer(socket, silenceMs);
      events.connected(null);
    };
    const failed = (error: Error): void => {
      if (waiting) events.connected(error);
      else events.ended(error.message, typeof address === 'string' && errnoOf(error) === 'ECONNRESET');
      waiting = false;
    };
    socket.once('connect', guarded(events, connected));
    socket.on('error', guarded(events, failed));
    socket.on(
      'end',
      guarded(events, () => events.ended('closed', false)),
    );
    socket.on(
      'drain',
      guarded(events, () => events.drained()),
    );
    socket.on(
      'timeout',
      guarded(events, () => events.timedOut()),
    );
    if (typeof address !== 'string') {
      socket.connect(address);
      return;
    }
    const way = socketPath(address);
    if (typeof way === 'string') socket.connect({ path: way });
    else socket.destroy(Object.assign(new Error(`connect ${way.code} ${address}`), way));
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  write(bytes: Uint8Array | string): boolean {
    return typeof bytes === 'string' ? this.#socket.write(bytes, 'latin1') : this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
    this.#socket.setTimeout(0);
  }

  resume(): void {
    this.#socket.setTimeout(this.#timeout);
    this.#socket.resume();
  }

  endWriting(): void {
    this.#socket.end();
  }

  setTimeout(milliseconds: number): void {
    this.#timeout = milliseconds;
    this.#socket.setTimeout(milliseconds);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
