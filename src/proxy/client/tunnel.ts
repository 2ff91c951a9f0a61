// A WebSocket: after the app's 101 its bytes pass unread. Until then, the client's early bytes wait.

import type { Socket } from 'node:net';
import type { AnswerReader, AppConnection } from '../app/app-connection.ts';
import { type Bearer, guarded } from '../guard.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { Exchange } from '../request/exchange.ts';
import type { ClientConnection } from './message.ts';
import type { ResponseWriter } from './response-writer.ts';

/** Bytes that a client may send before the 101. Then it has to wait. */
const earlyLimit = 65_536;

/** The client's connection, from which nobody reads requests any more. */
export interface TunnelOwner extends ClientConnection, Bearer {
  /** Whether bytes that still come have no use. */
  readonly isEnding: boolean;
  /** A byte has moved, either way. */
  moved(): void;
}

/** Bytes that a client sends before its WebSocket has begun. `first` came right behind the handshake. */
export class EarlyBytes {
  readonly #owner: TunnelOwner;
  readonly #pieces: Buffer[];
  #size: number;
  readonly #keep: (bytes: Buffer) => void;

  constructor(owner: TunnelOwner, first: Buffer) {
    this.#owner = owner;
    this.#pieces = [first];
    this.#size = first.length;
    this.#keep = guarded(owner, (bytes: Buffer) => {
      if (owner.isEnding) return;
      this.#pieces.push(bytes);
      this.#size += bytes.length;
      if (this.#size > earlyLimit) owner.socket.pause();
    });
    owner.socket.on('data', this.#keep);
  }

  /** All of the bytes. More go to the caller. */
  take(): Buffer {
    this.#owner.socket.off('data', this.#keep);
    return Buffer.concat(this.#pieces);
  }
}

/** Passes bytes between a client and its app from the app's 101 on. */
export class Tunnel implements AnswerReader {
  readonly #owner: TunnelOwner;
  readonly #exchange: Exchange;
  readonly #res: ResponseWriter;
  readonly #socket: Socket;
  readonly #app: AppConnection;

  constructor(
    owner: TunnelOwner,
    exchange: Exchange,
    res: ResponseWriter,
    app: AppConnection,
    head: ResponseHead,
    early: Buffer,
  ) {
    this.#owner = owner;
    this.#exchange = exchange;
    this.#res = res;
    const { socket } = owner;
    this.#socket = socket;
    this.#app = app;
    exchange.becomeTunnel();
    exchange.received(early.length);
    // The client's connection has the time limit for both directions.
    app.setIdle(0);
    socket.write(answerText(head), 'latin1');
    if (early.length > 0) app.write(early);
    if (socket.readableEnded) app.endWrite();
    const take = (bytes: Buffer): void => {
      owner.moved();
      exchange.received(bytes.length);
      if (app.write(bytes)) return;
      socket.pause();
      app.whenDrained(() => socket.resume());
    };
    socket.on('data', guarded(exchange, take));
    socket.on(
      'end',
      guarded(exchange, () => app.endWrite()),
    );
    socket.resume();
  }

  get siteNumber(): number {
    return this.#exchange.siteNumber;
  }

  broke(error: unknown): void {
    this.#exchange.broke(error);
  }

  head(): 'refuse' {
    return 'refuse';
  }

  /** For answers with a body, which a tunnel has not. */
  whole(): void {}

  piece(bytes: Uint8Array): void {
    this.#owner.moved();
    this.#res.pass(Buffer.from(bytes));
  }

  flush(): void {
    if (!this.#socket.writableNeedDrain) return;
    this.#app.pause();
    this.#socket.once(
      'drain',
      guarded(this, () => this.#app.resume()),
    );
  }

  end(): void {
    this.#owner.endGently();
  }

  failed(): void {
    this.#socket.destroy();
  }
}

/** The app's 101 as it is, but for fields that would frame a body. */
function answerText(head: ResponseHead): string {
  const fields = head.fields
    .filter(
      ({ lower }) => lower !== 'content-length' && lower !== 'transfer-encoding' && lower !== 'connection',
    )
    .map(({ name, value }) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 ${head.reason || 'Switching Protocols'}\r\nConnection: upgrade\r\n${fields.join('')}\r\n`;
}
