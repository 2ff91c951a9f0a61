// Different ways in which people and certbot write the same thing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SiteDraft } from '../draft.ts';
import { nginx } from './nginx.ts';

function read(
  text: string,
  files: Readonly<Record<string, string>> = {},
  file = '/etc/nginx/sites-enabled/shop',
) {
  const around = {
    include: (pattern: string) =>
      files[pattern] === undefined ? [] : [{ file: pattern, text: files[pattern] }],
    environment: {},
    machineName: 'host',
  };
  const { drafts = [], problems = [] } = nginx.read?.([{ file, text }], around) ?? {};
  const sites = drafts.filter((draft): draft is SiteDraft => draft.kind === 'site');
  const why = drafts.flatMap(draft => (draft.kind === 'remark' ? [`${draft.line}  ${draft.why}`] : []));
  return { sites, why, problems };
}

const pass = 'location / { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; }';
const server = (inner: string) => `server { listen 80; server_name shop.test; ${inner} ${pass} }`;

test('a redirect to https is one with and without quotes, braces and blanks', () => {
  for (const condition of [
    '($scheme != "https")',
    "($scheme != 'https')",
    '($scheme = "http")',
    '( $scheme != https )',
    '(\x24{scheme} != "https")',
    '($https = "")',
    "($https = '')",
    '($https != "on")',
    '($server_port = 80)',
    '($server_port != "443")',
  ])
    for (const target of [
      'return 301 https://$host$request_uri;',
      'return 301 "https://$host$request_uri";',
      'return 301 https://\x24{host}\x24{request_uri};',
      'return 301 https://$server_name$request_uri;',
      'rewrite ^ https://$host$request_uri? permanent;',
      'rewrite ^(.*)$ https://$host$1 permanent;',
      'rewrite ^/(.*)$ https://$host/$1 permanent;',
      'rewrite ^ https://$host$request_uri? permanent; break;',
    ]) {
      const { sites, why } = read(server(`if ${condition} { ${target} } # managed by Certbot\n`));
      assert.deepEqual([sites[0]?.redirectHttps, why], [true, []], `${condition} ${target}`);
    }
});

test('what is no redirect to https is told instead', () => {
  for (const condition of [
    '($scheme = https)',
    '($http_x_forwarded_proto != "https")',
    '($scheme != "https" x)',
    '($request_uri = /)',
  ]) {
    const { sites, why } = read(server(`if ${condition} { return 301 https://$host$request_uri; }`));
    assert.deepEqual([sites[0]?.redirectHttps, why.length], [false, 1], condition);
  }
});

test("certbot's block for port 80 is a redirect, however its names are quoted", () => {
  for (const name of ['shop.test', '"shop.test"', "'shop.test'"]) {
    const { sites, why } =
      read(`server { server_name shop.test; listen 443 ssl; ssl_certificate /c; ssl_certificate_key /k; ${pass} }
server { if ($host = ${name}) { return 301 https://$host$request_uri; } listen 80; server_name shop.test; return 404; }`);
    assert.deepEqual([sites.length, sites[0]?.redirectHttps, why], [1, true, []], name);
  }
});

test('a redirect for a while is told: those of hostd are for good', () => {
  const { why } = read(
    `${server('')} server { listen 80; server_name www.shop.test; return 302 http://shop.test$request_uri; }`,
  );
  assert.deepEqual(why, ["return 302 http://shop.test$request_uri;  hostd's redirects are for good: 301"]);
});

test('.shop.test is the name and all below it', () => {
  const { sites, why } = read(`server { server_name .shop.test; ${pass} }`);
  assert.deepEqual([sites[0]?.serverNames, why], [['shop.test', '*.shop.test'], []]);
});

test('one socket is one socket, however it is written', () => {
  for (const [upstream, target] of [
    ['', 'http://unix:///srv/shop/run/gunicorn.sock'],
    ['', 'http://unix:/srv/shop/run/gunicorn.sock:/'],
    ['', 'http://unix:/srv/shop/run/../run/gunicorn.sock'],
    ['upstream a { server unix:///srv/shop/run/gunicorn.sock fail_timeout=0; }', 'http://a'],
    [
      'upstream a { server "unix:/srv/shop/run/gunicorn.sock" max_fails=3 weight=5; keepalive 8; }',
      'http://a/',
    ],
  ] as const) {
    const { sites, why } = read(`${upstream} server { listen 80; location / { proxy_pass ${target}; } }`);
    assert.deepEqual([sites[0]?.socket, why], ['/srv/shop/run/gunicorn.sock', []], target);
  }
});

