// Tells hostd that an app has come or gone, and waits until it has been started or stopped.

import { CommandFailed } from '../../create/run.ts';
import type { Outcome } from '../../create/site.ts';
import { HostdError } from '../../errors.ts';
import type { Progress, StatusReply } from '../../protocol/control.ts';
import type { Context, Input } from '../program/command.ts';
import { act, type Done } from './act.ts';
import { printProblems } from './changes.ts';
import { Client, type Request } from './client.ts';

/** Lines of an app's log that are shown when it does not start. */
const logLines = 40;

/** Remembers what hostd said of each name, while somebody else prints it. */
class ListeningClient extends Client {
  readonly done = new Map<string, Done>();

  override async *progress(request: Request): AsyncGenerator<Progress> {
    for await (const progress of super.progress(request)) {
      if (progress.kind === 'done') this.done.set(progress.name, progress);
      yield progress;
    }
  }
}

export class Teller {
  readonly #client: ListeningClient;
  readonly #context: Context;

  /** `socket`: the one that the configuration names; --socket and HOSTD_SOCKET go before it. */
  constructor(input: Input, context: Context, socket: string) {
    const { socket: given, config } = input.options;
    const environment = typeof config === 'string' ? undefined : context.env['HOSTD_SOCKET'];
    this.#client = new ListeningClient(typeof given === 'string' ? given : environment || socket);
    this.#context = context;
  }

  /** hostctl update; false: no hostd runs. */
  async update(): Promise<boolean> {
    try {
      await act(this.#client, { method: 'POST', path: 'update', body: {} }, this.#context, reread =>
        printProblems(reread.problems, this.#context),
      );
      return true;
    } catch (error) {
      if (error instanceof HostdError && error.code === 'no-daemon') return false;
      throw error;
    }
  }

  /** Like update. @throws HostdError when hostd keeps the app all the same, since its configuration has errors */
  async gone(name: string): Promise<boolean> {
    if (!(await this.update())) return false;
    const { programs } = await this.#client.get<StatusReply>({ method: 'GET', path: 'status' });
    if (!programs.some(program => program.app === name)) return true;
    throw new HostdError('failed', `cannot remove "${name}": hostd still runs it`, {
      hint: `hostctl check, then again: hostctl remove ${name}`,
    });
  }

  /** @throws CommandFailed with the end of its log, when a new app does not run */
  async started(name: string, isNew: boolean): Promise<Outcome> {
    if (!(await this.update())) return { made: false, said: 'hostd does not run; hostd start will start it' };
    const done = this.#client.done.get(name);
    const why = done?.outcome === 'failed' ? done.message.split('\n')[0] : await this.#state(name);
    if (why === null) return { made: true, said: 'RUNNING' };
    if (!isNew) return { made: false, said: `${why}; try: hostctl start ${name}` };
    const hint = `hostctl create ... --keep, then: hostctl logs ${name}`;
    throw new CommandFailed(`cannot start "${name}": ${why}`, await this.#logOf(name), hint);
  }

  /** null: it runs. */
  async #state(name: string): Promise<string | null> {
    const query: [string, string][] = [['name', name]];
    const { programs } = await this.#client.get<StatusReply>({ method: 'GET', path: 'status', query });
    const program = programs.find(program => program.name === name);
    if (program === undefined) return 'hostd does not know it';
    return program.state === 'RUNNING' ? null : `${program.state}, ${program.description}`;
  }

  async #logOf(name: string): Promise<readonly string[]> {
    const query: [string, string][] = [
      ['name', name],
      ['lines', String(logLines)],
    ];
    let text = '';
    try {
      const chunks = this.#client.stream({ method: 'GET', path: 'logs', query });
      for await (const chunk of chunks) text += chunk.toString('utf8');
    } catch {
      // No log: the state says what there is to say.
    }
    return text.split('\n').filter(line => line !== '');
  }
}
