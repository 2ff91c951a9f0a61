// What people write into start scripts and Supervisor's commands: each word becomes a key, or is reported as lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { App } from '../../model/host.ts';
import { hostOf } from '../cases.test.ts';
import type { ReadContext } from '../format.ts';
import { formatNamed } from '../formats.ts';
import { importDrafts } from './import.ts';

interface Texts {
  readonly supervisor?: string;
  readonly nginx?: string;
  readonly script?: string;
  /** The files on the disk. */
  readonly files?: Readonly<Record<string, string>>;
}

function imported({ files = {}, ...texts }: Texts) {
  const around: ReadContext = {
    include: file => (files[file] === undefined ? [] : [{ file, text: files[file] }]),
    environment: {},
    machineName: 'host',
  };
  const sources = [
    ['supervisor', '/s.conf', texts.supervisor],
    ['nginx', '/shop', texts.nginx],
    ['gunicorn-start', '/srv/shop/bin/start', texts.script],
  ] as const;
  const read = sources.flatMap(([format, file, text]) =>
    text === undefined ? [] : [formatNamed(format)?.read?.([{ file, text }], around)],
  );
  const made = importDrafts(
    read.flatMap(one => one?.drafts ?? []),
    around,
  );
  const text = made.files.map(file => file.text).join('\n');
  const problems = [...read.flatMap(one => one?.problems ?? []), ...made.problems];
  return {
    text,
    names: made.files.map(({ name }) => name),
    whole: made.whole,
    told: problems.map(({ message }) => message).join('\n'),
    host: () => hostOf(text),
    app: (): App =>
      hostOf(text).apps[0] ?? assert.fail(`${text}\n${problems.map(({ message }) => message).join('\n')}`),
  };
}

const bind = '--bind unix:/srv/shop/run/gunicorn.sock';
const gunicorn = `/srv/shop/bin/gunicorn shop.wsgi:application ${bind} -w 4`;
const script = (lines: string) => imported({ script: `#!/bin/bash\ncd /srv/shop/src\n${lines}\n` });
const vhost =
  'server { listen 80; server_name shop.test; location / { proxy_pass http://unix:/srv/shop/run/gunicorn.sock; } }';
const command = (command: string, more = '', files: Texts['files'] = {}) =>
  imported({
    supervisor: `[program:shop]\ncommand=${command}\nuser=shop\ndirectory=/srv/shop\n${more}`,
    nginx: vhost,
    files,
  });

