// Root's end of the channel to hostd-rpc: questions in, replies out. The channel ends at the first line that is no question.

import { Socket } from 'node:net';
import { HostdError, messageOf } from '../../errors.ts';
import {
  type AskKind,
  type Asks,
  type FaultName,
  type Hears,
  longestLine,
  type Mood,
  type Question,
  type RootLine,
  type SaidLevel,
} from '../../protocol/rpc.ts';
import { escapeLine } from '../../words/escape.ts';
import { decodeLine } from './decode.ts';

/** A refusal by root. */
export class Refusal extends Error {
  readonly fault: FaultName;
  readonly extra: string | null;
  constructor(fault: FaultName, extra: string | null = null) {
    super(extra ?? fault);
    this.fault = fault;
    this.extra = extra;
  }
}

/** Takes a followed log. `write` returns false when it wants no more until `whenReady` calls back. */
export interface FollowSink {
  write(bytes: Buffer): boolean;
  whenReady(callback: () => void): void;
  end(): void;
}

/** Root's answers, one for each kind of question. Each throws Refusal. Any other exception is FAILED, with its message. `uid` as in Question. */
export type Answers = {
  readonly [K in Exclude<AskKind, 'follow'>]: (
    ask: Asks[K]['ask'],
    uid: number | null,
  ) => Asks[K]['reply'] | Promise<Asks[K]['reply']>;
} & {
  follow(
    ask: Asks['follow']['ask'],
    uid: number | null,
    sink: FollowSink,
  ): { readonly reply: Asks['follow']['reply']; close(): void };
};

export interface About {
  readonly pid: number;
  readonly mood: Mood;
  readonly identification: string;
  /** The names of Supervisor's own interface; absent: "supervisor". */
  readonly interfaces?: readonly string[];
  /** What hostd-rpc tells of; absent: nothing. */
  readonly hears?: Hears;
}

/** Takes what hostd-rpc says of its clients. */
export type Say = (level: SaidLevel, text: string) => void;

export interface Channel {
  /** Called whenever one of them changes. */
  tell(about: About): void;
  close(): void;
}

/** Questions that are answered at once. More of them wait in the pipe. */
const mostAtOnce = 1024;

/** `asks` is read, `replies` is written. `onNonsense` is called once. After that nothing is read any more. */
export function openChannel(
  asks: number,
  replies: number,
  about: About,
  answers: Answers,
  say: Say,
  onNonsense: () => void,
): Channel {
  const input = new Socket({ fd: asks, readable: true, writable: false });
  const output = new Socket({ fd: replies, readable: false, writable: true });
  const follows = new Map<number, Follow>();
  let open = 0;
  let text = '';
  const send = (line: RootLine) => {
    if (output.writable) output.write(`${JSON.stringify(line)}\n`);
  };
  const close = () => {
    input.destroy();
    output.destroy();
    for (const follow of follows.values()) follow.close();
    follows.clear();
  };

  const take = () => {
    for (let end = text.indexOf('\n'); end >= 0 && open < mostAtOnce; end = text.indexOf('\n')) {
      const line =
        end > longestLine ? null : decodeLine(Buffer.from(text.slice(0, end), 'latin1').toString('utf8'));
      text = text.slice(end + 1);
      if (line === null) return refuse();
      if (line.kind === 'say') say(line.level, escapeLine(line.text));
      else if (line.kind === 'next') follows.get(line.id)?.next();
      else if (line.kind === 'cancel') {
        follows.get(line.id)?.close();
        follows.delete(line.id);
      } else if (line.kind === 'follow') follow(line);
      else void answer(line);
    }
    if (open >= mostAtOnce) input.pause();
    else if (text.length > longestLine) refuse();
  };
  const refuse = () => {
    close();
    onNonsense();
  };
  const answer = async (question: Exclude<Question, { kind: 'follow' }>) => {
    const { id, uid, kind, ask } = question;
    open++;
    try {
      const work = answers[kind] as (ask: unknown, uid: number | null) => unknown;
      send({ kind: 'done', id, reply: await work(ask, uid) });
    } catch (error) {
      send({ kind: 'fault', id, ...faultOf(error) });
    }
    open--;
    if (!input.isPaused()) return;
    input.resume();
    take();
  };
  const follow = ({ id, uid, ask }: Question & { kind: 'follow' }) => {
    const sink = makeSink(id, send);
    try {
      // What the log has already is sent after the reply.
      const { reply, close } = answers.follow(ask, uid, sink);
      send({ kind: 'done', id, reply });
      follows.set(id, { next: sink.next, close });
      sink.begin();
    } catch (error) {
      send({ kind: 'fault', id, ...faultOf(error) });
    }
  };

  input.setEncoding('latin1');
  input.on('data', (chunk: string) => {
    text += chunk;
    take();
  });
  for (const end of [input, output]) {
    end.on('error', close);
    end.unref();
  }
  send({ kind: 'about', ...about });
  return { tell: now => send({ kind: 'about', ...now }), close };
}

interface Follow {
  next(): void;
  close(): void;
}

/** Sends one chunk at a time. */
function makeSink(id: number, send: (line: RootLine) => void) {
  const early: Buffer[] = [];
  let isOpen = false;
  let isEnded = false;
  let ready: (() => void) | null = null;
  const sendOne = (bytes: Buffer) => send({ kind: 'chunk', id, bytes: bytes.toString('base64') });
  return {
    write(bytes: Buffer): boolean {
      const copy = Buffer.from(bytes);
      if (isOpen) sendOne(copy);
      else early.push(copy);
      return false;
    },
    whenReady(callback: () => void) {
      ready = callback;
    },
    end() {
      isEnded = true;
      if (isOpen) send({ kind: 'ended', id });
    },
    begin() {
      isOpen = true;
      for (const bytes of early) sendOne(bytes);
      if (isEnded) send({ kind: 'ended', id });
    },
    next() {
      const callback = ready;
      ready = null;
      callback?.();
    },
  };
}

function faultOf(error: unknown): { fault: FaultName; extra: string | null } {
  if (error instanceof Refusal) return { fault: error.fault, extra: error.extra };
  const hint = error instanceof HostdError && error.hint !== undefined ? `; try: ${error.hint}` : '';
  return { fault: 'FAILED', extra: `${messageOf(error)}${hint}` };
}
