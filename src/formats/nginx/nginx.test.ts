import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf, textsOf, warningsOf } from '../cases.test.ts';
import type { SiteDraft } from '../draft.ts';
import { importDrafts } from '../import/import.ts';
import { nginx } from './nginx.ts';
import { NginxError, parseNginx } from './syntax.ts';

const around = { include: () => [], environment: {}, machineName: 'host' };
const vhost = (toml: string, plain = false) =>
  textsOf(hostOf(toml), 'nginx', plain)['/etc/nginx/sites-available/hello'] ?? '';

function read(text: string) {
  const { drafts = [], problems = [] } = nginx.read?.([{ file: 'site', text }], around) ?? {};
  return { drafts, problems, sites: drafts.filter((draft): draft is SiteDraft => draft.kind === 'site') };
}

test('the addresses are those of the proxy whose place nginx takes', () => {
  const app = '[app.hello]\nroot = "/w"\n';
  assert.match(vhost(app), /listen 80;\n {4}listen \[::\]:80;/);
  assert.match(vhost(`[proxy]\nlisten = ["127.0.0.1:8080"]\n${app}`), /listen 127\.0\.0\.1:8080;/);
  assert.match(vhost(`[proxy]\nlisten = ["127.0.0.1:8080"]\n${app}`, true), / listen {3}127\.0\.0\.1:8080;/);
});

test('an app without host names has the one that needs no DNS', () => {
  assert.match(vhost('[app.hello]\nroot = "/w"\n'), /server_name hello\.localhost;/);
});

test('connections to the app are kept where its workers keep them', () => {
  assert.doesNotMatch(vhost('[app.hello]\nroot = "/w"\n'), /keepalive/);
  assert.match(vhost('[app.hello]\nroot = "/w"\nthreads = 4\n'), /keepalive 8;/);
});

test('an app that is served elsewhere has an upstream of several servers, and no other format has anything of it', () => {
  const toml = '[app.hello]\nupstreams = ["10.0.0.5:8000", "[::1]:8000"]\nserver_names = ["hello.test"]\n';
  for (const plain of [true, false]) {
    const text = vhost(toml, plain);
    assert.match(
      text,
      /upstream hello_app_server \{\n +least_conn;\n +server 10\.0\.0\.5:8000 max_fails=1 fail_timeout=10s;\n +server \[::1\]:8000 max_/,
    );
    assert.match(text, /\n +proxy_connect_timeout 2s;\n/);
  }
  for (const format of ['supervisor', 'gunicorn-start', 'systemd']) {
    assert.deepEqual(textsOf(hostOf(toml), format, false), {});
    assert.deepEqual(warningsOf(hostOf(toml), format), [
      `${format}: app "hello" has upstreams, and nothing of it runs here: there is nothing to write`,
    ]);
  }
});

test('no files are served where there are none, and paths are quoted', () => {
  const text = vhost('[app.hello]\nroot = "/w"\nstatic = false\nmedia = "/m d/"\n');
  assert.doesNotMatch(text, /location \/static/);
  assert.match(text, /alias "\/m d\/";/);
});

test('a dollar sign, which nginx takes for a variable, is told with its place', () => {
  const found = warningsOf(hostOf('[app.hello]\nroot = "/w$x"\n'), 'nginx');
  assert.equal(found.length, 3);
  assert.match(found.join('\n'), /"\/w\$x\/static\/" has a "\$"/);
});

test('a virtual host of other habits is understood: names on two lines, root, try_files, a socket without upstream', () => {
  const { sites, drafts, problems } = read(`http { server {
    listen 80; listen [::]:80;
    server_name shop.test
                www.shop.test; # both
    client_max_body_size 10m;
    location /static { root /srv/shop; }
    location ^~ /media/ { alias /srv/shop/media; }
    location / { try_files $uri @app; }
    location @app { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; proxy_set_header Host $host; }
  } }`);
  assert.deepEqual(problems, []);
  assert.equal(drafts.length, 1, JSON.stringify(drafts));
  const { at: _, ...site } = sites[0] ?? assert.fail();
  assert.deepEqual(site, {
    kind: 'site',
    name: 'site',
    serverNames: ['shop.test', 'www.shop.test'],
    socket: '/srv/shop/run/gunicorn.sock',
    address: null,
    addresses: [],
    upstreams: [],
    clientMaxBodySize: 10 * 1024 ** 2,
    static: '/srv/shop/static/',
    media: '/srv/shop/media/',
    hidden: [],
    closed: null,
    accessLog: null,
    errorLog: null,
    certificate: null,
    redirectHttps: false,
    redirectFrom: [],
    errorPages: null,
    staticExpires: null,
    mediaExpires: null,
    proxyReadTimeout: null,
  });
});

test('what is not understood is kept as a comment with its file and line, and listed', () => {
  const { drafts } = read(`upstream shop_app { server unix:/srv/shop/run/gunicorn.sock; }
server {
    listen 443 ssl http2;
    server_name shop.test ~^x$;
    add_header X-A "b c";
    location /private/ { internal; }
    location / { proxy_pass http://shop_app; proxy_next_upstream off; }
}`);
  const { files, problems } = importDrafts(drafts);
  const text = files[0]?.text ?? '';
  assert.match(text, /^# site:3: listen 443 ssl http2; {2}\(hostd speaks HTTP\/1\.1\)$/m);
  assert.match(text, /^# site:4: server_name .* {2}\("~\^x\$" is no plain host name\)$/m);
  assert.match(text, /^# site:5: add_header X-A "b c"; {2}\(not understood\)$/m);
  assert.match(text, /^# site:6: location \/private\/ \{ internal; \}/m);
  assert.match(text, /^# site:7: proxy_next_upstream off;/m);
  assert.match(text, /^server_names += \["shop\.test"\]$/m);
  assert.match(text, /^client_max_body_size = "1m"$/m);
  assert.match(
    text,
    /^# site:3: .*\(its ssl_certificate or ssl_certificate_key is not in this server block\)$/m,
  );
  assert.equal(problems.length, 7);
});

test('a text that nginx would refuse is refused with its line', () => {
  for (const [text, line] of [
    ['server {\n listen 80\n}', 3],
    ['server {\n listen 80;\n', 1],
    ['}\n', 1],
    ['a "b"c;', 1],
    ['a "b', 1],
    [';', 1],
    ['a {'.repeat(50_000), 1],
  ] as const)
    assert.throws(
      () => parseNginx(text, 'x'),
      error => error instanceof NginxError && error.at.line === line,
      text,
    );
});
