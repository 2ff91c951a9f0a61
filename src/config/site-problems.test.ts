// TLS, redirects and pages in the configuration: how they are read, and every mistake with its whole message.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from '../model/machine.ts';
import { richMachine, tryApps, tryFiles } from './fixture.test.ts';

const app = (keys: string, name = 'shop') => `[app.${name}]\nroot = "/webapps/${name}"\n${keys}\n`;
const pair = 'certificate = "/tls/fullchain.pem"\ncertificate_key = "/tls/privkey.pem"\n';
const withFiles: Machine = { ...richMachine, kind: path => (path.endsWith('.pem') ? 'file' : 'directory') };
const bare: Machine = {
  ...richMachine,
  kind: path => (path.startsWith('/webapps') ? 'directory' : 'missing'),
};

test('the keys of [proxy] are read: networks in one spelling, directories with a slash', () => {
  const { host, said } = tryFiles({
    'hostd.toml': `[proxy]
tls_listen = ["127.0.0.1:8443"]
trusted_proxies = ["10.1.2.3/8", "::1", "10.0.0.0/8"]
default_site = "shop"
access_log_format = "json"
error_pages = "/srv/pages"
acme_webroot = "/var/lib/letsencrypt//"
types = { ".GLB" = "model/gltf-binary", txt = "text/plain; charset=utf-8" }
${app('')}`,
  });
  assert.deepEqual(said, []);
  const { enabled: _, listen: __, user: ___, workers: ____, ...rest } = host.settings.proxy;
  assert.deepEqual(rest, {
    tlsListen: [{ host: '127.0.0.1', port: 8443 }],
    trustedProxies: ['10.0.0.0/8', '::1/128'],
    defaultSite: 'shop',
    accessLogFormat: 'json',
    errorPages: '/srv/pages/',
    clientBodyTempPath: null,
    acmeWebroot: '/var/lib/letsencrypt/',
    types: { glb: 'model/gltf-binary', txt: 'text/plain; charset=utf-8' },
  });
});

test('the keys of a site are read into the app and its site', () => {
  const keys = `server_names = ["shop.test"]\nredirect_from = ["WWW.shop.test", "www.shop.test"]
redirect_https = true\nerror_pages = "/srv/shop/"\n${pair}`;
  const { host, said } = tryFiles({ 'hostd.toml': app(keys) }, { machine: withFiles });
  assert.deepEqual(said, []);
  const [site] = host.sites;
  assert.deepEqual(
    [site?.certificate, site?.redirectHttps, site?.redirectFrom, site?.errorPages],
    [{ certificate: '/tls/fullchain.pem', key: '/tls/privkey.pem' }, true, ['www.shop.test'], '/srv/shop/'],
  );
});

test('how long files are kept, and how long the app is waited for, are read', () => {
  const read = (keys: string) => {
    const { host, said } = tryFiles({ 'hostd.toml': app(keys) });
    const [site] = host.sites;
    return { said, ages: site?.locations.map(({ expires }) => expires), wait: site?.proxyReadTimeout };
  };
  assert.deepEqual(read(''), { said: [], ages: [null, null], wait: 60 });
  assert.deepEqual(read('static_expires = "30d"\nmedia_expires = "epoch"\nproxy_read_timeout = "5m"'), {
    said: [],
    ages: [2_592_000, -1],
    wait: 300,
  });
  assert.deepEqual(read('static_expires = "max"\nmedia_expires = 0').ages, [315_360_000, 0]);
  assert.deepEqual(read('static_expires = "off"\nmedia_expires = 60').ages, [null, 60]);
});

const cases: readonly [title: string, keys: string, said: string, machine?: Machine][] = [
  [
    'an age of files that is none',
    'static_expires = "1 month"',
    'a.toml:3:1: app "shop": cannot use static_expires = "1 month": it must be whole seconds, a number with s, m, h, d or w, "max", "epoch" or "off"\n  try: static_expires = "30d"',
  ],
  [
    'the word of nginx for it',
    'expires = "30d"',
    'a.toml:3:1: app "shop": there is no key "expires"\n  try: static_expires',
  ],
  [
    'no time at all for the app',
    'proxy_read_timeout = 0',
    'a.toml:3:1: app "shop": cannot use proxy_read_timeout = 0: it must be 1 to 1000000\n  try: proxy_read_timeout = 1',
  ],
  [
    'a certificate without its key',
    'certificate = "/etc/letsencrypt/live/fullchain/fullchain.pem"',
    'a.toml:3:1: app "shop": certificate has no certificate_key beside it\n  try: certificate_key = "/etc/letsencrypt/live/fullchain/privkey.pem"',
  ],
  [
    'a certificate of another name without its key',
    'certificate = "/etc/ssl/shop.crt"',
    'a.toml:3:1: app "shop": certificate has no certificate_key beside it\n  try: certificate_key = "/etc/ssl/shop.key"',
  ],
  [
    'a key without its certificate',
    'certificate_key = "/tls/privkey.pem"',
    'a.toml:3:1: app "shop": certificate_key has no certificate beside it\n  try: certificate = "/tls/fullchain.pem"',
  ],
  [
    'a relative certificate',
    `certificate = "tls/a.pem"\ncertificate_key = "/webapps/shop/tls/b.pem"`,
    'a.toml:3:1: app "shop": cannot use certificate = "tls/a.pem": it is not an absolute path\n  try: certificate = "/webapps/shop/tls/a.pem"',
  ],
  [
    'nginx’s name for it',
    'ssl_certificate = "/tls/fullchain.pem"',
    'a.toml:3:1: app "shop": there is no key "ssl_certificate"\n  try: certificate',
  ],
  [
    'https that nobody speaks',
    'redirect_https = true',
    'a.toml:3:1: app "shop": cannot redirect to https: it has no certificate, and no proxy in front of it is trusted\n  try: certificate = "/..." and certificate_key = "/...", or [proxy] trusted_proxies = ["..."]',
  ],
  [
    'a redirect that leads nowhere',
    'server_names = ["*.shop.test"]\nredirect_from = ["www.test"]',
    'a.toml:4:1: app "shop": cannot redirect: server_names has no single name to lead to\n  try: server_names = ["hello.test"]',
  ],
  [
    'a redirect to itself',
    'server_names = ["shop.test"]\nredirect_from = ["www.test", "shop.test"]',
    'a.toml:4:1: app "shop": cannot redirect "shop.test": the site is served at this name\n  try: keep it in one of server_names and redirect_from',
  ],
  [
    'a certificate that is not there',
    `server_names = ["shop.test"]\n${pair}`,
    'a.toml:4:1: warning: app "shop": certificate "/tls/fullchain.pem" does not exist: it has no TLS\n  try: certbot certonly -d shop.test\n' +
      'a.toml:5:1: warning: app "shop": certificate_key "/tls/privkey.pem" does not exist: it has no TLS\n  try: certbot certonly -d shop.test',
    bare,
  ],
  [
    'a directory in place of a key',
    pair,
    'a.toml:4:1: warning: app "shop": certificate_key "/tls/privkey.pem" is not a file: it has no TLS\n  try: certbot certonly -d HOST',
    { ...withFiles, kind: path => (path.endsWith('chain.pem') ? 'file' : 'directory') },
  ],
  [
    'error pages that are not there',
    'error_pages = "/srv/pages"',
    'a.toml:3:1: warning: app "shop": error_pages "/srv/pages/" does not exist: it has plain pages\n  try: mkdir /srv/pages/',
    bare,
  ],
];

