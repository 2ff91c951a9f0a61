// Puts the parts together by which Supervisor's clients are served: hostd-rpc, what it is told, and what root answers it.

import type { Mood } from '../../protocol/rpc.ts';
import type { SocketNames } from '../sockets/names.ts';
import { type AnswersContext, makeAnswers } from './answers.ts';
import { makeRpc, type Rpc } from './process.ts';

/** What hostd calls itself to them: the name that Supervisor has by default. */
const identification = 'supervisor';

/** Serves what the supervisor's host says, and what later ones say that are handed to `keep`. */
export function serveSupervisorsClients(
  context: Omit<AnswersContext, 'setMood'> & { readonly names: SocketNames },
): Rpc {
  const { supervisor, names, log } = context;
  let mood: Mood = 1;
  const setMood = (next: Mood) => {
    mood = next;
    rpc.tell();
  };
  const answers = makeAnswers({ ...context, setMood });
  const rpc = makeRpc({
    sockets: supervisor.sockets,
    names,
    log,
    answers,
    about: () => ({ pid: process.pid, mood, identification }),
  });
  // By whatever it was asked to end: a command, a signal, a client.
  supervisor.events.listen(event => {
    if (event.kind === 'supervisor-state' && event.state === 'STOPPING') setMood(-1);
  });
  rpc.keep(supervisor.host());
  return rpc;
}
