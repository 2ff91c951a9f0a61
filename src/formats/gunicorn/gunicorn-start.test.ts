import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf, textsOf, warningsOf } from '../cases.test.ts';
import type { Remark, ScriptDraft } from '../draft.ts';
import { gunicornCall } from './arguments.ts';
import { gunicornStart } from './gunicorn-start.ts';
import { shellCommands } from './shell.ts';

const around = { include: () => [], environment: {}, machineName: 'host' };

function read(text: string) {
  const { drafts = [], problems = [] } = gunicornStart.read?.([{ file: '/w/bin/start', text }], around) ?? {};
  const script = drafts.find((draft): draft is ScriptDraft => draft.kind === 'script');
  const remarks = drafts.filter((draft): draft is Remark => draft.kind === 'remark');
  return { script, remarks: remarks.map(({ at, line, why }) => `${at.line}: ${line} (${why})`), problems };
}

test("a script's options are the app's: threads, worker class, arguments, environment", () => {
  const toml = `[app.hello]
root = "/webapps/hello"
threads = 2
worker_class = "gthread"
graceful_timeout = 5
gunicorn_args = ["--timeout", "90", "--log-level=debug"]
wsgi = "hello.wsgi:app"
env = { GREETING = "it's 50% $HOME", LINES = "a\\nb" }
`;
  for (const plain of [true, false]) {
    const text = textsOf(hostOf(toml), 'gunicorn-start', plain)['/webapps/hello/bin/gunicorn_start'] ?? '';
    const { script, remarks, problems } = read(text);
    assert.deepEqual([remarks, problems], [[], []], text);
    const { at: _, ...said } = script ?? assert.fail(text);
    assert.deepEqual(said, {
      kind: 'script',
      root: '/webapps/hello',
      finder: null,
      project: '/webapps/hello/hello',
      directory: '/webapps/hello/hello',
      processName: 'hello_app',
      socket: '/webapps/hello/run/gunicorn.sock',
      address: null,
      user: 'hello',
      group: null,
      settings: 'hello.settings',
      wsgi: 'hello.wsgi:app',
      workers: 3,
      workersElsewhere: false,
      command: null,
      threads: 2,
      workerClass: 'gthread',
      gracefulTimeout: 5,
      umask: plain ? null : 0o022,
      gunicornArgs: ['--timeout', '90', '--log-level=debug'],
      environment: { GREETING: "it's 50% $HOME", LINES: 'a\nb' },
    });
  }
});

test('paths with blanks are quoted in both kinds of script', () => {
  const toml = '[app.hello]\nroot = "/web apps/hello"\nproject = "/web apps/it\'s"\n';
  for (const plain of [true, false]) {
    const text = textsOf(hostOf(toml), 'gunicorn-start', plain)['/web apps/hello/bin/gunicorn_start'] ?? '';
    const { script } = read(text);
    assert.deepEqual(
      [script?.project, script?.socket],
      ["/web apps/it's", '/web apps/hello/run/gunicorn.sock'],
      text,
    );
  }
});

test('an app with a command of its own needs no script, and says so', () => {
  const host = hostOf('[app.hello]\nroot = "/w"\ncommand = "/w/bin/serve"\n');
  assert.deepEqual(textsOf(host, 'gunicorn-start', true), {});
  assert.match(warningsOf(host, 'gunicorn-start')[0] ?? '', /has a command of its own/);
});

test('what only a running shell knows is listed with its line', () => {
  const { script, remarks } = read(`#!/bin/bash
NAME=shop
WORKERS=$(nproc)
. /etc/default/shop
if [ -f /srv/x ]; then
  echo x
fi
ulimit -n 4096
cd /srv/shop/app
export SECRET="$(cat /srv/secret)" DEBUG=0
exec /srv/shop/bin/gunicorn -b unix:/srv/shop/run/g.sock -w 4 --name=$NAME -D shop.wsgi:application
`);
  assert.equal(script?.wsgi, 'shop.wsgi');
  assert.deepEqual([script?.workers, script?.root, script?.environment], [4, '/srv/shop', { DEBUG: '0' }]);
  for (const line of [
    /^3: .*WORKERS/,
    /^5: if /,
    /^8: ulimit/,
    /^10: export SECRET/,
    /^11: .*hostd supervises/,
  ])
    assert.ok(
      remarks.some(remark => line.test(remark)),
      `${line}\n${remarks.join('\n')}`,
    );
});

test('a script that starts no gunicorn is an error that says what to do instead', () => {
  const { problems } = read('#!/bin/sh\nexec uwsgi --ini x\n');
  assert.match(problems[0]?.message ?? '', /cannot import this script/);
});

test('a shell script is read with its quotes, continuations, defaults and directories of paths', () => {
  const variables = new Map<string, string | null>();
  const commands = shellCommands(
    'A="x y" # comment\nB=$A; C=\x24{D:-z}\nE=$(dirname /a/b/c)\nF=`basename $E`\nrun $A "$A" \\\n  \'$A\' a#b "q\\"r"\n[ -d x ] || mkdir x\nG=$RANDOM_THING\n',
    variables,
  );
  assert.deepEqual(Object.fromEntries(variables), { A: 'x y', B: 'x y', C: 'z', E: '/a/b', F: 'b', G: null });
  const runs = commands.find(({ words }) => words[0] === 'run');
  assert.deepEqual(runs?.words, ['run', 'x', 'y', 'x y', '$A', 'a#b', 'q"r']);
  assert.equal(runs?.line, 5);
  assert.deepEqual(commands.map(({ after }) => after).slice(-3), ['', '||', '']);
});

test("gunicorn's options are known in their short, long and joined forms", () => {
  const call = gunicornCall([
    '/v/bin/gunicorn',
    '-w3',
    '-k',
    'gevent',
    '--threads=2',
    '--preload',
    '--max-requests',
    '9',
    'a:b',
  ]);
  assert.deepEqual(call, {
    program: '/v/bin/gunicorn',
    wsgi: 'a:b',
    words: ['-w3', '-k', 'gevent', '--threads=2', '--preload', '--max-requests', '9', 'a:b'],
    options: { workers: '3', 'worker-class': 'gevent', threads: '2' },
    binds: [],
    lost: [],
    others: ['--preload', '--max-requests', '9'],
  });
  assert.equal(gunicornCall(['/usr/bin/python', 'x']), null);
});
