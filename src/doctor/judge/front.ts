// What is wrong between a web server in front, such as nginx, and an app that itself answers well. Pure.

import { plainName } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import type { Visited } from '../../protocol/visit.ts';
import type { Front } from '../facts.ts';
import { found, type Looked, made, nothing } from '../finding.ts';
import { isGood } from './request.ts';

export interface FrontFacts {
  readonly front: Front;
  /** The site's page, asked of the web server; and of the app itself or hostd's proxy. */
  readonly visited: Visited;
  readonly own: Visited | null;
  /** The sockets that the web server's configuration names; empty: not known. */
  readonly sockets: readonly string[];
  /** Whether it passes requests on to hostd's proxy, and not to the app. */
  readonly isBehind: boolean;
}

export function judgeFront({ front, visited, own, sockets, isBehind }: FrontFacts, app: App): Looked {
  const name = front.holder?.name ?? `the web server on port ${front.port}`;
  const who = front.holder === null ? name : `${name} (pid ${front.holder.pid})`;
  const host = plainName(app);
  const bad = (message: string, hint: string) =>
    found(made('proxy', 'error', message, hint, { explains: true }));
  if (own !== null && !isGood(own) && own.status < 400) return nothing;
  const isNginx = name === 'nginx';
  const again = `hostctl emit nginx ${app.name} --out / && hostctl nginx enable ${app.name} && nginx -t && nginx -s reload`;
  if (visited.status === 502 || visited.status === 504) {
    if (own !== null && own.status >= 500) return nothing;
    const near = sockets.find(path => path.startsWith(`${app.root}/`) || path.includes(`/${app.name}`));
    const wrong =
      !sockets.includes(app.socket) && !isBehind && near !== undefined
        ? `: it passes to "${near}", and the app's socket is "${app.socket}"`
        : '';
    return bad(
      `${who} answers ${visited.status} for "${host}", and the app itself answers${wrong}`,
      isNginx ? `${again}; tail /var/log/nginx/error.log` : `proxy to unix:${app.socket}`,
    );
  }
  if (visited.isLoop)
    return bad(
      `${who} speaks https for "${host}", and every page is redirected for ever: the app is not told of https`,
      isBehind
        ? `[proxy] trusted_proxies = ["127.0.0.1", "::1"], then: hostctl update`
        : 'in the virtual host: proxy_set_header X-Forwarded-Proto $scheme;',
    );
  const isOther = visited.status === 404 && own !== null && own.status !== 404;
  const isWelcome =
    /^welcome to nginx|default page|it works/i.test(visited.title) &&
    own !== null &&
    own.title !== visited.title;
  if (isOther || isWelcome)
    return bad(
      `${who} does not know "${host}": it answers ${visited.status} ("${visited.title}")`,
      isNginx ? again : `a virtual host for ${host} that proxies to unix:${app.socket}`,
    );
  return nothing;
}
