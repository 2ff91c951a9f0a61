// Tells hostd that an app has come or gone, and waits until hostd has started or stopped it.

import { CommandFailed } from '../../create/run.ts';
import type { Outcome } from '../../create/site.ts';
import { HostdError } from '../../errors.ts';
import type { Progress, StatusReply } from '../../protocol/control.ts';
import type { Context, Input } from '../program/command.ts';
import { act, type Done } from './act.ts';
import { printProblems } from './changes.ts';
import { Client, type Request } from './client.ts';

const unknown = 'hostd does not know it';

/** Keeps hostd's message about one app that has failed to start. Others are printed elsewhere. */
class ListeningClient extends Client {
  /** The app; null: none. */
  own: string | null = null;
  failed: Done | null = null;

  override async *progress(request: Request): AsyncGenerator<Progress> {
    this.failed = null;
    for await (const progress of super.progress(request)) {
      const isOwn = progress.kind === 'done' && progress.name === this.own && progress.outcome === 'failed';
      if (isOwn) this.failed = progress;
      else yield progress;
    }
  }
}

export class Teller {
  readonly #client: ListeningClient;
  readonly #context: Context;

  /** `socket`: the one that the configuration names. --socket and HOSTD_SOCKET win over it. */
  constructor(input: Input, context: Context, socket: string) {
    const { socket: given, config } = input.options;
    const environment = typeof config === 'string' ? undefined : context.env['HOSTD_SOCKET'];
    this.#client = new ListeningClient(typeof given === 'string' ? given : environment || socket);
    this.#context = context;
  }

  /** Does what hostctl update does. false: no hostd runs. */
  async update(): Promise<boolean> {
    try {
      await this.#ask('update', {});
      return true;
    } catch (error) {
      if (error instanceof HostdError && error.code === 'no-daemon') return false;
      throw error;
    }
  }

  /** The same. @throws HostdError when hostd keeps the app all the same, since its configuration has errors */
  async gone(name: string): Promise<boolean> {
    if (!(await this.update())) return false;
    const { programs } = await this.#client.get<StatusReply>({ method: 'GET', path: 'status' });
    if (!programs.some(program => program.app === name)) return true;
    throw new HostdError('failed', `cannot remove "${name}": hostd still runs it`, {
      hint: `hostctl check, then again: hostctl remove ${name}`,
    });
  }

  /** @throws CommandFailed with lines of its log, when a new app does not run */
  async started(name: string, isNew: boolean): Promise<Outcome> {
    this.#client.own = isNew ? name : null;
    if (!(await this.update())) return { made: false, said: 'hostd does not run; hostd start will start it' };
    let why = await this.#state(name);
    // The app ran when hostd said so, and has ended since. Its second try says why.
    if (why !== null && why !== unknown && isNew && this.#client.failed === null) {
      await this.#ask('start', { names: [name] });
      why = await this.#state(name);
    }
    const { failed } = this.#client;
    if (failed === null && why === null) return { made: true, said: 'RUNNING' };
    if (!isNew) return { made: false, said: `${why}; try: hostctl start ${name}` };
    throw notStarted(name, failed?.message ?? `${why}`);
  }

  #ask(path: 'update' | 'start', body: object): Promise<number> {
    return act(this.#client, { method: 'POST', path, body }, this.#context, reread =>
      printProblems(reread.problems, this.#context),
    );
  }

  /** null: it runs. */
  async #state(name: string): Promise<string | null> {
    const query: [string, string][] = [['name', name]];
    const { programs } = await this.#client.get<StatusReply>({ method: 'GET', path: 'status', query });
    const program = programs.find(program => program.name === name);
    if (program === undefined) return unknown;
    return program.state === 'RUNNING' ? null : `${program.state}, ${program.description}`;
  }
}

/** `message`: hostd's, with the app's own lines behind "  | ". hostd's hint is left out, since the app will be removed. */
function notStarted(name: string, message: string): CommandFailed {
  const [first = '', ...rest] = message.split('\n');
  const said = rest.filter(line => line.startsWith('  | ')).map(line => line.slice('  | '.length));
  const why = first.replace(`${name}: `, '').replace('cannot start: ', '');
  return new CommandFailed(
    `cannot start "${name}": ${why}`,
    said,
    `hostctl create ... --keep, then: hostctl logs ${name}`,
  );
}