for (const [title, keys, expected, machine] of cases)
  test(`${title} is told`, () => {
    const { said } = tryApps(app(keys), machine === undefined ? {} : { machine });
    assert.equal(said.join('\n'), expected);
  });

test('a warning about files keeps no site from being served', () => {
  const { host } = tryApps(app(pair), { machine: bare });
  assert.equal(host.sites[0]?.certificate?.key, '/tls/privkey.pem');
});

test('a trusted proxy in front may be who speaks https', () => {
  const files = {
    'hostd.toml': '[proxy]\ntrusted_proxies = ["10.0.0.1"]\n',
    'apps.d/a.toml': app('redirect_https = true'),
  };
  assert.deepEqual(tryFiles(files).said, []);
});

const settings: readonly [title: string, keys: string, said: string][] = [
  [
    'one address for http and TLS',
    'listen = ["127.0.0.1:80", "127.0.0.1:443"]\ntls_listen = ["127.0.0.1:443"]',
    'hostd.toml:3:1: [proxy]: cannot use tls_listen: port 443 of 127.0.0.1 is in listen too\n  try: another port in one of the two',
  ],
  [
    'no address for TLS',
    'tls_listen = []',
    'hostd.toml:2:1: [proxy]: cannot use tls_listen = []: nobody could connect\n  try: leave it out: nothing listens there while no site has a certificate',
  ],
  [
    'a bad network among good ones',
    'trusted_proxies = ["10.0.0.0/8", "10.0.0.0/40"]',
    'hostd.toml:2:1: [proxy]: cannot use trusted_proxies = ["10.0.0.0/8", "10.0.0.0/40"]: "10.0.0.0/40": a prefix is at most 32 bits long\n  try: trusted_proxies = ["10.0.0.0/8"]',
  ],
  [
    'nginx’s name for it',
    'set_real_ip_from = ["10.0.0.0/8"]',
    'hostd.toml:2:1: [proxy]: there is no key "set_real_ip_from"\n  try: trusted_proxies',
  ],
  [
    'a misspelt format',
    'access_log_format = "jsno"',
    'hostd.toml:2:1: [proxy]: cannot use access_log_format = "jsno": it must be "combined", "combined_id" or "json"\n  try: access_log_format = "json"',
  ],
  [
    'a default site that is no app',
    'default_site = "shpo"',
    'hostd.toml:2:1: warning: [proxy]: default_site "shpo" is no app: unknown host names are answered with 404\n  try: [app.shpo], or another name',
  ],
];

for (const [title, keys, expected] of settings)
  test(`${title} is told`, () => {
    const { said } = tryFiles({ 'hostd.toml': `[proxy]\n${keys}\n`, 'apps.d/a.toml': app('') });
    assert.equal(said.join('\n'), expected);
  });

test('a default site with an error has that to tell, and one whose file is no TOML is told as a warning', () => {
  const severities = (text: string) => {
    const { problems, broken } = tryFiles({
      'hostd.toml': '[proxy]\ndefault_site = "shop"\n',
      'apps.d/a.toml': text,
    });
    assert.equal(broken.settings, false);
    return problems.map(({ severity }) => severity);
  };
  assert.deepEqual(severities(app('banana = 1')), ['error']);
  assert.deepEqual(severities('[app.shop\n'), ['warning', 'error']);
});

test('a name that one app redirects from is no name of another', () => {
  const { said, host } = tryFiles({
    'hostd.toml': '',
    'apps.d/a.toml': app('server_names = ["a.test"]\nredirect_from = ["www.test"]', 'a'),
    'apps.d/b.toml': app('server_names = ["b.test", "www.test"]', 'b'),
  });
  assert.deepEqual(said, [
    'apps.d/b.toml:3:1: app "b": host name "www.test" is already used by "a" (apps.d/a.toml:4)\n  try: leave it to "a", or take it away there',
  ]);
  assert.deepEqual(
    host.sites.map(({ name }) => name),
    ['a'],
  );
});
