// The pages of [inet_http_server] beside Debian's supervisord: the same addresses answer and do the same, and no other site's page can
// act by them.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { checkout } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';

const supervisord = findProgram('supervisord');

function configuration(dir: string, port: number): string {
  return `[inet_http_server]
port=127.0.0.1:${port}
username=u
password=p
[supervisord]
logfile=${dir}/s.log
pidfile=${dir}/s.pid
childlogdir=${dir}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command=sh -c 'echo "<b>&hello"; exec cat'
startsecs=0
[program:down]
command=/bin/cat
autostart=false
startsecs=0
[program:missing]
command=/nonexistent/x
autostart=false
`;
}

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

interface Daemon {
  readonly url: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Got>;
}

async function begin(place: Place, name: string, command: readonly string[]): Promise<Daemon> {
  const port = await freePort();
  const dir = place.directory(name);
  const file = place.write(`${name}/s.conf`, configuration(dir, port));
  const [program = '', ...args] = command;
  const child: ChildProcess = spawn(program, [...args, '-n', '-c', file], {
    env: { PATH: process.env['PATH'], HOSTD_RUNTIME_DIR: `${dir}/run`, ...place.env },
    stdio: 'ignore',
  });
  place.after(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  const login = { Authorization: `Basic ${Buffer.from('u:p').toString('base64')}` };
  const daemon: Daemon = {
    url,
    async get(path, headers = {}) {
      const answer = await fetch(`${url}${path}`, { redirect: 'manual', headers: { ...login, ...headers } });
      return { status: answer.status, headers: answer.headers, body: await answer.text() };
    },
  };
  await until(
    `${name} to run its program`,
    () =>
      daemon.get('/').then(
        ({ body }) => /cat/.test(body) && />\s*running\s*</.test(body),
        () => false,
      ),
    { timeout: 30_000, every: 100 },
  );
  return daemon;
}

test('the web pages do what the genuine ones do, and nothing for other sites', {
  skip: supervisord === undefined && 'needs supervisor: apt-get install supervisor',
}, async t => {
  const place = makePlace(t);
  const [real, ours] = await Promise.all([
    begin(place, 'real', [supervisord ?? '']),
    begin(place, 'ours', [`${checkout}/bin/hostd`, 'supervisord']),
  ]);

  await t.test('the same answers at the same addresses', async () => {
    const said = (got: Got) => {
      const location = got.headers.get('Location');
      const message = location === null ? null : new URL(location, 'http://x/').searchParams.get('message');
      return `${got.status} ${got.headers.get('Content-Type')} ${message?.replace(/ at .*/, '')}`;
    };
    for (const path of [
      '/',
      '/index.html',
      '/ok.html',
      '/nope.html',
      '/tail.html',
      '/tail.html?processname=cat',
      '/?message=x',
      '/index.html?action=refresh',
      '/index.html?processname=down&action=start',
      '/index.html?processname=down&action=start',
      '/index.html?processname=down&action=restart',
      '/index.html?processname=down&action=stop',
      '/index.html?processname=down&action=stop',
      '/index.html?processname=missing&action=start',
      '/index.html?processname=cat&action=clearlog',
      '/index.html?processname=nosuch&action=stop',
      '/index.html?processname=cat:*&action=stop',
      '/index.html?processname=cat&action=nonsense',
      '/index.html?action=stopall',
      '/index.html?action=restartall',
    ]) {
      const [theirs, own] = await Promise.all([real.get(path), ours.get(path)]);
      const isPage = theirs.status < 400;
      assert.equal(isPage ? said(own) : own.status, isPage ? said(theirs) : theirs.status, path);
    }
  });

  await t.test('scripts find the same words at the same names in the page', async () => {
    const found = ({ body }: Got) => ({
      states: [...body.matchAll(/<span class="(status\w+)">([^<]*)<\/span>/g)].map(([, ...both]) => both),
      links: [...body.matchAll(/<a [^>]*?name="([^"#]+)"/g)].map(([, name]) => name),
      actions: [...body.matchAll(/href="([^"]*(?:action=|tail)[^"]*)"/g)].map(([, href]) => href),
      message: /<div class="status_msg">([^<]*)</.exec(body)?.[1],
      title: /<title>([^<]*)</.exec(body)?.[1],
      version: /Supervisor(?:<\/a>)? <span>([^<]*)</.exec(body)?.[1],
      items: [...body.matchAll(/<li[ >]/g)].length,
    });
    for (const path of ['/?message=hello', '/tail.html?processname=down']) {
      const [theirs, own] = await Promise.all([real.get(path), ours.get(path)]);
      assert.deepEqual(found(own), found(theirs), theirs.body);
    }
  });

  await t.test('the page has the state and the links, and nothing but its own markup', async () => {
    const { body, headers } = await ours.get('/?message=<script>alert(1)</script>');
    assert.match(body, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    assert.doesNotMatch(body, /<script/);
    assert.match(
      body,
      /<span class="statusrunning">running<\/span><\/td>\n<td><span>pid \d+, uptime 0:\d\d:\d\d<\/span>/,
    );
    assert.match(headers.get('Content-Security-Policy') ?? '', /default-src 'none'/);
    for (const [, href = ''] of body.matchAll(/href="([^"]+)"/g)) {
      if (/action=|logtail/.test(href)) continue;
      assert.equal((await ours.get(`/${href.replaceAll('&amp;', '&')}`)).status, 200, href);
    }
    await until('its log', async () =>
      (await ours.get('/tail.html?processname=cat')).body.includes('&lt;b&gt;&amp;hello'),
    );
  });

  await t.test('a browser acts from the page itself alone, and with the password', async () => {
    const stop = '/index.html?processname=cat&action=stop';
    const browser = { 'User-Agent': 'Mozilla/5.0' };
    for (const foreign of [
      { ...browser, Referer: 'http://evil.test/' },
      { ...browser, Origin: 'null' },
      { ...browser, 'Sec-Fetch-Site': 'same-site' },
      browser,
    ])
      assert.equal((await ours.get(stop, foreign)).status, 403, JSON.stringify(foreign));
    assert.equal((await ours.get(stop, { Authorization: 'Basic eDp5' })).status, 401);
    assert.match(
      (await ours.get('/')).body,
      /href="index\.html\?processname=cat&amp;action=stop"/,
      'it runs',
    );
    assert.equal(
      (await ours.get('/', { ...browser, 'Sec-Fetch-Site': 'cross-site' })).status,
      200,
      'to look is free',
    );
    assert.equal((await ours.get(stop, { ...browser, Referer: `${ours.url}/` })).status, 301);
    assert.match((await ours.get('/')).body, /href="index\.html\?processname=cat&amp;action=start"/);
  });
});
