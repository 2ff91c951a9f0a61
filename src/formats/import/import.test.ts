import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf, textsOf } from '../cases.test.ts';
import { formatNamed } from '../formats.ts';
import { importDrafts } from './import.ts';

const around = { include: () => [], environment: {}, machineName: 'host' };

function imported(texts: {
  readonly supervisor?: string;
  readonly nginx?: string;
  readonly script?: string;
}) {
  const sources = [
    ['supervisor', '/s.conf', texts.supervisor],
    ['nginx', '/site', texts.nginx],
    ['gunicorn-start', '/srv/shop/bin/start', texts.script],
  ] as const;
  const read = sources.flatMap(([format, file, text]) =>
    text === undefined ? [] : [formatNamed(format)?.read?.([{ file, text }], around)],
  );
  const { files, problems } = importDrafts(read.flatMap(one => one?.drafts ?? []));
  return {
    files: Object.fromEntries(files.map(file => [file.name, file.text])),
    processes: Object.fromEntries(files.map(file => [file.name, file.processes])),
    problems: [...read.flatMap(one => one?.problems ?? []), ...problems].map(({ message }) => message),
    host: () => hostOf(files.map(file => file.text).join('\n')),
  };
}

const gunicorn = '/srv/shop/bin/gunicorn shop.wsgi:application -b unix:/srv/shop/run/gunicorn.sock -w 5';
const vhost = (name: string) =>
  `upstream ${name} { server unix:/srv/${name}/run/gunicorn.sock; }
server { listen 80; server_name ${name}.test; location /static/ { alias /srv/${name}/static/; } location / { proxy_pass http://${name}; } }`;

test('a program that is gunicorn itself and its virtual host are one app', () => {
  const { files, problems, host } = imported({
    supervisor: `[program:shop]\ncommand=${gunicorn} --timeout 60\ndirectory=/srv/shop/src\nuser=shop\nenvironment=DJANGO_SETTINGS_MODULE="conf.live",TOKEN="50%%"\n`,
    nginx: vhost('shop'),
  });
  assert.deepEqual([Object.keys(files), problems], [['shop'], []]);
  const [app] = host().apps;
  assert.deepEqual(
    [
      app?.root,
      app?.project,
      app?.settings,
      app?.workers,
      app?.gunicornArgs,
      app?.env,
      app?.serverNames,
      app?.static,
      app?.media,
    ],
    [
      '/srv/shop',
      '/srv/shop/src',
      'conf.live',
      5,
      ['--timeout', '60'],
      { TOKEN: '50%' },
      ['shop.test'],
      '/srv/shop/static/',
      null,
    ],
  );
});

test("what is in the group of an app's program belongs to the app, and comes back as it was", () => {
  const toml = `[app.shop]
root = "/srv/shop"
user = "shop"
server_names = ["shop.test"]
[app.shop.program.celery]
command = "/srv/shop/bin/celery worker -n %(process_num)d"
numprocs = 2
environment = { QUEUE = "mail" }
[app.shop.program.beat]
command = "/srv/shop/bin/celery beat"
autorestart = "unexpected"
`;
  for (const plain of [true, false]) {
    const host = hostOf(toml);
    const of = (format: string) =>
      Object.values(textsOf(host, format, plain)).filter(text => !text.startsWith('->'))[0] ?? '';
    const {
      files,
      problems,
      processes,
      host: again,
    } = imported({
      supervisor: of('supervisor'),
      nginx: of('nginx'),
      script: of('gunicorn-start'),
    });
    assert.deepEqual([Object.keys(files), problems], [['shop'], []], of('supervisor'));
    assert.deepEqual([...(processes['shop'] ?? [])].sort(), [
      'shop',
      'shop:beat',
      'shop:celery_00',
      'shop:celery_01',
    ]);
    const without = (host: ReturnType<typeof hostOf>) =>
      host.programs.map(({ source: _, ...program }) => program);
    if (!plain) assert.deepEqual(without(again()), without(host));
    for (const format of ['supervisor', 'gunicorn-start', 'nginx'])
      assert.deepEqual(textsOf(again(), format, plain), textsOf(host, format, plain));
  }
});

test('two apps in one group of Supervisor are two apps', () => {
  const { files } = imported({
    supervisor: `[group:sites]\nprograms=shop,blog\n[program:shop]\ncommand=${gunicorn}\n[program:blog]\ncommand=${gunicorn.replaceAll('shop', 'blog')}\n`,
  });
  assert.deepEqual(Object.keys(files), ['shop', 'blog']);
});

test('a group keeps its programs, one of which had its name', () => {
  const { host, problems } = imported({
    supervisor:
      '[group:pets]\nprograms=pets,dog\npriority=5\n[program:pets]\ncommand=/bin/cat\n[program:dog]\ncommand=/bin/dog\n',
  });
  assert.deepEqual(
    host().programs.map(({ name, groupPriority }) => [name, groupPriority]),
    [
      ['pets:dog', 5],
      ['pets:pets', 5],
    ],
  );
  assert.match(problems.join('\n'), /"pets" is called "pets-program"/);
});

test('processes that differ in more than their number become programs of a group', () => {
  const { host } = imported({
    supervisor: '[program:x]\ncommand=/bin/x %(process_num)o\nnumprocs=9\nprocess_name=x%(process_num)d\n',
  });
  const found = host().programs;
  assert.deepEqual([found.length, found[8]?.name, found[8]?.command[1]], [9, 'x:x8', '10']);
});

