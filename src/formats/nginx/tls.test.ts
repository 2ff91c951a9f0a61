// TLS and redirects in nginx's words: what is written for hostd's keys, and which keys other people's files become.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf, textsOf, warningsOf } from '../cases.test.ts';
import type { SiteDraft } from '../draft.ts';
import { importDrafts } from '../import/import.ts';
import { nginx } from './nginx.ts';

const around = { include: () => [], environment: {}, machineName: 'host' };
const app = '[app.hello]\nroot = "/w"\nserver_names = ["hello.test"]\n';
const secure = `${app}certificate = "/tls/cert.pem"\ncertificate_key = "/tls/key.pem"\n`;
const vhost = (toml: string, plain = false) =>
  textsOf(hostOf(toml), 'nginx', plain)['/etc/nginx/sites-available/hello'] ?? '';

function read(text: string) {
  const { drafts = [] } = nginx.read?.([{ file: 'site', text }], around) ?? {};
  const sites = drafts.filter((draft): draft is SiteDraft => draft.kind === 'site');
  const why = drafts.flatMap(draft => (draft.kind === 'remark' ? [`${draft.line}  ${draft.why}`] : []));
  return { sites, why, imported: importDrafts(drafts).files[0]?.text ?? '' };
}

const pass = 'location / { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; }';
const pair = 'ssl_certificate /tls/cert.pem; ssl_certificate_key /tls/key.pem;';

function keysOf(text: string) {
  const { sites, why } = read(text);
  const [site, second] = sites;
  assert.equal(second, undefined);
  const { serverNames, certificate, redirectHttps, redirectFrom } = site ?? assert.fail(why.join('\n'));
  return { serverNames, tls: certificate !== null, redirectHttps, redirectFrom, why };
}

test('the classic form says TLS and redirects in the classic words, and keeps the article’s otherwise', () => {
  const text = vhost(`${secure}redirect_https = true\nredirect_from = ["www.hello.test"]\n`, true);
  assert.match(
    text,
    / {4}listen {3}443 ssl;\n {4}server_name hello\.test;\n\n {4}ssl_certificate \/tls\/cert\.pem;/,
  );
  assert.match(
    text,
    / {4}listen {3}80;\n {4}server_name hello\.test;[^}]*return 301 https:\/\/\$host\$request_uri;/,
  );
  assert.match(text, /server_name www\.hello\.test;[^}]*return 301 https:\/\/hello\.test\$request_uri;/);
  const settings = '[proxy]\nerror_pages = "/p"\naccess_log_format = "json"\nacme_webroot = "/acme"\n';
  assert.equal(vhost(`${settings}${app}`, true), vhost(app, true));
});

test('what the classic form leaves out is told', () => {
  const keys = 'trusted_proxies = ["10.0.0.1"]\ndefault_site = "hello"\nerror_pages = "/p"\n';
  assert.deepEqual(warningsOf(hostOf(`[proxy]\n${keys}${app}redirect_https = true\n`), 'nginx', true), [
    'nginx: "hello": the plain form leaves out error_pages, redirect_https, trusted_proxies, default_site',
  ]);
  assert.deepEqual(warningsOf(hostOf(secure), 'nginx', true), []);
});

test('paths with a dollar sign are left out, and told', () => {
  const toml = `[proxy]\nacme_webroot = "/a$b"\n${app}certificate = "/t$x"\ncertificate_key = "/k"\nerror_pages = "/p$q"\n`;
  assert.deepEqual(warningsOf(hostOf(toml), 'nginx'), [
    'nginx: "hello": "/t$x" has a "$", which nginx takes for a variable: TLS is left out',
    'nginx: "hello": "/p$q/" has a "$", which nginx takes for a variable: error_page is left out',
    'nginx: "hello": "/a$b/" has a "$", which nginx takes for a variable: /.well-known/acme-challenge/ is left out',
  ]);
  assert.doesNotMatch(vhost(toml), /ssl|error_page|acme/);
});

test('the address for TLS is that of the proxy, with its port in a redirect', () => {
  const toml = `[proxy]\ntls_listen = ["127.0.0.1:8443", "[::1]:8443"]\n${secure}redirect_https = true\n`;
  assert.match(vhost(toml), /listen 127\.0\.0\.1:8443 ssl;\n {4}listen \[::1\]:8443 ssl;/);
  assert.match(vhost(toml), /return 301 https:\/\/\$host:8443\$request_uri;/);
});

for (const plain of [false, true])
  for (const keys of ['', 'redirect_https = true\n', 'redirect_from = ["www.hello.test", "old.test"]\n'])
    test(`a ${plain ? 'plain' : 'hardened'} file with TLS and ${JSON.stringify(keys)} is read back to what it was written from`, () => {
      const text = vhost(`${secure}${keys}`, plain);
      const { imported, why } = read(text);
      assert.deepEqual(why, []);
      const again = imported.replace(/^root .*$/m, 'root = "/w"');
      assert.equal(vhost(again, plain), text);
    });

