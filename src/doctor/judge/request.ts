// What a request's answer says about a site. An answer that is bad is a symptom: its reason is looked for elsewhere too. Pure.

import { plainName } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import { silence } from '../../protocol/silence.ts';
import type { Visited } from '../../protocol/visit.ts';
import type { AppFacts, RequestFacts } from '../facts.ts';
import { type Finding, found, joined, type Looked, made, nothing } from '../finding.ts';
import { judgeTls } from './tls.ts';

/** Milliseconds from which an answer is slow. */
const slow = 3000;

/** A traceback's last line, from the app's own Python or its log; null: none is known. */
export type Reason = string | null;

export function judgeRequests(facts: AppFacts, requests: RequestFacts, reason: Reason): Looked {
  const { plain, secure, direct, health, file, frontSecure } = requests;
  const main = secure ?? plain ?? direct;
  return joined(
    secure?.tls == null ? nothing : judgeTls(secure.tls, facts.app, 'own'),
    frontSecure?.tls == null ? nothing : judgeTls(frontSecure.tls, facts.app, 'front'),
    main === null ? nothing : judgeMain(main, facts, requests, reason),
    plain === null || secure === null || plain === main ? nothing : judgePlain(plain, facts.app),
    health === null || health === main ? nothing : judgeHealth(health, main, facts.app),
    file === null || (main !== null && main.why !== '') ? nothing : judgeFile(file, facts.app),
  );
}

/** Whether an answer is a visitor's page, or leads to one. */
export function isGood({ status, isLoop }: Visited): boolean {
  return status >= 200 && status < 400 && !isLoop;
}

function judgeMain(main: Visited, facts: AppFacts, requests: RequestFacts, reason: Reason): Looked {
  const { app, status, proxy } = facts;
  const { direct } = requests;
  const url = `"${plainName(app)}"`;
  const logs = `hostctl logs ${app.name}`;
  const bad = (message: string, hint: string, explains = false) =>
    found(made('request', 'error', message, hint, { explains }));
  if (main.isLoop) return bad(loopMessage(main, url), loopHint(app));
  if (main.why === 'late' && status?.state === 'STARTING')
    return bad(`a request for ${url} waits: its app is still starting`, logs);
  if (main.why === 'late') {
    const waiting = status?.site?.waiting_requests ?? 0;
    const busy =
      waiting >= app.workers && app.command === null ? `: all its ${app.workers} workers are busy` : '';
    return bad(
      `a request for ${url} got no answer within ${Math.round(main.ms / 1000)} s${busy}`,
      `what do they wait for (a database, another service)? ${logs}; hostctl scale ${app.name} ${app.workers + 2}`,
    );
  }
  if (main.why === 'ECONNREFUSED' && proxy.enabled)
    return bad(
      `nobody listens on the proxy's address, so a request for ${url} is refused`,
      'hostctl status hostd-proxy; hostctl start hostd-proxy',
    );
  if (main.why !== '') return bad(`a request for ${url} got no answer: ${silence(main.why)}`, logs);
  const because = reason === null ? '' : `: ${reason}`;
  if (main.status === 400)
    return bad(
      `a request for ${url} is answered with 400${because}`,
      `has ALLOWED_HOSTS in ${app.settings} the host name? ${logs}`,
    );
  if ((main.status === 502 || main.status === 504) && direct !== null && direct !== main && isGood(direct))
    return bad(
      `the proxy answers ${main.status} for ${url}, and the app itself answers well: the proxy does not reach its socket`,
      `hostctl reload hostd-proxy; ${logs} --errors`,
      true,
    );
  if (main.status === 503 && status?.site?.maintenance === true) return nothing;
  if (main.status >= 500)
    return bad(
      `a request for ${url} is answered with ${main.status}${because}`,
      reason === null ? `${logs}; ${logs} --errors` : logs,
    );
  return joined(judgeEnd(main, facts, requests), found(...remarks(main, app, url)));
}

function loopMessage({ hops }: Visited, url: string): string {
  return `a request for ${url} is redirected for ever (${hops.slice(0, 2).join(' to ')})`;
}

function loopHint({ settings }: App): string {
  return `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") in ${settings}, since Django has to be told of https; if a proxy in front speaks it: [proxy] trusted_proxies = ["its address"]`;
}

/** A redirect to https where nobody speaks it. What a web server in front makes of it is judged in front.ts. */
function judgeEnd(main: Visited, { app, proxy }: AppFacts, requests: RequestFacts): Looked {
  const { secure, direct, frontSecure } = requests;
  const last = main.hops.at(-1) ?? '';
  const leads = main.status >= 300 && main.status < 400 && last.startsWith('https://');
  if (!leads || secure !== null || frontSecure !== null || hostOf(last) !== plainName(app)) return nothing;
  const say = (message: string, hint: string) =>
    found(made('request', 'error', message, hint, { explains: true }));
  if (direct?.isLoop === true) return say(loopMessage(direct, `"${plainName(app)}"`), loopHint(app));
  if (app.certificate !== null || proxy.trustedProxies.length > 0) return nothing;
  return say(
    `a request is redirected to ${last}, and nobody speaks https for it here`,
    `certificate and certificate_key in its table, or SECURE_SSL_REDIRECT = False in ${app.settings}; if a proxy in front speaks https: [proxy] trusted_proxies = ["its address"]`,
  );
}

function hostOf(url: string): string {
  return /^https?:\/\/([^/:]+)/.exec(url)?.[1] ?? '';
}

function remarks(main: Visited, app: App, url: string): readonly Finding[] {
  const all: Finding[] = [];
  if (main.ms > slow)
    all.push(
      made(
        'request',
        'warning',
        `a request for ${url} took ${(main.ms / 1000).toFixed(1)} s`,
        `hostctl logs ${app.name} --access`,
      ),
    );
  if (main.status === 404)
    all.push(
      made(
        'request',
        'note',
        `its first page is answered with 404 ("${main.title}")`,
        `has ROOT_URLCONF of ${app.settings} a page for ""?`,
      ),
    );
  else if (main.status >= 400 && main.status < 500)
    all.push(
      made('request', 'note', `its first page is answered with ${main.status} ("${main.title}")`, null),
    );
  return all;
}

function judgePlain(plain: Visited, app: App): Looked {
  if (plain.why === '' && (isGood(plain) || plain.status < 500)) return nothing;
  const what = plain.why === '' ? `is answered with ${plain.status}` : `got no answer: ${silence(plain.why)}`;
  return found(made('request', 'error', `a request by http ${what}`, `hostctl logs ${app.name} --errors`));
}

function judgeHealth(health: Visited, main: Visited | null, app: App): Looked {
  if (isGood(health) || (main !== null && !isGood(main) && main.status !== 404)) return nothing;
  const what =
    health.why === '' ? `is answered with ${health.status}` : `got no answer: ${silence(health.why)}`;
  const message = `its health path "${app.health}" ${what}: every reload will be refused`;
  return found(
    made('request', 'error', message, 'health = "/a/path/that/answers", then: hostctl update', {
      explains: true,
    }),
  );
}

function judgeFile(file: Visited & { readonly path: string }, app: App): Looked {
  if (isGood(file)) return nothing;
  const what = file.why === '' ? `is answered with ${file.status}` : `got no answer: ${silence(file.why)}`;
  const message = `"/static/${file.path}" is there, and ${what}`;
  return found(
    made('static', 'error', message, `hostctl logs ${app.name} --errors; ls -l ${app.static}${file.path}`),
  );
}