test('a virtual host alone is an app with what can be guessed, and says so', () => {
  const { files, problems } = imported({ nginx: vhost('shop') });
  assert.match(files['shop'] ?? '', /^# Guessed: .*\n\[app\.shop\]\nroot += "\/srv\/shop"\n/m);
  assert.deepEqual(problems, []);
  const rootless = imported({ nginx: vhost('shop').replace('/run/gunicorn.sock', '/g.sock') });
  assert.match(rootless.problems.join(), /does not say where the virtualenv is/);
});

test('a program that Supervisor runs as root is told to be guessed', () => {
  const { files } = imported({ supervisor: `[program:shop]\ncommand=${gunicorn}\n` });
  assert.match(files['shop'] ?? '', /^# user: guessed; .*root/m);
});

const elsewhere = (servers: string, more = '') => `upstream shop_app_server { ${servers} }
server { listen 80; server_name shop.test; client_max_body_size 4G; location / { ${more} proxy_pass http://shop_app_server; } }`;

test('a virtual host of several servers is an app that is served elsewhere, and what hostd has no word for is told', () => {
  const { files, problems } = imported({
    nginx: elsewhere(
      'least_conn; keepalive 8; server 10.0.0.5:8000 weight=3; server [fd00::6]; server 10.0.0.7:8000 backup; server 10.0.0.8:8000 down; server app.internal:8000; server 10.0.0.9:8000 max_fails=3;',
      'proxy_next_upstream error timeout http_503;',
    ),
  });
  assert.match(
    files['shop'] ?? '',
    /\n\[app\.shop\]\nupstreams += \["10\.0\.0\.5:8000", "\[fd00::6\]:80", "10\.0\.0\.9:8000"\]\nserver_names = \["shop\.test"\]\n#/,
  );
  assert.doesNotMatch(files['shop'] ?? '', /Of no program/);
  assert.deepEqual(
    problems.map(problem => /(?:server|error timeout) ([^ ;]+)/.exec(problem)?.[1]),
    ['http_503', '10.0.0.5:8000', '10.0.0.7:8000', '10.0.0.8:8000', 'app.internal:8000', '10.0.0.9:8000'],
  );
});

test('an address of another machine is an upstream, also without a block of its own', () => {
  const { host, problems } = imported({
    nginx:
      'server { listen 80; server_name shop.test; location /media/ { alias /srv/m/; } location / { proxy_pass http://10.0.0.5:8000; } }',
  });
  const [app] = host().apps;
  assert.deepEqual(
    [app?.upstreams, app?.media, app?.clientMaxBodySize, problems],
    [[{ host: '10.0.0.5', port: 8000 }], '/srv/m/', 1024 ** 2, []],
  );
  const named = imported({
    nginx: 'server { server_name shop.test; location / { proxy_pass http://app.internal:8000; } }',
  });
  assert.deepEqual([named.files['shop'], named.problems.length > 0], [undefined, true]);
});

test('what emit nginx writes of upstreams is read as the same app', () => {
  const table = `[app.shop]
upstreams = ["10.0.0.5:8000", "[fd00::6]:8000"]
server_names = ["shop.test"]
static = "/srv/shop/static/"
proxy_read_timeout = "90s"
`;
  const text = textsOf(hostOf(table), 'nginx', false)['/etc/nginx/sites-available/shop'] ?? '';
  const { host, problems } = imported({ nginx: text });
  assert.deepEqual(problems, []);
  const [before, after] = [hostOf(table), host()].map(({ apps }) => ({
    ...apps[0],
    source: null,
    user: null,
  }));
  assert.deepEqual(after, before);
});

test('a site that nginx keeps from the public is not imported, wherever its app is', () => {
  const { files, problems } = imported({ nginx: elsewhere('server 10.0.0.5:8000;', 'auth_basic "x";') });
  assert.deepEqual(Object.keys(files), []);
  assert.match(problems.join(), /cannot import the site "shop"/);
});

test('a server of this machine that is no gunicorn is asked where it listens, beside its program', () => {
  const daphne = '[program:chat]\ncommand=/srv/chat/bin/daphne -b 127.0.0.1 -p 8001 chat.asgi:application\n';
  const pass = 'location / { proxy_pass http://chat; }';
  const { files, host, problems } = imported({
    supervisor: daphne,
    nginx: `upstream chat { server 127.0.0.1:8001; }\nserver { listen 80; server_name chat.test; ${pass} }\n`,
  });
  assert.deepEqual(problems, ['"chat" is called "chat-2": hostd cannot use its name']);
  assert.match(files['chat-2'] ?? '', /^# Guessed: what listens on 127\.0\.0\.1:8001 /m);
  const [app] = host().apps;
  assert.deepEqual([app?.serverNames, app?.upstreams], [['chat.test'], [{ host: '127.0.0.1', port: 8001 }]]);
  assert.deepEqual(
    host().programs.map(({ name }) => name),
    ['chat'],
  );
  const two = imported({
    nginx: `upstream web { server 127.0.0.1:8100; server localhost:8101; }\nserver { listen 80; location / { proxy_pass http://web; } }\n`,
  });
  assert.deepEqual(two.host().apps[0]?.upstreams, [
    { host: '127.0.0.1', port: 8100 },
    { host: '127.0.0.1', port: 8101 },
  ]);
});

test('a place that nginx hands to a second server is told as that, and not as files', () => {
  const { problems } = imported({
    supervisor: `[program:shop]\ncommand=${gunicorn}\nuser=shop\n`,
    nginx: `server { listen 80; location / { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; } location /ws/ { proxy_pass http://127.0.0.1:8001; } }\n`,
  });
  assert.match(problems.join('\n'), /location \/ws\/ .*\(hostd hands all requests of a site to one app: /);
});