test('what certbot makes of a site is a certificate and redirect_https', () => {
  const { why, ...keys } = keysOf(`server {
    server_name shop.test;
    ${pass}
    listen [::]:443 ssl ipv6only=on; # managed by Certbot
    listen 443 ssl; # managed by Certbot
    ${pair}
    include /etc/letsencrypt/options-ssl-nginx.conf; # managed by Certbot
    ssl_dhparam /etc/letsencrypt/ssl-dhparams.pem; # managed by Certbot
}
server {
    if ($host = www.shop.test) {
        return 301 https://$host$request_uri;
    }
    if ($host = shop.test) {
        return 301 https://$host$request_uri;
    } # managed by Certbot
    listen 80;
    listen [::]:80;
    server_name shop.test;
    return 404; # managed by Certbot
}`);
  assert.deepEqual(keys, { serverNames: ['shop.test'], tls: true, redirectHttps: true, redirectFrom: [] });
  assert.deepEqual(why, []);
});

test('two server blocks for one socket are one site, whichever comes first', () => {
  const blocks = [
    `server { listen 80; server_name shop.test b.test; ${pass} }`,
    `server { listen 443 ssl; server_name shop.test; ${pair} ${pass} }`,
  ];
  for (const text of [blocks.join('\n'), blocks.toReversed().join('\n')]) {
    const { why, ...keys } = keysOf(text);
    assert.deepEqual(keys, {
      serverNames: ['shop.test', 'b.test'],
      tls: true,
      redirectHttps: false,
      redirectFrom: [],
    });
    assert.deepEqual(why, []);
  }
});

test('redirects to one host are redirect_from for other names and redirect_https for its own', () => {
  const { why, ...keys } = keysOf(`
server { listen 443 ssl; server_name a.test shop.test; ${pair} ${pass} }
server { listen 80; server_name shop.test www.shop.test; rewrite ^ https://shop.test$request_uri? permanent; }
server { listen 443 ssl; server_name old.test; ${pair} location / { return 308 https://shop.test$request_uri; } }`);
  assert.deepEqual(keys, {
    serverNames: ['shop.test', 'a.test'],
    tls: true,
    redirectHttps: true,
    redirectFrom: ['www.shop.test', 'old.test'],
  });
  assert.deepEqual(why, []);
});

test('redirects that hostd has no key for are told, and change nothing', () => {
  for (const redirect of [
    'server_name other.test; return 301 https://elsewhere.test$request_uri;',
    'server_name other.test; return 301 https://$host$request_uri;',
    'server_name shop.test; return 301 http://shop.test$request_uri;',
    'server_name www.shop.test; return 301 https://shop.test/welcome;',
    'server_name www.shop.test; location /a { return 301 https://shop.test$request_uri; }',
  ]) {
    const { why, ...keys } = keysOf(`server { listen 80; server_name shop.test; ${pass} }
server { listen 80; ${redirect} }`);
    assert.deepEqual(
      [
        keys.redirectHttps,
        keys.redirectFrom,
        why.some(line => line.endsWith('it hands nothing to a unix socket or to numeric addresses')),
      ],
      [false, [], true],
      redirect,
    );
  }
});

test('a site that speaks https alone, other protocols and old TLS are told', () => {
  const { why } = keysOf(`server {
    listen 443 ssl http2; listen 443 quic; server_name shop.test; ${pair} ${pass}
    ssl_protocols TLSv1 TLSv1.2;
    if ($http_user_agent ~ bot) { return 403; }
}`);
  assert.deepEqual(why, [
    'listen 443 ssl http2;  hostd speaks HTTP/1.1',
    'listen 443 quic;  hostd speaks HTTP/1.1',
    'ssl_protocols TLSv1 TLSv1.2;  hostd speaks TLS 1.2 and 1.3',
    'if ($http_user_agent ~ bot) { return 403; }  not understood',
    'listen  hostd serves it by http too, unless redirect_https = true',
  ]);
});

test('what is for [proxy] is told once, with the key', () => {
  const acme = 'location ^~ /.well-known/acme-challenge/ { root /acme; }';
  const { why, redirectHttps } = keysOf(`
server { listen 80 default_server; server_name shop.test; ${acme} set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;
  real_ip_recursive on; access_log /l json; error_page 404 /404.html; if ($scheme = http) { return 301 https://$host$request_uri; } ${pass} }
server { listen 80; server_name www.shop.test; ${acme} set_real_ip_from 10.0.0.0/8; location / { return 301 $scheme://shop.test$request_uri; } }`);
  assert.equal(redirectHttps, true);
  assert.deepEqual(why, [
    'listen 80 default_server;  [proxy] default_site names the app that it is for',
    'location ^~ /.well-known/acme-challenge/ { root /acme; }  [proxy] acme_webroot = "/acme"',
    'set_real_ip_from 10.0.0.0/8;  [proxy] trusted_proxies = [..., "10.0.0.0/8"]',
    'access_log /l json;  [proxy] access_log_format = "json"',
    'error_page 404 /404.html;  error_pages = a directory of 404.html, 502.html, ...',
  ]);
});
