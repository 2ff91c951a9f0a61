// Every command that README.md and docs/ show does what the page says: it is run here, in the page's order, on one hostd, or it is
// named below with the reason why it cannot be.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Ran, run } from '../scripts/run.ts';
import { ownCommands, shownCommands, withoutSudo } from '../scripts/shown-commands.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { djangoApp, tinyApp } from './harness/apps.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { writeApp } from './harness/write-app.ts';

const pages = [
  'README.md',
  ...readdirSync(`${checkout}/docs`)
    .filter(name => name.endsWith('.md'))
    .sort()
    .map(name => `docs/${name}`),
];

/** What cannot run here. The first that fits counts; each must fit something. */
const elsewhere: readonly (readonly [page: RegExp, command: RegExp, why: string])[] = [
  [
    /from-supervisor-and-nginx/,
    /./,
    'in containers: nspawn/supervisor.test.ts runs "In place", migration.test.ts all from "There" on',
  ],
  [/benchmarks/, /^npm /, 'measures for minutes'],
  [
    /./,
    /^npm (?:ci|test|run (?:demo|bench))|^sudo npm /,
    'installs, or is the test itself; demo.test.ts has the demo',
  ],
  [/./, /^(?:sudo )?systemctl /, "the machine's own services"],
  [/./, /^sudo (?:groupadd|useradd) /, "the machine's own accounts; create.test.ts"],
  [/./, /^(?:sudo )?(?:mkdir -p|cp etc\/)/, "directories of the machine's own, before hostd is there"],
  [
    /README|quick-start/,
    /^sudo -u (?:hello|blog) /,
    'makes the virtualenv from the network; scripts/virtualenv.ts has the same',
  ],
  [/README|quick-start/, /^sudo \$EDITOR /, 'an editor'],
  [
    /upgrading/,
    /^sudo apt-get install |^sudo hostctl upgrade/,
    'installs; try-deb.sh, and deploying.test.ts',
  ],
  [/quick-start/, /^sudo hostctl create hello /, "the machine's own accounts; create.test.ts"],
  [/create/, /--database postgresql/, 'create-postgresql.test.ts, with a cluster of its own'],
  [/create/, /--purge/, "removes the app's account; create.test.ts"],
  [/development/, /hostd dev/, 'runs until Ctrl-C; dev.test.ts'],
  [/development/, /~\/\.config\/hostd\/dev/, 'for hostd dev; dev-front-proxy.test.ts'],
  [/web/, /web password$/, 'asks for a password; web.test.ts'],
  [/development/, /pg_dump/, 'needs PostgreSQL'],
  ...(findProgram('curl') === undefined ? [[/./, /^curl /, 'needs curl'] as const] : []),
  [/emit/, /supervisor\|gunicorn-start/, 'a usage line; emit.test.ts and import-round-trip.test.ts'],
];

