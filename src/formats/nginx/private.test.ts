// What nginx keeps from the public never becomes public by an import.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostOf } from '../cases.test.ts';
import { importDrafts } from '../import/import.ts';
import { nginx } from './nginx.ts';

const files = ['/etc/nginx/snippets/office.conf', 'allow 10.0.0.0/8; deny all;\n'] as const;
const around = {
  include: (pattern: string) => (pattern === files[0] ? [{ file: files[0], text: files[1] }] : []),
  environment: {},
  machineName: 'host',
};

/** The imported app (undefined: none), and what was reported. */
function imported(server: string, outside = '') {
  const text = `${outside}
server {
  listen 80;
  server_name shop.test;
  ${server}
}`;
  const read = nginx.read?.([{ file: '/etc/nginx/sites-enabled/shop', text }], around) ?? {
    drafts: [],
    problems: [],
  };
  const made = importDrafts(read.drafts);
  const host = hostOf(made.files.map(file => file.text).join('\n'));
  const problems = [...read.problems, ...made.problems];
  return {
    app: host.apps[0],
    told: problems.map(({ message }) => message).join('\n'),
    errors: problems.filter(({ severity }) => severity === 'error').map(({ message }) => message),
  };
}

const pass = 'location / { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; }';
const alias = 'alias /srv/shop/media/;';

/** Each keeps what is in its block from the public. */
const guards = [
  'internal;',
  'deny all;',
  'allow 10.0.0.0/8; deny all;',
  'allow 127.0.0.1; deny 0.0.0.0/0;',
  'auth_basic "staff"; auth_basic_user_file /etc/nginx/passwords;',
  'satisfy any; allow 10.0.0.0/8; deny all; auth_basic staff;',
  'auth_request /ask;',
  'return 403;',
  'return 404;',
  'return 444;',
  'limit_except GET { deny all; }',
  'if ($ssl_client_verify != SUCCESS) { return 403; }',
  'if ($remote_addr != 10.0.0.1) { return 404; }',
  'if ($secure_link = "") { return 403; }',
  'valid_referers none shop.test; if ($invalid_referer) { return 403; }',
  'access_by_lua_block { ngx.exit(403) }',
  'include snippets/office.conf;',
  'include snippets/nobody-knows.conf;',
];

for (const guard of guards)
  test(`${guard} on files: they are not served, and it is told`, () => {
    for (const location of [
      `location /media/ { ${guard} ${alias} }`,
      `location ^~ /media { ${alias} ${guard} }`,
      `location /media/ { ${alias} location /media/private/ { ${guard} } }`,
      `location /media/ { ${alias} location ~ \\.pdf$ { ${guard} } }`,
      `location /media/ { ${alias} } location /media/private/ { ${guard} ${alias} }`,
      `location /media/ { ${alias} } location ~ ^/media/.*\\.pdf$ { ${guard} }`,
      `location ~ ^/media/ { root /srv/shop; ${guard} }`,
    ]) {
      const { app, told, errors } = imported(`${location} ${pass}`);
      assert.equal(app?.media ?? null, null, location);
      assert.equal(app?.static ?? null, null, location);
      assert.ok(errors.length > 0 || /media = false/.test(told), `${location}\n${told}`);
    }
  });

for (const guard of guards.filter(guard => guard !== 'internal;'))
  test(`${guard} on the site or a page of it: there is no app, and an error says why`, () => {
    for (const server of [
      `location / { ${guard} proxy_pass http://unix:/srv/shop/run/gunicorn.sock; }`,
      `location /admin/ { ${guard} proxy_pass http://unix:/srv/shop/run/gunicorn.sock; } ${pass}`,
      `location = /metrics { ${guard} } ${pass}`,
      `location / { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; location ~ ^/(admin|staff)/ { ${guard} } }`,
    ]) {
      const { app, errors } = imported(server);
      assert.equal(app, undefined, server);
      assert.match(errors.join('\n'), /cannot import the site "shop": .* from the public/, server);
    }
  });

test('what holds for the whole server, or for all of them, holds for the site', () => {
  for (const guard of guards.filter(guard => !/^(internal|limit_except)/.test(guard))) {
    const { app, errors } = imported(`${guard} ${pass}`);
    assert.deepEqual([app, errors.length], [undefined, 1], guard);
  }
  for (const guard of ['auth_basic staff;', 'deny all;', 'ssl_verify_client on;'])
    assert.equal(imported(pass, guard).app, undefined, guard);
  for (const guard of ['ssl_verify_client on;', 'ssl_verify_client optional;'])
    assert.equal(imported(`${guard} ${pass}`).app, undefined, guard);
});

