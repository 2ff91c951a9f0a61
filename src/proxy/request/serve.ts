// Decides what answers one request: a page, a file, or the app. The order of the checks is nginx's, and a request is
// forwarded only after all of them have passed.

import { type ForwardOptions, forward } from '../app/forward.ts';
import { findLocation, serveFile } from '../files/static.ts';
import { workFor } from '../guard.ts';
import { type Client, clientBehind } from '../http/client-address.ts';
import { type RequestHead, readRequestHead } from '../http/request-head.ts';
import { fieldsKeptWithFile } from '../http/response-fields.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { normalise, parseTarget, type Target } from '../http/target.ts';
import type { Accepted, Exchange } from './exchange.ts';
import { redirectOf } from './redirects.ts';
import { canonicalName, hostName, type NamedSite } from './router.ts';

/** Serves a request. `tunnel`: only for a WebSocket, whose connection is no longer HTTP's. */
export function serve(exchange: Exchange, tunnel: ForwardOptions['tunnel'] = null): void {
  const accepted = accept(exchange);
  if (typeof accepted === 'number') {
    exchange.sendPage(accepted);
    return;
  }
  exchange.accept(accepted);
  workFor(exchange);
  const { head, target, site } = accepted;
  if (site.isLeftOut === true) {
    exchange.sendPage(503, { extra: ['Retry-After', '60'] });
    return;
  }
  const { acme = null } = exchange.worker;
  const isChallenge = acme !== null && target.path.startsWith(acme.prefix);
  if (!isChallenge && redirected(exchange, accepted)) return;
  const location = isChallenge ? acme : findLocation(site.locations, target.path);
  if (location === null && site.maintenance != null) {
    exchange.sendPage(503, { extra: ['Retry-After', String(site.maintenance.retryAfter)] });
    return;
  }
  const limit = site.clientMaxBodySize;
  if (limit !== 0 && (head.contentLength ?? 0) > limit) {
    exchange.sendPage(413);
    return;
  }
  if (head.upgrade !== 'none') exchange.closeAfter();
  const { method } = exchange.req;
  if (location !== null) {
    if (head.expectsContinue) exchange.closeAfter(); // the client is never told to send the body
    serveFile({ exchange, accepted, location, path: target.path, method, type: null, extra: [] });
    return;
  }
  const apps = exchange.worker.apps.get(site.name);
  if (apps === undefined) {
    exchange.report('no way to the app is known');
    exchange.sendPage(502);
    return;
  }
  forward(exchange, accepted, apps, tunnel === null ? plain : { tunnel, sendFile: sendFileOf });
}

const plain: ForwardOptions = { tunnel: null, sendFile: sendFileOf };

/** Sends the client elsewhere, if it is to go there. Returns whether it was. */
function redirected(exchange: Exchange, { site, hostName, target, client }: Accepted): boolean {
  if (!site.redirectHttps && site.isRedirected !== true) return false;
  const { method } = exchange.req;
  const { tlsPort = 443 } = exchange.worker;
  const redirect = redirectOf({ site, hostName, method, uri: target.uri, client, tlsPort });
  if (redirect === null) return false;
  exchange.sendPage(redirect.status, { location: redirect.location });
  return true;
}

/** The request as understood, or the status of a refusal. */
function accept(exchange: Exchange): Accepted | number {
  const { req, worker } = exchange;
  const { method, url, httpVersion } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return httpVersion.startsWith('0') ? 400 : 505;
  if (method.length + url.length + 10 > worker.limits.requestLine) return 414;
  const target = parseTarget(url);
  if (target === null) return 400;
  const head = readRequestHead(req.rawHeaders, httpVersion, worker.limits);
  if ('refuse' in head) return head.refuse;
  const found = findSite(exchange, head, target);
  if (typeof found === 'number') return found;
  return method === 'TRACE' ? 405 : { head, target, client: clientOf(exchange, head), ...found };
}

function clientOf({ connection, worker }: Exchange, head: RequestHead): Client {
  const { peer, trusted } = connection;
  return trusted && worker.isTrusted !== undefined ? clientBehind(peer, head, worker.isTrusted) : peer;
}

/** The host of an absolute target replaces the Host field (RFC 9112 section 3.2.2). */
function findSite(
  { worker }: Exchange,
  head: RequestHead,
  target: Target,
): { readonly site: NamedSite; readonly host: string; readonly hostName: string } | number {
  if (head.host !== null && hostName(head.host) === null) return 400;
  const host = target.authority ?? head.host;
  if (host === null) return worker.defaultSite == null ? 404 : unnamed(worker.defaultSite);
  const name = hostName(host);
  if (name === null) return 400;
  const site = worker.route(name);
  if (site !== null) return { site, host, hostName: name };
  // The default site answers to any name. That is no name for a redirect to lead to.
  return worker.defaultSite == null
    ? 404
    : { site: worker.defaultSite, host, hostName: canonicalName(worker.defaultSite) };
}

/** HTTP/1.0 needs no Host. The app is told one all the same, since Django refuses to do without. */
function unnamed(site: NamedSite): {
  readonly site: NamedSite;
  readonly host: string;
  readonly hostName: string;
} {
  const name = canonicalName(site);
  return { site, host: name, hostName: name };
}

/** X-Accel-Redirect: the app has decided that this client may have a file. */
function sendFileOf(exchange: Exchange, accepted: Accepted, answer: ResponseHead, to: string): void {
  const mark = to.indexOf('?');
  const path = to.startsWith('/') ? normalise(mark === -1 ? to : to.slice(0, mark)) : null;
  const location = path === null ? null : findLocation(accepted.site.locations, path);
  if (path === null || location === null) {
    exchange.report(`X-Accel-Redirect to "${to}", which is below no location`);
    exchange.sendPage(path === null ? 500 : 404);
    return;
  }
  const { type, encoded, fields } = fieldsKeptWithFile(answer);
  const extra = fields.flatMap(field => [field.name, field.value]);
  const method = exchange.req.method === 'HEAD' ? 'HEAD' : 'GET';
  serveFile({ exchange, accepted, location, path, method, type, extra, plain: encoded });
}
