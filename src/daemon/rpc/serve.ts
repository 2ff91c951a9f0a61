// Puts together the parts that serve Supervisor's clients: hostd-rpc, the facts that it is told, and root's answers.

import type { Mood } from '../../protocol/rpc.ts';
import type { SocketNames } from '../sockets/names.ts';
import { type AnswersContext, makeAnswers } from './answers.ts';
import { makeRpc, type Rpc } from './process.ts';

/** The name of this server for its clients: Supervisor's default. */
const identification = 'supervisor';

/** Serves what the supervisor's host says, and later what each host says that is given to `keep`. */
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
    tell: supervisor.tell,
    answers,
    about: () => ({ pid: process.pid, mood, identification }),
  });
  // hostd may end by a command, a signal, or a client's request.
  supervisor.events.listen(event => {
    if (event.kind === 'supervisor-state' && event.state === 'STOPPING') setMood(-1);
  });
  rpc.keep(supervisor.host());
  return rpc;
}