test('a location that opens what the server closes is open, and the others stay closed', () => {
  const open = 'location / { auth_basic off; proxy_pass http://unix:/srv/shop/run/gunicorn.sock; }';
  const { app } = imported(
    `auth_basic staff; ${open} location /media/ { ${alias} } location /static/ { auth_basic off; alias /srv/s/; }`,
  );
  assert.deepEqual([app?.media, app?.static], [null, '/srv/s/']);
});

test('a guard of the named location that hands requests on is one of the site', () => {
  const named = (guard: string) =>
    imported(
      `location / { try_files $uri @app; } location @app { ${guard} proxy_pass http://unix:/srv/shop/run/gunicorn.sock; }`,
    );
  assert.equal(named('auth_basic staff;').app, undefined);
  assert.equal(named('deny all;').app, undefined);
  assert.equal(named('internal;').app?.name, 'shop');
});

test('an app that has a part of a site gets no name of it, and no files that nginx does not show', () => {
  const { app, told, errors } = imported(
    'location / { root /srv/front; try_files $uri /index.html; } location /api/ { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; }',
  );
  assert.deepEqual([app?.serverNames, app?.static, app?.media, errors], [[], null, null, []]);
  assert.match(told, /location \/api\/ .*this part of the site alone is handed to the app/);
});

test('what keeps nothing from anybody hinders nothing', () => {
  for (const harmless of [
    'allow all;',
    'satisfy any;',
    'auth_basic off;',
    'location ~ /\\.ht { deny all; }',
    'location ~ /\\.(?!well-known) { deny all; return 404; }',
    'location ~* \\.php$ { return 404; }',
    'location /protected/ { internal; alias /srv/shop/protected/; }',
    'if ($host != shop.test) { return 444; }',
    'if ($request_method !~ ^(GET|HEAD|POST)$) { return 403; }',
    'ssl_verify_client off;',
    'include /etc/letsencrypt/options-ssl-nginx.conf;',
    'location = /50x.html { root /usr/share/nginx/html; internal; }',
  ]) {
    const { app, errors } = imported(`location /media/ { ${alias} } ${harmless} ${pass}`);
    assert.deepEqual([app?.media, errors], ['/srv/shop/media/', []], harmless);
  }
});

test('files that something else may answer for are not served', () => {
  for (const inner of [
    'return 302 https://cdn.test$request_uri;',
    'if ($cookie_session = "") { return 302 /login; }',
    'if ($arg_token != x) { rewrite ^ /login last; }',
    'try_files /nothing @app;',
    'rewrite ^ /protected$uri last;',
  ]) {
    const { app, told } = imported(`root /srv/shop; location /media/ { ${inner} } ${pass}`);
    assert.equal(app?.media, null, inner);
    assert.match(told, /location \/media\//);
  }
  const { app } = imported(`location /media/ { ${alias} } location ~* ^/MEDIA/secret { deny all; } ${pass}`);
  assert.equal(app?.media, null);
});

test('the more private of two server blocks for one socket counts', () => {
  const other = `server { listen 81; server_name b.test; ${pass} location /media/ { internal; ${alias} } }`;
  assert.equal(imported(`location /media/ { ${alias} } ${pass}`, other).app?.media, null);
  const closed = `server { listen 81; server_name b.test; auth_basic x; ${pass} }`;
  assert.equal(imported(pass, closed).app, undefined);
});

test('wherever a guard stands, nothing that it keeps is served', () => {
  const guard = fc.constantFrom(...guards);
  const modifier = fc.constantFrom('', '^~ ', '= ');
  const path = fc.constantFrom('/media/', '/media/private/', '/media/a.pdf', '/media/x/y/');
  const harmless = fc.constantFrom('', 'expires 30d;', 'add_header X y;', 'access_log off;', '# internal');
  fc.assert(
    fc.property(guard, modifier, path, harmless, fc.boolean(), (guard, modifier, path, more, first) => {
      const media = `location /media/ { ${alias}\n${more}\n }`;
      const guarded = `location ${modifier}${path === '/media/' && modifier === '' ? '/media/p/' : path} { ${guard} ${alias} ${more}\n }`;
      const { app } = imported(first ? `${guarded} ${media} ${pass}` : `${media} ${pass} ${guarded}`);
      assert.equal(app?.media ?? null, null);
    }),
    { numRuns: 300 },
  );
});
