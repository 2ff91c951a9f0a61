// What Supervisor's web interface answers (web.py of 4.2.5): pages, and actions with a message that the next page shows.

import { splitName } from '../../words/process-names.ts';
import type { Struct, Value } from '../../xmlrpc/values.ts';
import { RpcFault } from '../methods/errors.ts';
import { call } from '../methods/table.ts';
import type { Session } from '../session.ts';
import { statusPage, tailPage } from './html.ts';

/** The first value of each name. */
export type Form = ReadonlyMap<string, string>;

export type Page =
  | { readonly kind: 'html' | 'plain'; readonly body: string }
  /** What was done: the page that says so is elsewhere. */
  | { readonly kind: 'done'; readonly message: string };

/** The fewest and the most bytes of a log's end that are shown. */
const [leastTail, mostTail] = [1024, 4 * 1024 * 1024];

/** null: there is no such page. */
export function pageName(path: string): 'index.html' | 'tail.html' | 'ok.html' | null {
  if (path === '' || path === 'index.html') return 'index.html';
  return path === 'tail.html' || path === 'ok.html' ? path : null;
}

/** @throws RpcFault, Unforeseen; Error for an action that there is not */
export async function pageOf(session: Session, path: string, form: Form): Promise<Page> {
  const name = pageName(path);
  if (name === 'ok.html') return { kind: 'plain', body: 'OK' };
  if (name === 'tail.html') return { kind: 'html', body: await tail(session, form) };
  const action = form.get('action');
  if (action !== undefined)
    return { kind: 'done', message: await act(session, action, form.get('processname')) };
  const found = (await ask(session, 'getAllProcessInfo')) as readonly Struct[];
  const text = (struct: Struct, key: string) => String(struct.get(key) ?? '');
  const rows = found.map(struct => ({
    group: text(struct, 'group'),
    name: text(struct, 'name'),
    statename: text(struct, 'statename'),
    description: text(struct, 'description'),
  }));
  return { kind: 'html', body: statusPage(rows, form.get('message') ?? null) };
}

/** Supervisor's own interface, whatever it is called. */
function ask(session: Session, method: string, ...params: readonly Value[]): Promise<Value> {
  const [space = 'supervisor'] = session.about().interfaces ?? [];
  return call(session, `${space}.${method}`, params);
}

async function tail(session: Session, form: Form): Promise<string> {
  const name = form.get('processname') ?? null;
  const wanted = form.get('limit') ?? '';
  const limit = Math.min(mostTail, Math.max(leastTail, /^\d+$/.test(wanted) ? Number(wanted) : 0));
  if (name === null) return tailPage(null, limit, 'No process name found');
  try {
    return tailPage(name, limit, String(await ask(session, 'readProcessStdoutLog', name, -limit, 0)));
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    const isMissing = error.text.startsWith('NO_FILE');
    return tailPage(name, limit, isMissing ? `No file for ${name}` : `ERROR: ${unexpected(error)}`);
  }
}

const unexpected = ({ code, text }: RpcFault) => `unexpected rpc fault [${code}] ${text}`;

/** Of a start that fails, in words. */
const reasons: Readonly<Record<string, string>> = {
  NO_FILE: 'no such file',
  NOT_EXECUTABLE: 'file not executable',
  ALREADY_STARTED: 'already started',
  SPAWN_ERROR: 'spawn error',
  ABNORMAL_TERMINATION: 'abnormal termination',
};

/** Does it, and says what was done. */
async function act(session: Session, action: string, namespec: string | undefined): Promise<string> {
  const now = () => new Date(session.now()).toString().replace(/^(\w+ \w+ \d+) (\d+) (\S+).*$/, '$1 $3 $2');
  if (action === 'refresh') return `Page refreshed at ${now()}`;
  if (action === 'stopall' || action === 'restartall') {
    await ask(session, 'stopAllProcesses');
    if (action === 'restartall') await ask(session, 'startAllProcesses');
    return `All ${action === 'stopall' ? 'stopped' : 'restarted'} at ${now()}`;
  }
  const deed = Object.hasOwn(deeds, action) ? deeds[action as keyof typeof deeds] : undefined;
  if (deed === undefined || namespec === undefined)
    throw new Error(`no action "${action}" without a process`);
  if (splitName(namespec).name === null || !(await isThere(session, namespec)))
    return `No such process named ${namespec}`;
  return await deed(session, namespec);
}

async function isThere(session: Session, namespec: string): Promise<boolean> {
  try {
    await ask(session, 'getProcessInfo', namespec);
    return true;
  } catch (error) {
    if (error instanceof RpcFault && error.text.startsWith('BAD_NAME')) return false;
    throw error;
  }
}

const deeds = {
  async start(session: Session, name: string): Promise<string> {
    try {
      await ask(session, 'startProcess', name);
      return `Process ${name} started`;
    } catch (error) {
      if (!(error instanceof RpcFault)) throw error;
      return `ERROR: Process ${name}: ${reasons[/^\w+/.exec(error.text)?.[0] ?? ''] ?? unexpected(error)}`;
    }
  },
  stop: (session: Session, name: string) => tried(session, 'stopProcess', name, `Process ${name} stopped`),
  async restart(session: Session, name: string): Promise<string> {
    // As there: whatever comes of the two.
    for (const method of ['stopProcess', 'startProcess']) await tried(session, method, name, '');
    return `Process ${name} restarted`;
  },
  clearlog: (session: Session, name: string) =>
    tried(session, 'clearProcessLogs', name, `Log for ${name} cleared`),
};

async function tried(session: Session, method: string, name: string, done: string): Promise<string> {
  try {
    await ask(session, method, name);
    return done;
  } catch (error) {
    if (error instanceof RpcFault) return unexpected(error);
    throw error;
  }
}
