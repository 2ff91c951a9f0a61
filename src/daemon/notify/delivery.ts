// How a notice leaves hostd: to a command's standard input, or to the process that posts it. Each has its time, and then is killed.

import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { messageOf } from '../../errors.ts';
import { describeExit } from '../../lifecycle/view.ts';
import { readText } from '../../linux/read-text.ts';
import type { Host, NotifySettings, Program } from '../../model/host.ts';
import { usualLog, usualSupervision } from '../../model/supervision.ts';
import { native, type User } from '../../native/index.ts';
import {
  decodePostAnswer,
  longestDelivery,
  longestTry,
  type PostOrder,
  postAnswerLimit,
} from '../../protocol/notify.ts';
import { openDocument } from '../own/nameless.ts';
import { startOwn } from '../own-process.ts';
import { readLines } from '../proxies/lines.ts';
import {
  attributesOf,
  environmentOf,
  findCommand,
  groupsOf,
  type LaunchContext,
  launch,
  userOf,
} from '../runs/launch.ts';
import { killRun, whenOver } from '../runs/run.ts';

export interface Delivered {
  readonly ok: boolean;
  /** "exit status 1: its last words", "HTTP 500 (3 tries)". */
  readonly what: string;
}

/** `once`: it is only tried, and not tried again. Never rejects. */
export type Deliver = (body: string, once: boolean) => Promise<Delivered>;

/** Milliseconds that a command may take. */
const longestCommand = 30_000;
/** Bytes of a command's output: what is shown of it, and what it may write at all. */
const shownOutput = 1000;
const mostOutput = 64 * 1024;
/** Milliseconds for its last words, once nothing of it is left. */
const longestLastWords = 500;
/** Bytes of a file of certificate authorities. */
const longestCa = 1024 * 1024;

interface Output {
  discard(): void;
  /** The beginning of it, in one line. */
  words(): Promise<string>;
}

/** Whom nothing belongs to. */
function plainUser(): User {
  return userOf({ user: process.geteuid?.() === 0 ? 'nobody' : null });
}

/** To the command of [notify]. Of what it starts nothing is left behind; a next hostd ends it, should this one die. */
export function commandDelivery(
  { command, user }: NotifySettings,
  host: () => Host,
  context: LaunchContext,
): Deliver {
  let runs = 0;
  return (body, _once) =>
    new Promise(resolve => {
      const fds: number[] = [];
      let output: Output | null = null;
      try {
        const whom = user === null ? plainUser() : userOf({ user });
        const program = programOf(command, whom.name);
        const stdin = openDocument(host().settings.runtimeDir, body);
        fds.push(stdin);
        const [read, write] = native.pipe();
        fds.push(write);
        output = collect(read);
        runs += 1;
        const run = launch(
          program,
          runs,
          { env: {}, fds: [], close: [] },
          {
            ...context,
            isTrial: true,
            bear: () => {
              const env = environmentOf(program, whom, {});
              const owner = { uid: whom.uid, gid: whom.gid };
              return {
                file: findCommand(program, env['PATH'] ?? '', owner),
                argv: command,
                env,
                directory: '/',
                ...owner,
                groups: groupsOf(whom, whom.gid),
                ...attributesOf(program),
                // Mail is sent by way of set-group-ID programs.
                noNewPrivs: 0,
                openLog: () => duplicate(write),
                stdin,
              };
            },
          },
        );
        let isLate = false;
        const late = setTimeout(() => {
          isLate = true;
          killRun(run);
        }, longestCommand);
        whenOver(
          run,
          () => false,
          ending => {
            clearTimeout(late);
            context.records.remove(program.name, run.number);
            const how = ending.kind === 'failed' ? ending.why : describeExit(ending.how);
            const ok = ending.kind === 'exited' && ending.how.code === 0;
            const why = isLate ? `killed: not done within ${longestCommand / 1000} s` : how;
            void output?.words().then(words => {
              resolve({ ok, what: words === '' || ok ? why : `${why}: ${words}` });
            });
          },
        );
      } catch (error) {
        output?.discard();
        resolve({ ok: false, what: messageOf(error) });
      } finally {
        for (const fd of fds) closeSync(fd);
      }
    });
}

/** By way of the process that posts: hostd itself speaks to nobody. */
export function urlDelivery({ url, caFile }: NotifySettings, host: () => Host): Deliver {
  return (body, once) =>
    new Promise(resolve => {
      const fds: number[] = [];
      let life = -1;
      try {
        const { runtimeDir } = host().settings;
        const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
        const ca = caFile === null ? null : readText(caFile, owner, longestCa);
        const order: PostOrder = { url: url ?? '', ca, body, once };
        const document = openDocument(runtimeDir, JSON.stringify(order));
        fds.push(document);
        const [answerRead, answerWrite] = native.pipe();
        fds.push(answerWrite);
        const [lifeRead, lifeWrite] = native.pipe();
        fds.push(lifeRead);
        life = lifeWrite;
        let result: Delivered | null = null;
        const given = {
          user: plainUser(),
          runtimeDir,
          env: [],
          fds: [document, answerWrite, lifeRead],
          stderr: null,
        };
        let ended: string | null = null;
        let left = 2;
        const done = () => {
          left -= 1;
          if (left > 0) return;
          clearTimeout(late);
          closeSync(life);
          resolve(result ?? { ok: false, what: ended ?? 'it said nothing' });
        };
        readLines(
          answerRead,
          postAnswerLimit,
          line => {
            const answer = decodePostAnswer(line);
            if (answer === null || result !== null) return false;
            const tries = answer.tries === 1 ? '' : ` (${answer.tries} tries)`;
            result = { ok: answer.ok, what: `${answer.what}${tries}` };
            return true;
          },
          done,
        );
        const child = startOwn('notify', given, why => {
          ended = why;
          done();
        });
        const late = setTimeout(child.kill, longestDelivery + 2 * longestTry);
      } catch (error) {
        if (life >= 0) closeSync(life);
        resolve({ ok: false, what: messageOf(error) });
      } finally {
        for (const fd of fds) closeSync(fd);
      }
    });
}

function programOf(command: readonly string[], user: string): Program {
  const log = { path: null, ...usualLog };
  return {
    ...usualSupervision,
    name: 'hostd-notify',
    group: 'hostd-notify',
    groupPriority: 999,
    app: null,
    kind: 'command',
    source: { file: '', key: ['notify'] },
    instance: null,
    command,
    directory: '/',
    environment: {},
    user,
    unixGroup: null,
    socket: null,
    health: null,
    listener: null,
    schedule: null,
    stdout: log,
    stderr: null,
  };
}

function duplicate(fd: number): number {
  return openSync(`/proc/self/fd/${fd}`, 'w');
}

/** Reads a pipe to its end, or until it has written too much: then it gets SIGPIPE. Keeps the beginning. */
function collect(fd: number): Output {
  const pipe = new Socket({ fd, readable: true, writable: false });
  let text = '';
  let length = 0;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  pipe.on('data', (piece: Buffer) => {
    length += piece.length;
    if (text.length < shownOutput) text += piece.toString('utf8');
    if (length > mostOutput) pipe.destroy();
  });
  pipe.on('error', () => {});
  pipe.on('close', () => resolve());
  return {
    discard: () => void pipe.destroy(),
    async words() {
      const late = setTimeout(() => pipe.destroy(), longestLastWords);
      await ended;
      clearTimeout(late);
      return text.slice(0, shownOutput).trim().replaceAll(/\s+/g, ' ');
    },
  };
}
