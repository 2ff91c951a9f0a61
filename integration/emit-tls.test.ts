// TLS, redirects, trusted proxies, error pages and JSON logs, as emit writes them: real nginx answers, and import reads them back.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { type Ask, ask } from '../scripts/http.ts';
import { run } from '../scripts/run.ts';
import { needs, startNginx, type Tool, tools } from './emit/tools.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');
const skip = needs('nginx') || (hasOpenssl() ? false : 'needs openssl');

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}

interface Scene {
  readonly place: Place;
  readonly port: number;
  readonly tlsPort: number;
  readonly config: string;
  readonly vhost: string;
  readonly nginx: Tool;
  get(host: string, path?: string, more?: Partial<Ask>): ReturnType<typeof ask>;
}

/** nginx before an app that answers with the header fields that it was sent. */
async function startScene(
  t: TestContext,
  given: { proxy?: string; app: string; plain?: boolean },
): Promise<Scene> {
  const place = makePlace(t);
  const root = place.directory('w');
  for (const directory of ['w/static', 'w/logs', 'w/run', 'tls', 'pages', 'acme/.well-known/acme-challenge'])
    place.directory(directory);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=hello.test'],
      ...['-keyout', `${place.dir}/tls/key.pem`, '-out', `${place.dir}/tls/cert.pem`],
    ],
    { stdio: 'pipe' },
  );
  place.write('w/static/a.txt', 'a');
  place.write('pages/404.html', 'our own 404');
  place.write('pages/502.html', 'our own 502');
  place.write('acme/.well-known/acme-challenge/token', 'proof');
  await echo(place, `${root}/run/gunicorn.sock`);
  const port = await freePort();
  const tlsPort = await freePort();
  const fill = (text: string) => text.replaceAll('DIR', place.dir);
  const config = place.write(
    'hostd.toml',
    `[proxy]\nlisten = ["127.0.0.1:${port}"]\ntls_listen = ["127.0.0.1:${tlsPort}"]\n${fill(given.proxy ?? '')}
[app.hello]\nroot = "${root}"\nserver_names = ["hello.test"]\n${fill(given.app)}\n`,
  );
  const tree = place.directory('tree');
  const options = given.plain ? ['--plain'] : [];
  const ran = await run([hostctl, 'emit', 'nginx', '--out', tree, '-c', config, ...options]);
  assert.equal(ran.code, 0, ran.stderr);
  const nginx = await startNginx(place, tree, port);
  const get: Scene['get'] = (host, path = '/', more = {}) => ask({ to: { port }, host, path, ...more });
  const vhost = `${tree}/etc/nginx/sites-available/hello`;
  return { place, port, tlsPort, config, vhost, nginx, get };
}

