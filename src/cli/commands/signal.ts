// hostctl signal

import { HostdError } from '../../errors.ts';
import { nearest } from '../../words/nearest.ts';
import { parseSignal, signalNames } from '../../words/signals.ts';
import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const signal: Command = {
  name: 'signal',
  summary: 'send a signal to running programs',
  usage: 'SIGNAL NAME ... | all',
  help: `
Sends a signal to the main process of each program. SIGNAL is a name, with or without SIG, or a number:
HUP makes gunicorn load the app again, USR1 makes it open its logs again.`,
  options: {},
  operands: {
    min: 2,
    max: Number.POSITIVE_INFINITY,
    what: 'a SIGNAL and a NAME',
    complete: 'programs',
    also: ['HUP', 'INT', 'KILL', 'QUIT', 'TERM', 'USR1', 'USR2', 'WINCH'],
  },
  async run(input, context) {
    const [word = '', ...names] = input.operands;
    const body = { names, signal: signalName(word) };
    const client = await connect(input, context);
    return act(client, { method: 'POST', path: 'signal', body }, context);
  },
};

function signalName(word: string): NodeJS.Signals {
  const found = parseSignal(word);
  if (found !== null) return found;
  const near = nearest(word.toUpperCase().replace(/^SIG/, ''), signalNames);
  throw new HostdError('usage', `unknown signal "${word}"`, near === null ? {} : { hint: near });
}
