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
