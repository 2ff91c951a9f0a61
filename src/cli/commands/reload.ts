// hostctl reload

import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const reload: Command = {
  name: 'reload',
  summary: 'deploy new code without losing a request',
  usage: 'NAME ... | all [--hup]',
  help: `
Tries the new code on a socket of its own, where it must answer the app's health path; without one, "/" must not
fail where it did not before. Then a second gunicorn starts on the app's socket; when all its workers have loaded
the app, the old one finishes its requests and ends. If the new code does not load or answer, the old one serves on,
the app's last log lines are shown, and the exit code is 1. New code has 120 seconds to load and to answer; hostctl status shows that a reload is under way, and a second one waits
for it. Several apps are reloaded one after the other.

An app's other programs, such as Celery's workers (hello:*), have no socket to hand over: they are restarted, after the app
itself, and not at all when its new code does not load.`,
  options: {
    hup: {
      type: 'boolean',
      help: "send SIGHUP instead: gunicorn's own way, which loses requests on broken code",
    },
  },
  operands: { min: 1, max: Number.POSITIVE_INFINITY, what: 'a NAME, or all', complete: 'programs' },
  async run(input, context) {
    const client = await connect(input, context);
    const body = { names: input.operands, hup: input.options['hup'] === true };
    return act(client, { method: 'POST', path: 'reload', body }, context);
  },
};
