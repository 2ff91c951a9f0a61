// One try of a request on one connection to its app: sends the request, and hands what comes to an answer. Its owner decides whether
// there is another try.

import { existsSync, read } from 'node:fs';
import { doubtKept } from '../files/served-file.ts';
import { type Bearer, guarded } from '../guard.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { Exchange } from '../request/exchange.ts';
import type { Answer } from './answer.ts';
import type { AnswerFailure, AnswerReader, AppConnection } from './app-connection.ts';
import type { Body } from './request-body.ts';
import { mayBeMistaken, mayEndStream } from './retry.ts';

/** Bodies up to this size go out in one write with their header. */
const smallBody = 16_384;
const fileChunk = 65_536;

/** Makes the tunnel of a WebSocket from an app's 101, after which the bytes are no HTTP. */
export type MakeTunnel = (head: ResponseHead, connection: AppConnection) => AnswerReader;

/** What is tried. */
export interface Trial {
  readonly exchange: Exchange;
  readonly connection: AppConnection;
  /** The request's line and fields, latin-1. */
  readonly head: string;
  readonly body: Body;
  readonly answer: Answer;
  readonly isFirst: boolean;
  /** The file that exists while every process that accepts is a sync worker; null: the app has none. */
  readonly halfClose: string | null;
  /** null: the request is no WebSocket's. */
  readonly tunnel: MakeTunnel | null;
}

export interface AttemptOwner extends Bearer {
  /** The app's header has come. */
  answering(): void;
  /** Exactly one of these is called, unless the attempt is released or has become a tunnel. */
  answered(attempt: Attempt): void;
  failed(attempt: Attempt, failure: AnswerFailure): void;
}

export class Attempt implements AnswerReader {
  readonly trial: Trial;
  readonly #owner: AttemptOwner;
  /** Whether the whole request has been sent. */
  isSent = false;
  #isStreamEnded = false;
  #isOver = false;

  constructor(owner: AttemptOwner, trial: Trial) {
    this.#owner = owner;
    this.trial = trial;
  }

  get siteNumber(): number {
    return this.#owner.siteNumber;
  }

  broke(error: unknown): void {
    this.#owner.broke(error);
  }

  start(): void {
    const { connection, head, body } = this.trial;
    const { memory, file, length } = body;
    connection.begin(this);
    if (length <= smallBody && file === null) {
      connection.write(memory.reduce((all, bytes) => all + bytes.toString('latin1'), head));
    } else {
      connection.write(head);
      for (const bytes of memory) connection.write(bytes);
    }
    if (file === null) this.#sent();
    else this.#sendFile(file.fd, file.length, 0);
  }

  /** Gives the attempt up. */
  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.trial.connection.destroy();
  }

  /** Whether the request is to be sent again if this answer breaks off. */
  get isMistaken(): boolean {
    if (!this.#isStreamEnded) return false;
    const { exchange, answer, isFirst } = this.trial;
    const isAnswerShown = exchange.sent;
    // #isSync() looks for a file, so it comes last.
    const isSync = !isFirst || isAnswerShown || this.#isSync();
    return mayBeMistaken({ isFirstTry: isFirst, isAnswerShown, isSync, held: answer.held });
  }

  #isSync(): boolean {
    const { halfClose } = this.trial;
    return halfClose !== null && existsSync(halfClose);
  }

  #sent(): void {
    this.isSent = true;
    const { exchange, connection, tunnel } = this.trial;
    if (tunnel !== null || !mayEndStream(exchange.req.method) || !this.#isSync()) return;
    this.#isStreamEnded = true;
    connection.endWrite();
  }

  #sendFile(fd: number, length: number, at: number): void {
    if (this.#isOver) return;
    if (at === length) {
      this.#sent();
      return;
    }
    const { connection } = this.trial;
    const bytes = Buffer.allocUnsafeSlow(Math.min(fileChunk, length - at));
    const took = (error: Error | null, size: number): void => {
      if (this.#isOver) return;
      if (error !== null || size === 0) {
        this.failed({ kind: 'closed', why: 'lost a request body', begun: true, isUnread: false });
        return;
      }
      const next = guarded(this, () => this.#sendFile(fd, length, at + size));
      // An app may answer and close without reading on. Its answer is read before more is written in vain.
      if (connection.write(bytes.subarray(0, size))) setImmediate(next);
      else connection.whenDrained(next);
    };
    read(fd, bytes, 0, bytes.length, at, guarded(this, took));
  }

  head(head: ResponseHead): 'body' | 'no-body' | 'refuse' | AnswerReader {
    doubtKept();
    this.#owner.answering();
    const { answer, tunnel, connection } = this.trial;
    if (head.status !== 101) return answer.begin(head);
    return tunnel === null ? 'refuse' : tunnel(head, connection);
  }

  interim(head: ResponseHead): void {
    const { exchange, tunnel } = this.trial;
    if (tunnel === null) exchange.sendHints(head);
  }

  whole(text: string): void {
    this.trial.answer.whole(text);
  }

  piece(bytes: Uint8Array): void {
    this.trial.answer.piece(bytes);
  }

  flush(): void {
    const { answer, connection } = this.trial;
    if (!this.#isOver && !this.isMistaken) answer.flush(connection);
  }

  end(): void {
    this.#isOver = true;
    this.#owner.answered(this);
  }

  failed(failure: AnswerFailure): void {
    this.release();
    this.#owner.failed(this, failure);
  }
}
