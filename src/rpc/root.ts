// The private channel to root (protocol/rpc.ts): questions go out, and replies come back by their numbers.

import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { messageOf } from '../errors.ts';
import {
  type AskKind,
  type Asks,
  type LogName,
  longestSaid,
  type RootLine,
  type RpcLine,
  type SaidLevel,
} from '../protocol/rpc.ts';
import { type About, RootFault } from './session.ts';

export interface Root {
  about(): About;
  /** @throws RootFault */
  ask<K extends AskKind>(kind: K, ask: Asks[K]['ask'], uid: number | null): Promise<Asks[K]['reply']>;
  /** Something for hostd's log, if it hears of that. */
  say(level: SaidLevel, text: () => string): void;
  /** @throws RootFault when there is no such log */
  follow(log: LogName, bytes: number, uid: number | null): Promise<Followed>;
}

export interface Followed {
  /** Unix time in milliseconds. */
  readonly mtime: number;
  readonly chunks: AsyncIterable<Buffer>;
  cancel(): void;
}

interface Waiting {
  resolve(reply: unknown): void;
  reject(error: Error): void;
}

/** Bytes that may wait for root. What is said beyond that is dropped, so that no flood of bad requests fills the memory. */
const mostUnheard = 4 * 1024 * 1024;

/** Called with a chunk, or with null at the end. */
type Hear = (bytes: Buffer | null) => void;

/** `asks` and `replies`: the pipes' descriptors. Resolves when root has described itself. `ended` is called when root is gone. */
export function openRoot(asks: number, replies: number, ended: () => void): Promise<Root> {
  const out = new Socket({ fd: asks, readable: false, writable: true });
  const back = new Socket({ fd: replies, readable: true, writable: false });
  out.on('error', ended);
  back.on('error', ended);
  back.on('close', ended);
  const waiting = new Map<number, Waiting>();
  const followers = new Map<number, Hear>();
  let about: About | null = null;
  let last = 0;
  const send = (line: RpcLine) => void out.write(`${JSON.stringify(line)}\n`);

  const root: Root = {
    about() {
      if (about === null) throw new Error('root has not told yet');
      return about;
    },
    say(level, text) {
      const hears = about?.hears;
      const isHeard = hears !== undefined && (level !== 'trace' || hears === 'calls');
      if (isHeard && out.writableLength < mostUnheard)
        send({ id: 0, kind: 'say', level, text: text().slice(0, longestSaid) });
    },
    ask(kind, ask, uid) {
      const id = ++last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (reply: unknown) => void, reject });
        send({ id, uid, kind, ask } as RpcLine);
      });
    },
    async follow(log, bytes, uid) {
      // Before the reply, since the first chunk may come with it.
      const id = last + 1;
      const queue: (Buffer | null)[] = [];
      let wake: (() => void) | null = null;
      followers.set(id, chunk => {
        queue.push(chunk);
        wake?.();
      });
      const cancel = () => {
        if (!followers.delete(id)) return;
        send({ id, kind: 'cancel' });
        queue.push(null);
        wake?.();
      };
      try {
        const { mtime } = await root.ask('follow', { log, bytes }, uid);
        return { mtime: mtime * 1000, chunks: chunksOf(id), cancel };
      } catch (error) {
        followers.delete(id);
        throw error;
      }
      async function* chunksOf(id: number): AsyncGenerator<Buffer> {
        for (;;) {
          while (queue.length === 0)
            await new Promise<void>(resolve => {
              wake = resolve;
            });
          const chunk = queue.shift() ?? null;
          if (chunk === null) return;
          yield chunk;
          if (followers.has(id)) send({ id, kind: 'next' });
        }
      }
    },
  };

  const hear = (line: RootLine) => {
    switch (line.kind) {
      case 'about':
        about = line;
        return;
      case 'done':
        waiting.get(line.id)?.resolve(line.reply);
        waiting.delete(line.id);
        return;
      case 'fault':
        waiting.get(line.id)?.reject(new RootFault(line.fault, line.extra));
        waiting.delete(line.id);
        return;
      case 'chunk':
        followers.get(line.id)?.(Buffer.from(line.bytes, 'base64'));
        return;
      case 'ended':
        followers.get(line.id)?.(null);
        followers.delete(line.id);
        return;
    }
  };
  return new Promise(resolve => {
    createInterface({ input: back as Readable, crlfDelay: 0 }).on('line', text => {
      const isFirst = about === null;
      try {
        hear(JSON.parse(text) as RootLine);
      } catch (error) {
        process.stderr.write(`hostd-rpc: cannot understand root: ${messageOf(error)}\n`);
      }
      if (isFirst && about !== null) resolve(root);
    });
  });
}