test('redirections are no words of gunicorn, and are told', () => {
  for (const redirection of [
    '>> /srv/out.log 2>> /srv/err.log',
    '> /srv/out.log 2>&1',
    '&> /srv/out.log',
    '2>/srv/out.log',
    '>>/srv/out.log',
    '< /srv/in',
  ]) {
    const { app, told, whole } = script(`exec ${gunicorn} ${redirection} --timeout 90`);
    assert.deepEqual(app().gunicornArgs, ['--timeout', '90'], redirection);
    assert.match(told, /\/srv\/(out\.log|in) \(hostd keeps its output: stdout_logfile\)/);
    assert.equal(whole, false);
  }
  const { app, told } = script(`exec ${gunicorn} --log-level debug 2>&1`);
  assert.deepEqual(app().gunicornArgs, ['--log-level', 'debug']);
  assert.match(told, /2>&1 \(hostd keeps/);
});

test('a sourced file of variables is read: what is exported by it is the environment', () => {
  const files = {
    '/srv/shop/.env': 'SECRET_KEY="dj#n o"\nDATABASE_URL=postgres://x\n# comment\nexport DEBUG=0\n',
    '/srv/shop/live/deploy.env': 'export DJANGO_SETTINGS_MODULE=shop.live\nPORT=1\n',
  };
  const all = imported({
    script: `#!/bin/bash\ncd /srv/shop\nset -a\n. ./.env\nset +a\nexec ${gunicorn}`,
    files,
  });
  assert.deepEqual(all.app().env, { SECRET_KEY: 'dj#n o', DATABASE_URL: 'postgres://x', DEBUG: '0' });
  assert.deepEqual(all.told, '');
  const some = imported({
    script: `#!/bin/bash\nsource /srv/shop/live/deploy.env\n[ -f /srv/shop/.env ] && source /srv/shop/.env\nexec ${gunicorn}`,
    files,
  });
  assert.deepEqual([some.app().settings, some.app().env], ['shop.live', { DEBUG: '0' }]);
  const none = script(`source /etc/shop.env\nexec ${gunicorn}`);
  assert.match(none.told, /source \/etc\/shop\.env \(this file cannot be read: env = /);
  assert.equal(none.whole, false);
});

test('assignments in front of a command are its environment', () => {
  const { app, told } = script(`DJANGO_SETTINGS_MODULE=shop.live DEBUG=0 exec ${gunicorn}`);
  assert.deepEqual([app().settings, app().env, told], ['shop.live', { DEBUG: '0' }, '']);
  const { told: lost } = script(`TOKEN=$(cat /srv/token) exec ${gunicorn}`);
  assert.match(lost, /only a running shell knows TOKEN/);
});

test('PATH, PYTHONPATH and LANG are kept where they add something', () => {
  const one = script(`export PYTHONPATH=/opt/shared/lib:/srv/shop/src:$PYTHONPATH
export PATH=/opt/node/bin:$PATH
export LANG=de_DE.UTF-8
exec ${gunicorn}`).app();
  assert.equal(one.project, '/srv/shop/src');
  assert.deepEqual(one.env, {
    PYTHONPATH: '/opt/shared/lib:/srv/shop/src',
    PATH: '/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'de_DE.UTF-8',
  });
  const usual = script(
    `source /srv/shop/bin/activate\nexport PYTHONPATH=/srv/shop/src:$PYTHONPATH LANG=C.UTF-8 PATH=/srv/shop/bin:$PATH\nexec ${gunicorn}`,
  ).app();
  assert.deepEqual([usual.project, usual.env], ['/srv/shop/src', {}]);
  const given = command(
    gunicorn,
    'environment=PYTHONPATH="/opt/lib:/srv/shop/code",PATH="/opt/n/bin:/usr/bin"\n',
  ).app();
  assert.deepEqual(
    [given.project, given.env],
    ['/srv/shop/code', { PYTHONPATH: '/opt/lib:/srv/shop/code', PATH: '/opt/n/bin:/usr/bin' }],
  );
});

test('one socket is one socket: slashes, relative paths, several binds', () => {
  for (const [written, socket] of [
    ['unix:///srv/shop/run/gunicorn.sock', '/srv/shop/run/gunicorn.sock'],
    ['unix:../run/gunicorn.sock', '/srv/shop/run/gunicorn.sock'],
    ['unix:g.sock', '/srv/shop/src/g.sock'],
  ] as const)
    assert.equal(script(`exec /srv/shop/bin/gunicorn shop.wsgi --bind ${written}`).app().socket, socket);
  for (const binds of [
    `-b 127.0.0.1:8000 ${bind}`,
    `${bind} -b 127.0.0.1:8000`,
    '--bind=unix:/srv/shop/run/gunicorn.sock,127.0.0.1:8000',
  ]) {
    const { app, told } = script(`exec /srv/shop/bin/gunicorn shop.wsgi ${binds}`);
    assert.equal(app().socket, '/srv/shop/run/gunicorn.sock', binds);
    assert.match(told, /127\.0\.0\.1:8000 \(hostd gives gunicorn one unix socket\)/);
  }
});

test('gunicorn at an address is joined with the site before it', () => {
  const nginx =
    'upstream shop { server localhost:8000; } server { listen 80; server_name shop.test; location / { proxy_pass http://shop; } }';
  for (const to of ['127.0.0.1:8000', '0.0.0.0:8000', ':8000', 'localhost:8000']) {
    const { names, app, told } = imported({
      supervisor: `[program:web]\ncommand=/srv/shop/bin/gunicorn shop.wsgi -b ${to}\nuser=shop\n`,
      nginx,
    });
    assert.deepEqual([names, app().serverNames], [['web'], ['shop.test']], to);
    assert.match(told, /hostd gives gunicorn a unix socket instead/);
  }
  const { host } = imported({
    supervisor: '[program:web]\ncommand=/srv/shop/bin/gunicorn shop.wsgi -b 0.0.0.0:9000\n',
  });
  assert.deepEqual([host().apps.length, host().programs.length], [0, 1]);
});

test("gunicorn's configuration file says how many workers there are, unless the command does", () => {
  const files = {
    '/srv/shop/conf.py': 'import os\nworkers = 5\nbind = "unix:/srv/shop/run/gunicorn.sock"\nuser = "web"\n',
  };
  const from = command('/srv/shop/bin/gunicorn -c conf.py shop.wsgi', '', files);
  assert.doesNotMatch(from.text, /^workers/m);
  assert.deepEqual(
    [from.names, from.app().gunicornArgs, from.app().serverNames, from.told],
    [['shop'], ['-c', 'conf.py'], ['shop.test'], ''],
  );
  assert.match(command('/srv/shop/bin/gunicorn -cconf.py -w 2 shop.wsgi', '', files).text, /^workers += 2$/m);
  assert.match(
    command(`/srv/shop/bin/gunicorn -c other.py shop.wsgi ${bind}`, '', {
      '/srv/shop/other.py': 'threads = 2\n',
    }).text,
    /^workers += 1$/m,
  );
  assert.doesNotMatch(
    command(`/srv/shop/bin/gunicorn shop.wsgi ${bind}`, '', { '/srv/shop/gunicorn.conf.py': 'workers = 2\n' })
      .text,
    /^workers/m,
  );
  assert.doesNotMatch(
    command(`/srv/shop/bin/gunicorn shop.wsgi ${bind}`, 'environment=WEB_CONCURRENCY="2"\n').text,
    /^workers/m,
  );
  assert.match(
    command(`/srv/shop/bin/gunicorn -c gone.py shop.wsgi ${bind}`).told,
    /gone\.py \(this file cannot be read/,
  );
  const moved = command('/srv/shop/bin/gunicorn -c conf.py --chdir src shop.wsgi', '', files).app();
  assert.deepEqual([moved.gunicornArgs, moved.project], [['-c', '/srv/shop/conf.py'], '/srv/shop/src']);
  const settings = command('/srv/shop/bin/gunicorn -c conf.py', '', {
    '/srv/shop/conf.py':
      'wsgi_app = "shop.wsgi"\nbind = ["unix:/srv/shop/run/gunicorn.sock"]\ndaemon = True\npidfile = "/x"\n',
  });
  assert.equal(settings.app().wsgi, 'shop.wsgi');
  assert.match(settings.told, /daemon = True .*\n.*pidfile/);
});

const wrapped = [
  `bash -c "source bin/activate && exec gunicorn shop.wsgi ${bind}"`,
  `/bin/sh -ec 'cd /srv/shop; exec bin/gunicorn shop.wsgi ${bind}'`,
  `bash -lc "cd /srv/shop && A=b /srv/shop/bin/gunicorn shop.wsgi ${bind}"`,
  `env A=b ${gunicorn}`,
  `/usr/bin/env -i -u HOME A=b ${gunicorn}`,
  `sudo -E -u shop A=b ${gunicorn}`,
  `su - shop -c "${gunicorn}"`,
  `gosu shop ${gunicorn}`,
  `chpst -u shop:web ${gunicorn}`,
  `setuidgid shop ${gunicorn}`,
  `nohup ${gunicorn}`,
  `/srv/shop/bin/python -m gunicorn shop.wsgi ${bind}`,
  `/srv/shop/bin/python3 -u /srv/shop/bin/gunicorn shop.wsgi ${bind}`,
  `/srv/shop/bin/newrelic-admin run-program gunicorn shop.wsgi ${bind}`,
  `newrelic-admin run-program ${gunicorn}`,
  `ddtrace-run ${gunicorn}`,
  `/srv/shop/bin/opentelemetry-instrument --traces_exporter none ${gunicorn}`,
  `nice -n 5 ${gunicorn}`,
  `conda run -p /srv/shop --no-capture-output gunicorn shop.wsgi ${bind}`,
  `dotenv -f /srv/shop/.env run -- ${gunicorn}`,
  'sh -c "exec /srv/shop/bin/gunicorn shop.wsgi $GUNICORN_ARGS --bind unix:/srv/shop/run/gunicorn.sock"',
  'some-unknown-wrapper gunicorn --bind unix:/srv/shop/run/gunicorn.sock shop.wsgi',
  '/srv/shop/bin/uvicorn shop.asgi:application --uds /srv/shop/run/gunicorn.sock',
];

for (const words of wrapped)
  test(`${words} and its virtual host are one app, with one gunicorn`, () => {
    const { names, host, told } = command(words, '', { '/srv/shop/.env': 'A=b\n' });
    assert.deepEqual(names, ['shop'], told);
    const { apps, programs } = host();
    assert.deepEqual(
      [apps.length, programs.length, apps[0]?.root, apps[0]?.user, apps[0]?.serverNames],
      [1, 1, '/srv/shop', 'shop', ['shop.test']],
      told,
    );
    if (words.includes('A=b') || words.includes('.env')) assert.equal(apps[0]?.env['A'], 'b');
    for (const kept of ['newrelic-admin', 'ddtrace-run', 'opentelemetry-instrument', 'nice', 'uvicorn'])
      if (words.includes(kept))
        assert.ok(programs[0]?.command[0]?.endsWith(kept), programs[0]?.command.join(' '));
  });

test('what finds the virtualenv by itself is asked for it, or is an error; never a second gunicorn', () => {
  for (const finder of ['poetry', 'pipenv', 'uv', 'pdm', 'hatch']) {
    const words = `${finder} run gunicorn shop.wsgi ${bind}`;
    const found = command(words, '', { '/srv/shop/.venv/bin/gunicorn': '#!' });
    assert.deepEqual([found.names, found.app().root], [['shop'], '/srv/shop/.venv'], finder);
    const lost = command(words);
    assert.match(lost.told, new RegExp(`${finder} alone knows where the virtualenv is`));
    assert.equal(lost.host().apps.length, 0);
  }
});

test('one unknown number does not lose the rest of a script', () => {
  const { app, told } = script(
    `NUM_WORKERS=$((2 * $(nproc) + 1))\nexport A=b\nexec /srv/shop/bin/gunicorn shop.wsgi --workers $NUM_WORKERS ${bind} --timeout=90 --keep-alive=$K`,
  );
  assert.deepEqual([app().env, app().gunicornArgs], [{ A: 'b' }, ['--timeout=90']]);
  assert.match(
    told,
    /NUM_WORKERS=\$\(\(2 \* \$\(nproc\) \+ 1\)\) \(only a running shell knows NUM_WORKERS\)/,
  );
  assert.match(told, /--workers \.\.\. \(only a running shell knows --workers\)/);
  assert.match(told, /--keep-alive=\.\.\. /);
  assert.equal(
    script(`N=3\nexec /srv/shop/bin/gunicorn shop.wsgi -w $((2 * N + 1)) ${bind}`).app().workers,
    7,
  );
});

test('the call that is made in any case counts, and what is conditional is told', () => {
  const { app, told } = script(
    `if [ "$1" = debug ]; then\n  exec /srv/shop/bin/gunicorn shop.wsgi --reload\nfi\nexec ${gunicorn}`,
  );
  assert.deepEqual([app().workers, app().gunicornArgs], [4, []]);
  assert.match(told, /--reload \(gunicorn is started elsewhere, too/);
  const branch = script(
    `if [ "$ENV" = live ]; then\n export DEBUG=0\nelse\n export DEBUG=1\nfi\nexec ${gunicorn}`,
  );
  assert.deepEqual(branch.app().env, {});
  assert.match(branch.told, /DEBUG is set under a condition/);
  const inside = script(`main() {\n exec ${gunicorn}\n}\nmain "$@"`);
  assert.equal(inside.app().workers, 4);
});

test('a script that looks for itself is found, and so is a file whose lines are exported', () => {
  for (const here of [
    '$(cd "$(dirname "$0")" && pwd)',
    '$(cd "$(dirname "${BASH_SOURCE[0]}")"; pwd)',
    '$(dirname $(realpath $0))',
  ]) {
    const { app, told } = imported({
      script:
        `#!/bin/bash\nBASE="${here}"\ncd "$BASE/.."\nexport $(grep -v '^#' .env | xargs) TWO=2\nexec bin/gunicorn shop.wsgi -b unix:$PWD/run/gunicorn.sock`.replace(
          ' TWO=2',
          '',
        ),
      files: { '/srv/shop/.env': '# no\nA=b\n' },
    });
    assert.deepEqual(
      [app().root, app().project, app().socket, app().env, told],
      ['/srv/shop', '/srv/shop', '/srv/shop/run/gunicorn.sock', { A: 'b' }, ''],
      here,
    );
  }
  const { told } = script(`export $(cat /etc/gone.env | xargs)\nexec ${gunicorn}`);
  assert.match(told, /gone\.env \| xargs\) \(only a running shell knows/);
});

test('an import is whole when nothing was left out and nothing guessed', () => {
  const said = `export DJANGO_SETTINGS_MODULE=shop.settings\nexec ${gunicorn} --user u`;
  assert.equal(script(said).whole, true);
  assert.equal(script(`${said} 2>&1`).whole, true);
  assert.equal(script(`exec ${gunicorn} --user u`).whole, false);
  assert.equal(imported({ nginx: vhost }).whole, false);
  assert.equal(
    imported({ supervisor: `[program:shop]\ncommand=${gunicorn}\nenvironment=DJANGO_SETTINGS_MODULE=a.b\n` })
      .whole,
    false,
  );
});

test('a number of workers that nobody knows is not taken for one', () => {
  assert.doesNotMatch(script(`exec /srv/shop/bin/gunicorn shop.wsgi -w $(nproc) ${bind}`).text, /^workers/m);
});

test('an app whose name hostd cannot use has another, and it is told', () => {
  const group = imported({
    supervisor: `[program:shop]\ncommand=${gunicorn}\nuser=u\n[group:all]\nprograms=shop\n`,
  });
  assert.deepEqual(group.names, ['shop']);
  const { names, told } = imported({ supervisor: `[program:all]\ncommand=${gunicorn}\nuser=u\n` });
  assert.notDeepEqual(names, ['all']);
  assert.match(told, /"all" is called "/);
});

test('a here-document is text, not commands', () => {
  const { app, told } = script(
    `cat > /etc/x <<EOF\nexec /srv/other/bin/gunicorn other.wsgi\nEOF\nexec ${gunicorn} "$@"`,
  );
  assert.deepEqual([app().root, app().gunicornArgs], ['/srv/shop', []]);
  assert.match(told, /cat > \/etc\/x <<EOF \(not understood\)/);
});

test('settings are those of wsgi.py where nothing else says them, and else told to be guessed', () => {
  const files = {
    '/srv/shop/src/shop/wsgi.py': 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.live")\n',
  };
  assert.equal(
    imported({ script: `#!/bin/sh\ncd /srv/shop/src\nexec ${gunicorn}`, files }).app().settings,
    'shop.settings.live',
  );
  assert.match(script(`exec ${gunicorn}`).text, /^# settings: guessed/m);
});

test('whatever a script says comes to a key, or is told', () => {
  let number = 0;
  const fresh = (prefix: string) => fc.constant(null).map(() => `${prefix}${++number}q`);
  const value = fresh('val');
  const quoted = fc
    .tuple(
      value,
      fc.constantFrom(
        (v: string) => v,
        (v: string) => `"${v}"`,
        (v: string) => `'${v}'`,
      ),
    )
    .map(([v, quote]) => ({ word: quote(v), marks: [v] }));
  const line = fc.oneof(
    fc
      .tuple(fresh('VAR'), quoted)
      .map(([name, { word, marks }]) => ({ line: `export ${name}=${word}`, marks: [name, ...marks] })),
    fc.tuple(fresh('VAR'), quoted).map(([name, { word, marks }]) => ({
      line: `${name}=${word}\nexport ${name}`,
      marks: [name, ...marks],
    })),
    fresh('/srv/file').map(file => ({ line: `. ${file}`, marks: [file] })),
    fc
      .tuple(fresh('cmd'), value)
      .map(([name, word]) => ({ line: `${name} --flag ${word}`, marks: [name, word] })),
    fc
      .tuple(fresh('cmd'), value)
      .map(([name, word]) => ({ line: `if [ -f /x ]; then ${name} ${word}; fi`, marks: [name, word] })),
    fc
      .tuple(fresh('VAR'), fresh('/srv/f'))
      .map(([name, file]) => ({ line: `export ${name}="$(cat ${file})"`, marks: [name, file] })),
  );
  const argument = fc.oneof(
    value.map(word => ({ line: `--forwarded-allow-ips ${word}`, marks: [word] })),
    value.map(word => ({ line: `--access-logformat=${word}`, marks: [word] })),
    fresh('/out').map(file => ({ line: `>> ${file}`, marks: [file] })),
    fresh('/err').map(file => ({ line: `2>${file}`, marks: [file] })),
    fc.constant({ line: '-p /run/pid1q', marks: ['/run/pid1q'] }),
  );
  const wrapper = fc.oneof(
    fc.constant({ line: 'exec', marks: [] as string[] }),
    fc
      .tuple(fresh('VAR'), value)
      .map(([name, word]) => ({ line: `env ${name}=${word}`, marks: [name, word] })),
    fc
      .tuple(fresh('VAR'), value)
      .map(([name, word]) => ({ line: `${name}=${word} exec`, marks: [name, word] })),
    fresh('user').map(user => ({ line: `sudo -u ${user}`, marks: [user] })),
    fresh('/etc/env').map(path => ({ line: `chpst -e ${path}`, marks: [path] })),
    value.map(word => ({ line: `nice -n ${word}`, marks: [word] })),
    value.map(word => ({ line: `newrelic-admin run-program`, marks: ['newrelic-admin', word].slice(0, 1) })),
  );
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 6 }),
      wrapper,
      fc.array(argument, { maxLength: 5 }),
      (lines, front, words) => {
        const kept = front.line.startsWith('nice') || front.line.startsWith('newrelic');
        const call = `${front.line} ${gunicorn} ${words.map(one => one.line).join(' ')}`;
        const { text, told } = script([...lines.map(one => one.line), call].join('\n'));
        for (const mark of [...lines, front, ...words].flatMap(({ marks }) => marks))
          assert.ok(
            text.includes(mark) || told.includes(mark),
            `${mark} of\n${call}\n${kept}\n${text}\n${told}`,
          );
      },
    ),
    { numRuns: 300 },
  );
});

test('no text makes the reader throw, or think for ever', () => {
  const bits = fc.constantFrom(
    'gunicorn',
    ' ',
    '\n',
    '"',
    "'",
    '$',
    '$(',
    '((',
    ')',
    '`',
    '{',
    '}',
    '\\',
    '<<',
    '<<EOF',
    '>',
    '&&',
    '|',
    ';',
    'if',
    'fi',
    'export',
    'A=b',
    '.',
    '/x',
    '-c',
    '-b',
    'unix:',
    'env',
    'bash',
    'case',
    'in',
    '#',
    '\0',
    '\r',
    'é',
  );
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 40 }), words => {
      imported({ script: words.join('') });
      imported({
        supervisor: `[program:x]\ncommand=${words.join(' ').replaceAll('\n', ' ')}\n`,
        nginx: vhost,
      });
    }),
    { numRuns: 500 },
  );
  script(`${'\n'.repeat(50_000)}${'$('.repeat(5000)}${'$((-'.repeat(5000)}`);
});
