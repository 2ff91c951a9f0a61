// Lets in whoever may: the login, the sessions and the refusals before any page is made. Asks root for nothing.

import type { Socket } from 'node:net';
import { native } from '../native/index.ts';
import type { WebOrder } from '../protocol/web.ts';
import { Attempts } from './access/attempts.ts';
import { isForeign, isOwnHost } from './access/origin.ts';
import { Passwords } from './access/passwords.ts';
import { isSame, type Session, type Sessions } from './access/sessions.ts';
import { uidOfUnixPeer } from './access/source.ts';
import { cookieOf, page, plain, type Reply, redirect, secretsIn } from './http/reply.ts';
import type { Asking } from './http/server.ts';
import { errorPage, loginPage } from './pages/login.ts';

export interface Door {
  /** Why a request is not answered at all; null: it is. */
  refusal(asking: Asking): Reply | null;
  session(asking: Asking): Session | null;
  /** GET and POST of /login. */
  login(asking: Asking): Promise<Reply>;
  /** To the login, and back afterwards. */
  toLogin(asking: Asking): Reply;
  logout(asking: Asking, session: Session): Reply;
}

/** `say`: for the log. */
export function makeDoor(order: WebOrder, sessions: Sessions, say: (what: string) => void): Door {
  const attempts = new Attempts();
  const passwords = order.login === null ? null : new Passwords(order.login);
  const now = () => performance.now();

  const show = (asking: Asking, wrong: string | null, status = 200, retryMs = 0): Reply => {
    const { form, query, socket } = asking;
    const reply = page(
      loginPage({
        machine: order.machine,
        next: ownPath(form.get('next') ?? query.get('next')),
        known: passwords === null ? (nameOfPeer(socket) ?? 'somebody') : null,
        wrong,
        user: form.get('user') ?? '',
      }),
      status,
    );
    if (retryMs === 0) return reply;
    return { ...reply, fields: { ...reply.fields, 'Retry-After': String(Math.ceil(retryMs / 1000)) } };
  };
  const enter = ({ form, source, isSecure }: Asking, user: string): Reply => {
    say(`${user} has logged in from ${source}`);
    return redirect(ownPath(form.get('next')), cookieOf(sessions.begin(user, source, now()), isSecure));
  };

  return {
    refusal({ method, request, isSecure }) {
      const { host } = request.headers;
      if (!isOwnHost(host, order.serverNames))
        return plain(
          421,
          'cannot answer for this host name: it is none of this page\n  try: server_names in [web], or an address',
        );
      if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
        return plain(405, 'cannot do that: this page has GET and POST', { Allow: 'GET, HEAD, POST' });
      if (isForeign({ method, fields: request.headers, isSecure }))
        return plain(403, "cannot do that: another site's page has asked for it");
      return null;
    },
    session({ request, source }) {
      for (const secret of secretsIn(request.headers.cookie)) {
        const found = sessions.find(secret, source, now());
        if (found !== null) return found;
      }
      return null;
    },
    async login(asking) {
      const { method, form, source, socket } = asking;
      if (method !== 'POST') return show(asking, null);
      if (passwords === null) {
        const user = nameOfPeer(socket);
        return user === null
          ? show(asking, 'The kernel does not say who you are.', 403)
          : enter(asking, user);
      }
      const wait = attempts.take(source, now());
      if (wait > 0)
        return show(asking, `Too many tries. Try again in ${Math.ceil(wait / 1000)} s.`, 429, wait);
      const user = form.get('user') ?? '';
      const isRight = await passwords.judge(source, user, form.get('password') ?? '');
      if (isRight === null)
        return show(asking, 'Too many log in at this moment. Try again in a few seconds.', 503, 5000);
      if (!isRight) {
        say(`a login from ${source} is refused`);
        return show(asking, 'User or password is wrong.', 403);
      }
      attempts.forgive(source);
      return enter(asking, order.login?.user ?? user);
    },
    toLogin({ method, path, query }) {
      if (method === 'POST')
        return page(errorPage('Logged out', 'Your session has ended: log in, and do it again.'), 403);
      const search = query.toString();
      const next = ownPath(search === '' ? path : `${path}?${search}`);
      return redirect(next === '/' ? '/login' : `/login?next=${encodeURIComponent(next)}`);
    },
    logout({ form, request, isSecure }, session) {
      if (!isSame(form.get('token') ?? '', session.token))
        return plain(403, 'cannot log out: this form is none of your session');
      for (const secret of secretsIn(request.headers.cookie)) sessions.end(secret);
      return redirect('/login', cookieOf('', isSecure));
    },
  };
}

/** The user at the other end of a unix socket; null: not known. */
function nameOfPeer(socket: Socket): string | null {
  const uid = uidOfUnixPeer(socket);
  return uid === null ? null : (native.user(uid)?.name ?? `uid ${uid}`);
}

/** The path, if it leads to a page of ours; "/" for anything else, such as "//evil.test". */
export function ownPath(path: string | null): string {
  return path !== null &&
    path.length < 2000 &&
    /^\/(?:(?!login|logout|[/\\])[\x21-\x5b\x5d-\x7e]*)?$/.test(path)
    ? path
    : '/';
}
