// An app's answer on its way to one client: what of it is sent, when, and how much of it is kept for a client that reads
// slowly. Knows nothing of the connection to the app.

import { messageOf } from '../../errors.ts';
import { dateNow } from '../clock.ts';
import { clientFields } from '../http/response-fields.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { Exchange } from '../request/exchange.ts';

/** Bodies up to this size are sent in one piece with their header, as text: one copy, and one write. */
const smallBody = 16_384;

/** The connection that an answer comes from: it can be told to wait. */
export interface AnswerSource {
  pause(): void;
  resume(): void;
}

/** Answers in the app's place where the app says X-Accel-Redirect. */
export interface Redirector {
  redirect(head: ResponseHead, path: string): void;
}

export class Answer {
  readonly #exchange: Exchange;
  readonly #redirector: Redirector;
  #head: ResponseHead | null = null;
  #sent = false;
  #redirected = false;
  #chunked = false;
  #unbuffered = false;
  #pieces: Buffer[] = [];
  #whole: string | null = null;
  #counted = 0;
  /** Bytes of the body that have come and are not passed on yet. */
  held = 0;

  constructor(exchange: Exchange, redirector: Redirector) {
    this.#exchange = exchange;
    this.#redirector = redirector;
  }

  begin(head: ResponseHead): 'body' | 'no-body' {
    this.#head = head;
    return this.#isBodyless(head) ? 'no-body' : 'body';
  }

  /** A view on a shared buffer. */
  piece(bytes: Uint8Array): void {
    this.#pieces.push(Buffer.from(bytes));
    this.held += bytes.length;
  }

  /** The whole body, latin-1, in one call. */
  whole(text: string): void {
    this.#whole = text;
  }

  /** Sends what has come, unless it is little and the rest is bound to follow. */
  flush(source: AnswerSource): void {
    const head = this.#head;
    if (head === null || this.#isHeld(head) || !this.#sendHead(head)) return;
    const { res } = this.#exchange;
    const bytes = this.#takePieces();
    if (bytes === null) {
      res.flushHead();
      return;
    }
    if (!res.write(bytes)) this.#holdBack(source);
  }

  end(): void {
    if (this.#head === null || !this.#sendHead(this.#head)) return;
    const { res } = this.#exchange;
    if (this.#whole !== null) {
      res.end(this.#whole);
      return;
    }
    const bytes = this.#takePieces();
    if (bytes === null) res.end();
    else if (bytes.length <= smallBody && !this.#chunked) res.end(bytes.toString('latin1'));
    else res.end(bytes);
  }

  /** The rest won't come. true: the client sees, or can be shown, that it is missing. false: a page can still be sent. */
  cut(): boolean {
    const head = this.#head;
    if (head === null || (!this.#sent && !this.#isHeld(head))) return this.#sent;
    if (!this.#sendHead(head)) return true;
    const bytes = this.#takePieces();
    if (bytes === null) this.#exchange.res.flushHead();
    else this.#exchange.res.write(bytes);
    this.#exchange.connection.endGently();
    return true;
  }

  /** Gives back the memory that was counted for it. */
  release(): void {
    if (this.#counted > 0) this.#exchange.worker.responseBudget.give(this.#exchange.network, this.#counted);
    this.#counted = 0;
  }

  #isBodyless({ status }: ResponseHead): boolean {
    return this.#exchange.req.method === 'HEAD' || status === 204 || status === 304;
  }

  #isHeld({ framing }: ResponseHead): boolean {
    return !this.#sent && framing.kind === 'length' && framing.length <= smallBody;
  }

  /** Sends the header, once. false: the answer comes from somewhere else than this app. */
  #sendHead(head: ResponseHead): boolean {
    if (this.#sent || this.#redirected) return this.#sent;
    const exchange = this.#exchange;
    const bodyless = this.#isBodyless(head);
    const length = head.framing.kind === 'length' && head.status !== 204 ? head.framing.length : null;
    this.#chunked = length === null && !bodyless && exchange.req.httpVersion === '1.1';
    if (length === null && !bodyless && !this.#chunked) exchange.closeAfter();
    const own = { date: dateNow(), connection: exchange.connectionField, length, chunked: this.#chunked };
    const { fields, orders } = clientFields(head, own);
    if (orders.redirect !== null) {
      this.#redirected = true;
      this.#redirector.redirect(head, orders.redirect);
      return false;
    }
    this.#unbuffered = orders.unbuffered;
    try {
      exchange.sendHead(head.status, head.reason, fields);
    } catch (error) {
      // The header is judged once more where it is written, so that no app can end the worker or split an answer.
      exchange.refuseAnswer(messageOf(error));
      return false;
    }
    this.#sent = true;
    return true;
  }

  #takePieces(): Buffer | null {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.held = 0;
    return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null);
  }

  /** Lets the app write on for a slow client, up to the bounds. Then the app has to wait. */
  #holdBack(source: AnswerSource): void {
    const { res, worker } = this.#exchange;
    const { limits, responseBudget } = worker;
    const { network } = this.#exchange;
    responseBudget.give(network, this.#counted);
    const fits = responseBudget.take(network, res.unsent);
    this.#counted = fits ? res.unsent : 0;
    const bound = fits && !this.#unbuffered ? limits.responseMemory : limits.responseMemoryFloor;
    if (res.unsent < bound) return;
    source.pause();
    res.onDrain(() => source.resume());
  }
}