async function echo(place: Place, socket: string): Promise<void> {
  const server = createServer((req, res) => {
    const status = req.url === '/missing' ? 404 : 200;
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(req.headers));
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  chmodSync(socket, 0o777);
  place.after(() => void server.close());
}

function getSecurely(port: number, host: string, path = '/') {
  return new Promise<{ status: number; location: string | undefined; text: string }>((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, servername: host, rejectUnauthorized: false, headers: { host } },
      answer => {
        let text = '';
        answer.on('data', chunk => (text += chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, text }),
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

const secure = 'certificate = "DIR/tls/cert.pem"\ncertificate_key = "DIR/tls/key.pem"\n';

/** The [app.hello] that nginx's file is read back to, without what its reader has to guess. */
async function imported({ vhost }: Scene): Promise<{ keys: readonly string[]; said: string }> {
  const ran = await run([hostctl, 'import', 'nginx', vhost]);
  const keys = ran.stdout.split('\n').filter(line => /^(cert|redir|error_p|server_n)/.test(line));
  return { keys: keys.map(line => line.replace(/ +=/, ' =')), said: ran.stderr };
}

for (const plain of [false, true])
  test(`a ${plain ? 'plain' : 'hardened'} site speaks https, and sends http and its other names there`, {
    skip,
  }, async t => {
    const scene = await startScene(t, {
      proxy: 'acme_webroot = "DIR/acme"\n',
      app: `${secure}redirect_https = true\nredirect_from = ["www.hello.test"]\n`,
      plain,
    });
    const { place, tlsPort, get } = scene;
    const there = await getSecurely(tlsPort, 'hello.test');
    assert.equal(there.status, 200);
    assert.equal(JSON.parse(there.text)['x-forwarded-proto'], 'https');
    assert.match(JSON.parse(there.text)['x-request-id'] ?? '', plain ? /^$/ : /^[0-9a-f]{32}$/);
    const origin = `https://hello.test:${tlsPort}`;
    for (const [host, path] of [
      ['hello.test', '/x?a=b%20c'],
      ['hello.test', '/static/a.txt'],
      ['www.hello.test', '/x'],
    ] as const) {
      const answer = await get(host, path);
      assert.deepEqual([answer.status, answer.headers.location], [301, `${origin}${path}`]);
    }
    const other = await getSecurely(tlsPort, 'www.hello.test', '/x?y');
    assert.deepEqual([other.status, other.location], [301, `${origin}/x?y`]);
    for (const host of ['hello.test', 'www.hello.test'])
      assert.equal((await get(host, '/.well-known/acme-challenge/token')).text, 'proof');
    const { keys, said } = await imported(scene);
    assert.deepEqual(keys, [
      'server_names = ["hello.test"]',
      `certificate = "${place.dir}/tls/cert.pem"`,
      `certificate_key = "${place.dir}/tls/key.pem"`,
      'redirect_https = true',
      'redirect_from = ["www.hello.test"]',
    ]);
    assert.match(said, /\[proxy\] acme_webroot = "\S+\/acme"\)/);
    assert.equal(said.match(/warning/g)?.length, 1, said);
  });

test('a site with a certificate and without a redirect is served by both', {
  skip,
}, async t => {
  const scene = await startScene(t, { app: `${secure}redirect_from = ["www.hello.test"]\n` });
  assert.equal(JSON.parse((await scene.get('hello.test')).text)['x-forwarded-proto'], 'http');
  assert.equal((await getSecurely(scene.tlsPort, 'hello.test')).status, 200);
  const answer = await scene.get('www.hello.test', '/x');
  assert.deepEqual([answer.status, answer.headers.location], [301, `http://hello.test:${scene.port}/x`]);
  const { keys, said } = await imported(scene);
  assert.ok(keys.includes('redirect_from = ["www.hello.test"]') && !keys.includes('redirect_https = true'));
  assert.equal(said, '');
});

test('the word of a trusted proxy counts, for the scheme, the address and the redirect; that of nobody else', {
  skip,
}, async t => {
  const scene = await startScene(t, {
    proxy: 'trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]\nacme_webroot = "DIR/acme"\n',
    app: 'redirect_https = true\nredirect_from = ["www.hello.test"]\n',
  });
  const { get } = scene;
  const fields = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.0.0.9' };
  const place = { 'x-forwarded-host': 'outside.test', 'x-forwarded-port': '8443' };
  const behind = JSON.parse(
    (await get('hello.test', '/', { headers: { ...claims, ...fields, ...place } })).text,
  );
  assert.equal(behind['x-forwarded-host'], 'outside.test');
  assert.equal(behind['x-forwarded-port'], '8443');
  for (const name of ['forwarded', 'proxy', 'x-forwarded-prefix'])
    assert.equal(behind[name], undefined, name);
  assert.equal(behind['x-forwarded-proto'], 'https');
  assert.equal(behind['x-real-ip'], '192.0.2.7');
  assert.equal(behind['x-forwarded-for'], '6.6.6.6, 192.0.2.7, 10.0.0.9, 127.0.0.1');
  for (const headers of [{}, { 'x-forwarded-proto': 'http' }, { 'x-forwarded-proto': 'banana' }]) {
    const answer = await get('hello.test', '/static/a.txt', { headers });
    assert.deepEqual([answer.status, answer.headers.location], [301, 'https://hello.test/static/a.txt']);
  }
  assert.equal((await get('hello.test', '/.well-known/acme-challenge/token')).text, 'proof');
  const other = await get('www.hello.test', '/x', { headers: fields });
  assert.equal(other.headers.location, 'https://hello.test/x');
  const { keys, said } = await imported(scene);
  assert.deepEqual(keys, [
    'server_names = ["hello.test"]',
    'redirect_https = true',
    'redirect_from = ["www.hello.test"]',
  ]);
  assert.match(said, /\[proxy\] trusted_proxies = \[\.\.\., "10\.0\.0\.0\/8"\]/);
});

/** What only a proxy may say. */
const claims = {
  'x-forwarded-host': 'evil.test',
  'x-forwarded-port': '1',
  'x-forwarded-ssl': 'on',
  'x-forwarded-protocol': 'ssl',
  'x-forwarded-scheme': 'https',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-server': 'evil.test',
  forwarded: 'host=evil.test;proto=https',
  proxy: 'evil.test:1',
};

test('no client says what only a proxy may say', { skip }, async t => {
  const { get } = await startScene(t, { app: '' });
  const seen = JSON.parse((await get('hello.test', '/', { headers: claims })).text);
  assert.equal(seen['x-forwarded-proto'], 'http');
  for (const name of Object.keys(claims)) assert.equal(seen[name], undefined, name);
});

test('who is no trusted proxy chooses neither scheme nor address', { skip }, async t => {
  const { get } = await startScene(t, { proxy: 'trusted_proxies = ["10.0.0.0/8", "::1"]\n', app: '' });
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '6.6.6.6', ...claims };
  const seen = JSON.parse((await get('hello.test', '/', { headers })).text);
  for (const name of Object.keys(claims)) assert.equal(seen[name], undefined, name);
  assert.deepEqual(
    [seen['x-forwarded-proto'], seen['x-real-ip'], seen['x-forwarded-for']],
    ['http', '127.0.0.1', '6.6.6.6, 127.0.0.1'],
  );
  assert.equal(JSON.parse((await get('hello.test')).text)['x-forwarded-for'], '127.0.0.1');
});

test('pages of error_pages stand for what the app does not answer, nginx’s own where there is none', {
  skip,
}, async t => {
  const scene = await startScene(t, {
    proxy: 'default_site = "hello"\n',
    app: 'error_pages = "DIR/pages"\nclient_max_body_size = 10\n',
  });
  const { place, get } = scene;
  const brief = async (path: string, more = {}) => {
    const { status, text } = await get('hello.test', path, more);
    return [status, text.trim()];
  };
  assert.deepEqual(await brief('/static/none.txt'), [404, 'our own 404']);
  assert.deepEqual(await brief('/.hostd-page-404'), [404, 'our own 404']);
  assert.match(String((await brief('/missing'))[1]), /"host":"hello.test"/);
  const large = await get('hello.test', '/', { method: 'POST', body: 'x'.repeat(11) });
  assert.equal(large.status, 413);
  assert.match(large.text, /nginx/);
  assert.equal((await get('unknown.test')).status, 200);
  rmSync(`${place.dir}/w/run/gunicorn.sock`);
  assert.deepEqual(await brief('/'), [502, 'our own 502']);
  assert.deepEqual(await brief('/', { method: 'POST', body: 'x' }), [502, 'our own 502']);
  rmSync(`${place.dir}/pages/502.html`);
  const bare = await get('hello.test');
  assert.equal(bare.status, 502);
  assert.match(bare.text, /502 Bad Gateway/);
  const { keys, said } = await imported(scene);
  assert.deepEqual(keys, ['server_names = ["hello.test"]', `error_pages = "${place.dir}/pages/"`]);
  assert.match(said, /listen \S+ default_server; \(\[proxy\] default_site/);
});

test('a JSON log has an object for each request, whatever was asked', { skip }, async t => {
  const scene = await startScene(t, { proxy: 'access_log_format = "json"\n', app: '' });
  await scene.get('hello.test', '/a?b="c"', {
    headers: { 'user-agent': 'x "y" \\ \xff', authorization: `Basic ${btoa('me:x')}` },
  });
  await scene.get('hello.test', '/static/a.txt');
  const log = `${scene.place.dir}/w/logs/nginx-access.log`;
  const lines = await until('two lines', () => {
    const found = readFileSync(log, 'latin1').split('\n').filter(Boolean);
    return found.length === 2 && found;
  });
  const [first, second] = lines.map(line => JSON.parse(line));
  assert.deepEqual(Object.keys(first), [
    ...['time', 'site', 'remote_addr', 'remote_user', 'method', 'uri', 'protocol', 'host', 'status'],
    ...['body_bytes_sent', 'request_time', 'upstream_time', 'referer', 'user_agent', 'request_id', 'scheme'],
  ]);
  assert.deepEqual(
    [first.site, first.uri, first.remote_user, first.status],
    ['hello', '/a?b="c"', 'me', 200],
  );
  assert.equal(typeof first.upstream_time, 'number');
  assert.equal(second.upstream_time, null);
  assert.equal(first.user_agent, 'x "y" \\ \xff');
  const { said } = await imported(scene);
  assert.match(said, /\[proxy\] access_log_format = "json"/);
  assert.equal(said.match(/warning/g)?.length, 1, said);
});

test('nginx accepts everything at once, for two sites', { skip }, async t => {
  const everything = (trusted: string) => ({
    proxy: `access_log_format = "json"\nacme_webroot = "DIR/acme"\nerror_pages = "DIR/pages"\ndefault_site = "hello"\n${trusted}`,
    app: `${secure}redirect_https = true\nredirect_from = ["*.hello.test"]
[app.good-bye]\nroot = "DIR/w2"\nserver_names = ["bye.test"]\n${secure}redirect_https = true\nlogs = "DIR/w/logs"\n`,
  });
  for (const trusted of ['', 'trusted_proxies = ["10.0.0.0/8", "::1"]\n']) {
    const { nginx, place, get } = await startScene(t, everything(trusted));
    assert.equal((await get('x.hello.test', '/')).status, 301);
    const config = `${place.dir}/nginx/nginx.conf`;
    const judged = await run([
      tools.nginx ?? '',
      '-t',
      '-p',
      place.dir,
      '-c',
      config,
      '-e',
      `${place.dir}/e.log`,
    ]);
    assert.equal(judged.code, 0, judged.stderr);
    assert.doesNotMatch(judged.stderr, /warn/);
    await nginx.stop();
  }
});