test('every command of README.md and docs/ runs as the page says', {
  skip: needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const { a, b } = isRoot ? await testAccounts() : { a: self(), b: self() };
  const hello = await djangoApp(place, 'hello', { account: a });
  const sleeper = { command: '/bin/sleep 100000', startsecs: 0 };
  const cel = await tinyApp(place, { name: 'cel', account: b, keys: { program: { worker: sleeper } } });
  const hostd = await startHostd(place, {
    apps: [hello, cel],
    config: {
      proxy: { access_log_format: 'combined_id' },
      notify: { command: ['/bin/cat'], user: a.name },
      program: { worker: { command: '/bin/cat', user: a.name, startsecs: 0 } },
    },
  });
  for (const name of ['hello', 'cel', 'worker']) await hostd.state(name, 'RUNNING');
  place.directory('bin');
  assert.equal((await hostd.get(hello.host)).status, 200);
  const request = await until('the access log to have the request', async () => {
    const { stdout } = await hostd.hostctl('logs', 'hello', '--access');
    return /[0-9a-f]{16}-\d+/.exec(stdout)?.[0];
  });

  const urls = `${hello.root}/hello/hello/urls.py`;
  const code = readFileSync(urls, 'utf8');
  const ctl = async (...args: readonly string[]) => {
    const ran = await hostd.hostctl(...args);
    assert.equal(ran.code, 0, `${args.join(' ')}: ${ran.stderr}`);
  };
  /** What a page shows around a command, where it is not that all is well. */
  const scenes: Readonly<Record<string, Scene>> = {
    'docs/commands.md: hostctl status': {
      code: 3,
      before: () => ctl('stop', 'cel:worker'),
      after: () => ctl('start', 'cel:worker'),
      says: /^hello +RUNNING +pid \d+, uptime 0:\d\d:\d\d$/m,
    },
    [`docs/quick-start.md: ${importSupervisor}`]: {
      before: async () => {
        place.write('old/supervisor/conf.d/reports.conf', '[program:reports]\ncommand=/bin/sleep 100000\n');
        place.write('webapps/hello/bin/gunicorn_start', startScript(hello.root));
        place.write('old/nginx/sites-enabled/hello', virtualHost(hello.socket));
        place.directory('imported');
      },
      says: /^\[program\.reports\]\ncommand += "\/bin\/sleep 100000"$/m,
    },
    [`docs/quick-start.md: ${importSite}`]: {
      says: /^\[app\.hello\]$(.|\n)*^server_names += \["hello\.test"\]$/m,
    },
    'docs/commands.md: hostctl restart hello': { says: /^hello: restarted$/m },
    'docs/commands.md: sudo hostd check --deep': {
      code: 1,
      before: async () => writeFileSync(urls, `import markdown\n${code}`),
      after: async () => writeFileSync(urls, code),
      says: /app "hello": cannot import its URLs: ModuleNotFoundError: No module named 'markdown' \(.*urls\.py:1\)\n {2}try: .*pip install markdown\n(.|\n)*^1 error, /m,
    },
    // Its prompt is root's.
    'docs/create.md: hostctl remove hello': {
      code: isRoot ? 0 : 1,
      says: isRoot ? /./ : /only root can/,
      after: async () => {
        writeApp(place, hello);
        await ctl('update');
        await hostd.state('hello', 'RUNNING');
      },
    },
  };
  const here = (text: string) =>
    withoutSudo(text)
      .replaceAll('/webapps/hello_django', hello.root)
      // What an import writes would be there already.
      .replaceAll('--out /etc/hostd/apps.d', `--out ${place.dir}/imported`)
      .replaceAll(/\/etc\/(supervisor|nginx)\//g, `${place.dir}/old/$1/`)
      .replaceAll('/etc/hostd', `${place.dir}/etc`)
      .replaceAll('/run/hostd/hostd.sock', hostd.socket)
      .replaceAll('/usr/local/bin', `${place.dir}/bin`)
      .replaceAll('[NAME]', 'hello')
      .replaceAll(/[0-9a-f]{16}-\d{6}/g, request);

  const used = new Set<unknown>();
  const faults: string[] = [];
  for (const page of pages)
    for (const { line, text } of shownCommands(readFileSync(`${checkout}/${page}`, 'utf8'))) {
      const excuse = elsewhere.find(([pattern, command]) => pattern.test(page) && command.test(text));
      if (excuse !== undefined) {
        used.add(excuse);
        continue;
      }
      const key = `${page}: ${text}`;
      const scene = scenes[key] ?? {};
      used.add(scene);
      await scene.before?.();
      const started = Date.now();
      const ran = await perform(here(text), hostd, place.env);
      t.diagnostic(`${page}:${line}: ${text}: ${ran.code}, ${Date.now() - started} ms`);
      await scene.after?.();
      const isRight = ran.code === (scene.code ?? 0) && (scene.says?.test(ran.stdout + ran.stderr) ?? true);
      if (!isRight)
        faults.push(`${page}:${line}: ${text} ended with ${ran.code}\n${ran.stdout}${ran.stderr}`);
    }
  assert.deepEqual(faults, []);
  const stale = [...elsewhere, ...Object.values(scenes)].filter(entry => !used.has(entry));
  assert.deepEqual(stale, [], 'no page shows this any more');
});

const importSupervisor = 'sudo hostctl import supervisor /etc/supervisor/conf.d/reports.conf';
const importSite =
  'sudo hostctl import gunicorn-start /webapps/hello_django/bin/gunicorn_start nginx /etc/nginx/sites-enabled/hello';

const startScript = (root: string) => `#!/bin/bash
NAME="hello"
DIR=${root}/hello
SOCKFILE=${root}/run/gunicorn.sock
export DJANGO_SETTINGS_MODULE=hello.settings
cd $DIR
exec ${root}/bin/gunicorn hello.wsgi:application --name $NAME --workers 3 --bind=unix:$SOCKFILE
`;

const virtualHost = (socket: string) => `server {
    listen 80;
    server_name hello.test;
    location / {
        proxy_pass http://unix:${socket};
    }
}
`;

interface Scene {
  /** The exit code that the page promises; 0 where it says nothing. */
  readonly code?: number;
  readonly says?: RegExp;
  before?(): Promise<void>;
  after?(): Promise<void>;
}

/** One command line by a shell. What follows a log is ended by Ctrl-C once it has shown something. */
async function perform(text: string, hostd: Hostd, mark: Readonly<Record<string, string>>): Promise<Ran> {
  const env = {
    PATH: `${checkout}/bin:${process.env['PATH']}`,
    HOSTD_SOCKET: hostd.socket,
    HOSTD_CONFIG: hostd.config,
    ...mark,
  };
  const follows = ownCommands(text).some(own => / -f\b/.test(own));
  if (!follows) return await run(['sh', '-c', text], { cwd: checkout, env, timeout: 120_000 });
  const child = spawn('sh', ['-c', `exec ${text}`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', chunk => (stderr += chunk));
  child.stdout.on('data', chunk => (stdout += chunk));
  // A second Ctrl-C ends any program at once, and what is shown may come in several pieces.
  child.stdout.once('data', () => child.kill('SIGINT'));
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  clearTimeout(late);
  return { code: code ?? -1, stdout, stderr, bytes: Buffer.from(stdout) };
}