test('of several servers of an upstream the first in use is taken, and it is told', () => {
  const { sites, why } =
    read(`upstream a { server unix:/srv/old.sock down; server unix:/srv/a.sock; server unix:/srv/b.sock backup; }
server { listen 80; location / { proxy_pass http://a; } }`);
  assert.equal(sites[0]?.socket, '/srv/a.sock');
  assert.match(why.join(), /hostd has one socket for an app/);
});

test('ages of files and the wait for the app are keys of the app', () => {
  const { sites, why } = read(
    server(`root /srv/shop; proxy_read_timeout 120;
location /static/ { expires 1M; location ~ \\.js$ { expires 1h; } } location /media/ { expires -1; }
location /export/ { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; proxy_read_timeout 1h; proxy_send_timeout 1h; }`),
  );
  const { staticExpires, mediaExpires, proxyReadTimeout } = sites[0] ?? assert.fail();
  assert.deepEqual([staticExpires, mediaExpires, proxyReadTimeout], [2_592_000, -1, 3600]);
  assert.deepEqual(why, [
    'location ~ "\\\\.js$" { expires 1h; }  not understood',
    'proxy_read_timeout 1h;  hostd has one proxy_read_timeout for a site: the longest is taken',
    "proxy_send_timeout 1h;  hostd's proxy has times of its own here; proxy_read_timeout is a key",
  ]);
});

test('types that are written out are told as those of [proxy]', () => {
  const { why } = read(server('types { model/gltf-binary glb gltf; }'));
  assert.deepEqual(why, [
    'types { model/gltf-binary glb gltf; }  [proxy] types = { "glb" = "model/gltf-binary", "gltf" = "model/gltf-binary" }',
  ]);
});

test('files are found by an inherited root, by a location of both, and by try_files', () => {
  const inherited = 'location /static/ { expires 30d; }';
  assert.equal(read(server(`root /srv/shop; ${inherited}`)).sites[0]?.static, '/srv/shop/static/');
  assert.equal(read(`http { root /srv/all; ${server(inherited)} }`).sites[0]?.static, '/srv/all/static/');
  const both = read(server('location ~ ^/(static|media)/ { root /srv/shop; try_files $uri =404; }'));
  assert.deepEqual(
    [both.sites[0]?.static, both.sites[0]?.media, both.why],
    ['/srv/shop/static/', '/srv/shop/media/', []],
  );
  const nowhere = read(server('location /static/ { expires 30d; }'));
  assert.equal(nowhere.sites[0]?.static, null);
  assert.match(nowhere.why.join(), /location \/static\/ .*not understood/);
});

test('files that nginx looks for beside the app are told', () => {
  const { why } = read(`server { listen 80; root /srv/shop/public; location / { try_files $uri @app; }
location @app { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; } }`);
  assert.deepEqual(why, [
    'try_files "$uri" @app;  hostd looks for files below /static/ and /media/ alone, and for none in /srv/shop/public',
  ]);
});

test('headers that the app would be sent otherwise are told, the usual ones are not', () => {
  const usual = [
    'Host $http_host',
    'Host $host',
    'X-Real-IP $remote_addr',
    'X-Forwarded-For $proxy_add_x_forwarded_for',
    'X-Forwarded-Proto $scheme',
    'Upgrade $http_upgrade',
    'Connection $connection_upgrade',
    'Connection ""',
  ];
  const other = [
    'Host app.internal',
    'X-Forwarded-Proto https',
    'X-Forwarded-Proto $http_x_forwarded_proto',
    'X-Forwarded-Host $host',
    'Remote-User $remote_user',
    'X-Forwarded-For $remote_addr',
  ];
  for (const header of [...usual, ...other]) {
    const { why } = read(server(`proxy_set_header ${header};`));
    assert.equal(why.length, other.includes(header) ? 1 : 0, `${header}\n${why.join('\n')}`);
  }
});

test('an include is looked for beside the file, above it, and where nginx.conf is', () => {
  const inner = `${pass} include snippets/static.conf;`;
  for (const path of ['/etc/nginx/snippets/static.conf', '/etc/nginx/sites-enabled/snippets/static.conf']) {
    const { sites } = read(`server { listen 80; ${inner} }`, {
      [path]: 'location /static/ { alias /srv/s/; }',
    });
    assert.equal(sites[0]?.static, '/srv/s/', path);
  }
  const loop = read('include /a;', { '/a': 'include /a;' });
  assert.deepEqual(loop.sites, []);
});

test('several server blocks for one socket are one site with all names', () => {
  const { sites, why } = read(`server { listen 80; server_name a.test; ${pass} }
server { listen 80; server_name b.test; client_max_body_size 5m; ${pass} }`);
  assert.deepEqual(
    sites.map(({ serverNames }) => serverNames),
    [['a.test', 'b.test']],
  );
  assert.match(why.join(), /client_max_body_size {2}the server block of the same site says otherwise/);
});
