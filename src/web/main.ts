// hostd-web: serves the page in the browser on an inherited socket, and asks root for what it shows and does. It has no rights of its own,
// knows the password's digest, and ends with the hostd that has started it.

import { closeSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { messageOf } from '../errors.ts';
import { loadBareSockets } from '../native/bare-sockets.ts';
import { nameProcess } from '../process-name.ts';
import type { Sample } from '../protocol/sample.ts';
import { type WebOrder, webFds } from '../protocol/web.ts';
import { makeFrom } from './access/from.ts';
import { Sessions } from './access/sessions.ts';
import { makeDoor } from './door.ts';
import { History, intervalMs } from './history.ts';
import { serve } from './http/server.ts';
import { makeRoot, type Root } from './root.ts';
import { makeSite } from './site.ts';

function run(): void {
  nameProcess('hostd-web');
  // A disk that is full takes away the log, and nothing else.
  process.stderr.on('error', () => {});
  if (process.getuid?.() === 0)
    throw new Error('cannot run hostd-web as root: it reads what strangers send\n  try: hostd start');
  const order = JSON.parse(readFileSync(webFds.order, 'utf8')) as WebOrder;
  closeSync(webFds.order);
  // Its memory has sessions in it. Stays open where hostd runs as the same user.
  if (process.env['HOSTD_CLOSE_MEMORY'] === '1') loadBareSockets()?.closeMemory();
  new Socket({ fd: webFds.life, readable: true, writable: false })
    .on('error', () => process.exit(0))
    .on('close', () => process.exit(0))
    .resume();
  const root = makeRoot(`/proc/self/fd/${webFds.control}`);
  const history = new History();
  const sessions = new Sessions(keepHistory(root, history));
  const door = makeDoor(order, sessions, makeLog());
  serve(webFds.listener, makeFrom(order), makeSite({ order, door, root, history }), error =>
    complain(messageOf(error)),
  );
}

/** Takes samples while there are sessions. */
function keepHistory(root: Root, history: History): (sessions: number) => void {
  let timer: NodeJS.Timeout | undefined;
  const take = () =>
    root.get<Sample>('sample', [], 'hostd-web').then(
      sample => {
        if (timer !== undefined) history.add(sample);
      },
      // The next one is tried; a page that is asked for says what is wrong.
      () => {},
    );
  return sessions => {
    if (sessions > 0 === (timer !== undefined)) return;
    clearInterval(timer);
    timer = undefined;
    history.clear();
    if (sessions === 0) return;
    timer = setInterval(take, intervalMs);
    void take();
  };
}

/** Lines of the log in a minute: nobody fills the disk by logins that fail. */
const mostLines = 20;

function makeLog(): (what: string) => void {
  let minute = 0;
  let lines = 0;
  return what => {
    const now = Math.floor(Date.now() / 60_000);
    if (now !== minute) lines = 0;
    minute = now;
    lines++;
    if (lines > mostLines) return;
    complain(lines === mostLines ? `${what}; more in this minute is not written down` : what);
  };
}

function complain(what: string): void {
  process.stderr.write(`${new Date().toISOString()} hostd-web: ${what}\n`);
}

try {
  run();
} catch (error) {
  complain(messageOf(error));
  process.exit(1);
}
