// A WebSocket: after the app's 101 the bytes are nobody's but theirs. Until then, the client's early bytes wait.

import type { Socket } from 'node:net';
import type { AnswerReader, AppConnection } from '../app/app-connection.ts';
import { guarded } from '../guard.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { Exchange } from '../request/exchange.ts';
import type { Connection } from './connection.ts';
import type { ClientRequest } from './message.ts';
import { ResponseWriter } from './response-writer.ts';

/** Bytes that a client may send before it has heard of a 101; it then has to wait. */
const earlyLimit = 65_536;

/** Serves a WebSocket's handshake on a connection that nobody reads requests from any more; `early` came right behind it. */
export function upgrade(
  connection: Connection,
  req: ClientRequest,
  early: Buffer,
  serve: (exchange: Exchange, tunnel: (head: ResponseHead, app: AppConnection) => AnswerReader) => void,
): void {
  const { socket } = connection;
  const res = new ResponseWriter(connection, req.method, false);
  const waiting = new EarlyBytes(connection, early);
  socket.once(
    'close',
    guarded(connection, () => res.close()),
  );
  connection.begin(req, res, exchange => {
    serve(exchange, (head, app) => new Tunnel(exchange, res, app, head, waiting.take()));
  });
}

class EarlyBytes {
  readonly #connection: Connection;
  readonly #pieces: Buffer[];
  #size: number;
  readonly #keep: (bytes: Buffer) => void;

  constructor(connection: Connection, first: Buffer) {
    this.#connection = connection;
    this.#pieces = [first];
    this.#size = first.length;
    this.#keep = guarded(connection, (bytes: Buffer) => {
      if (connection.isClosing) return;
      this.#pieces.push(bytes);
      this.#size += bytes.length;
      if (this.#size > earlyLimit) connection.socket.pause();
    });
    connection.socket.on('data', this.#keep);
  }

  take(): Buffer {
    this.#connection.socket.off('data', this.#keep);
    return Buffer.concat(this.#pieces);
  }
}

class Tunnel implements AnswerReader {
  readonly #exchange: Exchange;
  readonly #res: ResponseWriter;
  readonly #socket: Socket;
  readonly #app: AppConnection;

  constructor(
    exchange: Exchange,
    res: ResponseWriter,
    app: AppConnection,
    head: ResponseHead,
    early: Buffer,
  ) {
    this.#exchange = exchange;
    this.#res = res;
    const { socket } = exchange.connection;
    this.#socket = socket;
    this.#app = app;
    const { tunnelIdleMs } = exchange.worker.limits;
    exchange.becomeTunnel();
    exchange.received(early.length);
    socket.removeAllListeners('timeout');
    socket.setTimeout(tunnelIdleMs, () => socket.destroy());
    app.setIdle(tunnelIdleMs);
    socket.write(answerText(head), 'latin1');
    if (early.length > 0) app.write(early);
    if (socket.readableEnded) app.endWrite();
    const take = (bytes: Buffer): void => {
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

  /** For answers with a body: there is none in a tunnel. */
  whole(): void {}

  piece(bytes: Uint8Array): void {
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
    this.#exchange.connection.endGently();
  }

  failed(): void {
    this.#socket.destroy();
  }
}

/** The app's 101 as it is, apart from what could frame a body. */
function answerText(head: ResponseHead): string {
  const fields = head.fields
    .filter(
      ({ lower }) => lower !== 'content-length' && lower !== 'transfer-encoding' && lower !== 'connection',
    )
    .map(({ name, value }) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 ${head.reason || 'Switching Protocols'}\r\nConnection: upgrade\r\n${fields.join('')}\r\n`;
}
