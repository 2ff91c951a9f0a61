// Which page answers which request: everything that somebody who is logged in can see and do. Each page is made from what root says.

import { isElsewhere } from '../model/elsewhere.ts';
import type { AboutReply, ProgramStatus, StatusReply } from '../protocol/control.ts';
import type { WebOrder } from '../protocol/web.ts';
import type { Session } from './access/sessions.ts';
import type { Door } from './door.ts';
import { Examinations } from './examinations.ts';
import { makeForms, readOnly } from './forms.ts';
import type { History } from './history.ts';
import { file, page, type Reply, redirect } from './http/reply.ts';
import type { Answer, Asking, Streamed } from './http/server.ts';
import { logsOf, makeLogs } from './logs.ts';
import { confirmPage } from './pages/confirm.ts';
import { doctorPage } from './pages/doctor.ts';
import { eventsPage, mostEvents } from './pages/events.ts';
import type { Viewer } from './pages/frame.ts';
import { isChannel, logPage, mostBytes, mostLines } from './pages/log.ts';
import { errorPage } from './pages/login.ts';
import { overviewPage } from './pages/overview.ts';
import { ownFiles } from './pages/own-files.ts';
import { hasDoctor, programPage, shownBytes, shownEvents, shownLines } from './pages/program.ts';
import { isAction } from './pages/states.ts';
import { at } from './pages/words.ts';
import { type Root, RootError } from './root.ts';

export interface SiteContext {
  readonly order: WebOrder;
  readonly door: Door;
  readonly root: Root;
  readonly history: History;
}

export function makeSite(context: SiteContext): Answer {
  const { door } = context;
  const visit = makeVisit(context);
  return async asking => {
    const refused = door.refusal(asking);
    if (refused !== null) return refused;
    const own = asking.method === 'POST' ? undefined : ownFiles.get(asking.path);
    if (own !== undefined) return file(own.type, own.body);
    if (asking.path === '/login') return await door.login(asking);
    const session = door.session(asking);
    if (session === null) return door.toLogin(asking);
    if (asking.path === '/logout' && asking.method === 'POST') return door.logout(asking, session);
    try {
      return await visit(asking, session);
    } catch (error) {
      if (!(error instanceof RootError)) throw error;
      const title = error.status === 404 ? 'There is no such program' : 'hostd cannot do that';
      return page(errorPage(title, error.message, error.hint), error.status);
    }
  };
}

function makeVisit({ order, root, history }: SiteContext) {
  const allLogs = makeLogs(root);
  const examinations = new Examinations(root);
  const mayOperate = order.may === 'operate';
  const { act, examine } = makeForms({ root, examinations, mayOperate });
  const viewerOf = (session: Session, { request }: Asking): Viewer => {
    const { user, token } = session;
    // A page that keeps itself current shows no notice: it is for the page that comes after a form.
    const isNew = request.headers['x-live'] === undefined;
    const notice = isNew ? session.notice : null;
    if (isNew) session.notice = null;
    return { machine: order.machine, user, mayOperate, token, notice };
  };
  const programsFor = async ({ user }: Session) => (await root.get<StatusReply>('status', [], user)).programs;

  return async (asking: Asking, session: Session): Promise<Reply | Streamed> => {
    const { path, query, method } = asking;
    const isPost = method === 'POST';
    if (path === '/' && !isPost) {
      const programs = await programsFor(session);
      const search = (query.get('q') ?? '').slice(0, 200);
      const at = Number(query.get('page') ?? 1) || 1;
      return page(
        overviewPage(viewerOf(session, asking), {
          programs,
          history: name => history.of(name),
          search,
          page: at,
        }),
      );
    }
    if (path === '/events' && !isPost) {
      const events = await root.events([['lines', String(mostEvents)]], session.user);
      return page(eventsPage(viewerOf(session, asking), events));
    }
    const old = isPost ? null : supervisorsAddress(asking);
    if (old !== null) return redirect(old);
    const [, typed = '', below = ''] = /^\/programs\/([^/]+)(?:\/([a-z/]+))?$/.exec(path) ?? [];
    const name = decoded(typed);
    if (name === null) return page(errorPage('There is no such page', path), 404);
    const programs = await programsFor(session);
    const program = programs.find(one => one.name === name);
    if (program === undefined)
      throw new RootError(404, `"${name}" is the name of no program`, 'hostctl status');
    if (below === '' && !isPost) return page(await programOf(program, programs, session, asking));
    if (below === 'log' && !isPost) return page(await logOf(name, session, asking));
    if (below === 'log/follow' && method === 'GET') return await allLogs.follow(name, query, session);
    if (below === 'doctor' && hasDoctor(program))
      return isPost
        ? await examine(name, asking, session)
        : page(doctorPage(viewerOf(session, asking), name, examinations.of(name), Date.now()));
    if (!isAction(below)) return page(errorPage('There is no such page', path), 404);
    if (!mayOperate) return readOnly;
    if (isElsewhere(program) && below !== 'maintenance')
      return page(
        errorPage('That cannot be done here', `Nothing of "${name}" runs here: it has upstreams.`),
        409,
      );
    if (!isPost) return page(confirmPage(viewerOf(session, asking), below, program, session.newForm()));
    return await act(asking, session, program);
  };

  async function programOf(
    program: ProgramStatus,
    all: readonly ProgramStatus[],
    session: Session,
    asking: Asking,
  ): Promise<string> {
    const { name } = program;
    const { user } = session;
    const [about, events] = await Promise.all([
      root.get<AboutReply>('about', [['name', name]], user),
      root.events(
        [
          ['name', name],
          ['lines', String(shownEvents)],
        ],
        user,
      ),
    ]);
    const logs = logsOf(about, name);
    const log = logs[0] === undefined ? '' : await allLogs.end(name, logs[0], shownLines, shownBytes, user);
    return programPage(viewerOf(session, asking), {
      program,
      programs: program.app === name ? all.filter(({ app }) => app === name) : [program],
      about,
      points: history.of(name),
      events,
      logs,
      log: typeof log === 'string' ? log : log.why,
      examination: examinations.of(name),
      now: Date.now(),
    });
  }

  async function logOf(name: string, session: Session, asking: Asking): Promise<string> {
    const about = await root.get<AboutReply>('about', [['name', name]], session.user);
    const asked = asking.query.get('channel') ?? 'stdout';
    const channel = isChannel(asked) ? asked : 'stdout';
    const text = await allLogs.end(name, channel, mostLines, mostBytes, session.user);
    return logPage(viewerOf(session, asking), { name, channel, others: logsOf(about, name), text });
  }
}

/** The addresses of Supervisor's web interface, for bookmarks; null: it is none of them. They only show. */
function supervisorsAddress({ path, query }: Asking): string | null {
  const name = query.get('processname');
  if (path === '/index.html') return '/';
  if (path === '/tail.html' && name !== null) return at(name, 'log');
  const [, tailed, channel = 'stdout'] = /^\/logtail\/([^/]+)(?:\/(stdout|stderr))?$/.exec(path) ?? [];
  const decodedName = tailed === undefined ? null : decoded(tailed);
  return decodedName === null ? null : at(decodedName, `log/follow?channel=${channel}`);
}

/** null: it is empty, or no percent encoding. */
function decoded(text: string): string | null {
  try {
    const name = decodeURIComponent(text);
    return name === '' ? null : name;
  } catch {
    return null;
  }
}
