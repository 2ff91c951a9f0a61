// hostctl doctor on real sites that are broken in many ways, one after the other: what it says first is the true cause, and what it says
// to try mends it. Sound sites have nothing to be said of them.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { run } from '../scripts/run.ts';
import { groupOf, isRoot, needsRoot, testAccounts } from './harness/accounts.ts';
import { djangoApp, type TestApp, tinyApp } from './harness/apps.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';
import { makePemBetween } from './proxy/pem.ts';

const skip = needsVirtualenv('recent') || needsRoot;
const day = 86_400_000;

let place: Place;
let hello: TestApp;
let tiny: TestApp;
let hostd: Hostd;
const endings: (() => void | Promise<void>)[] = [];

before(async () => {
  if (skip !== false || !isRoot) return;
  place = makePlace({ after: (action: () => void | Promise<void>) => void endings.push(action) } as never);
  const { a, b } = await testAccounts();
  hello = await djangoApp(place, 'hello', { account: a });
  tiny = await tinyApp(place, { name: 'tiny', account: b });
  const [port, tls] = [await freePort(), await freePort()];
  hostd = await startHostd(place, {
    apps: [hello, tiny],
    config: {
      control: { group: groupOf(a) },
      proxy: { listen: [`127.0.0.1:${port}`], tls_listen: [`127.0.0.1:${tls}`] },
    },
  });
  await hostd.state('hello', 'RUNNING');
  await hostd.state('tiny', 'RUNNING');
});

after(async () => {
  for (const end of endings) await end();
});

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly message: string;
  readonly try: string;
}

/** The findings about an app, or the machine (null), without the notes; and the checks that were not made. */
async function doctor(name: string | null, ...options: readonly string[]) {
  const { stdout, stderr, code } = await hostd.hostctl(
    'doctor',
    ...(name === null ? [] : [name]),
    '--json',
    ...options,
  );
  const all = JSON.parse(stdout || '[]') as {
    name: string | null;
    findings: Finding[];
    not_looked_at: { check: string; why: string }[];
  }[];
  const own = all.find(one => one.name === name);
  assert.ok(own !== undefined, `${stdout}${stderr}`);
  const findings = own.findings.filter(({ severity }) => severity !== 'note');
  const hasError = all.some(one => one.findings.some(({ severity }) => severity === 'error'));
  assert.equal(code, hasError ? 1 : 0, stdout);
  return { findings, unseen: own.not_looked_at, text: JSON.stringify(own, null, 1) };
}

/** The first thing that is said of an app: its check, and parts of its words and of its remedy. */
async function expectFirst(name: string, check: string, ...parts: readonly (string | RegExp)[]) {
  const { findings, text } = await doctor(name);
  assert.equal(findings[0]?.check, check, text);
  const said = `${findings[0]?.message}\n${findings[0]?.try}`;
  for (const part of parts)
    if (typeof part === 'string') assert.ok(said.includes(part), `${part}\nin\n${text}`);
    else assert.match(said, part, text);
  return findings;
}

/** Changes something, looks, and changes it back. */
async function meanwhile(change: () => void, back: () => void, look: () => Promise<unknown>): Promise<void> {
  change();
  try {
    await look();
  } finally {
    back();
  }
}

/** A file of hello's project with another text. */
function withText(
  file: string,
  text: (before: string) => string,
  look: () => Promise<unknown>,
): Promise<void> {
  const path = `${hello.root}/hello/${file}`;
  const kept = readFileSync(path, 'utf8');
  return meanwhile(
    () => writeFileSync(path, text(kept)),
    () => writeFileSync(path, kept),
    look,
  );
}

const ctl = async (...args: readonly string[]) => {
  const ran = await hostd.hostctl(...args);
  assert.equal(ran.code, 0, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
};

test('sound sites, with Django and without', { skip }, async () => {
  const { stdout, code } = await hostd.hostctl('doctor', '--json');
  const all = JSON.parse(stdout) as { name: string | null; findings: Finding[] }[];
  assert.deepEqual(
    all.map(({ name }) => name),
    [null, 'hello', 'tiny'],
  );
  // Who is not root cannot see that the proxy's port is hostd's own.
  const { b } = await testAccounts();
  const checked = await run([`${checkout}/bin/hostd`, 'check', '-c', hostd.config], {
    as: b,
    env: { PATH: process.env['PATH'], ...place.env },
  });
  assert.doesNotMatch(`${checked.stdout}${checked.stderr}`, /cannot listen/);
  const wrong = all.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'error');
  assert.deepEqual(wrong, []);
  assert.equal(code, 0);
});

test('an operator without root is told what root is told', { skip }, async () => {
  const { b: operator } = await testAccounts();
  const as = (...args: readonly string[]) =>
    run([`${checkout}/bin/hostctl`, 'doctor', ...args, '-c', hostd.config], {
      as: operator,
      env: { PATH: process.env['PATH'], ...place.env },
    });
  writeFileSync(`${hello.root}/.env`, 'PASSWORD=1', { mode: 0o644 });
  const { stdout, stderr, code } = await as('hello', '--json');
  const roots = await doctor('hello');
  unlinkSync(`${hello.root}/.env`);
  assert.deepEqual([stderr, code], ['', 1]);
  const all = JSON.parse(stdout) as (typeof roots & { name: string | null; not_looked_at: unknown })[];
  assert.deepEqual(
    all.map(({ name }) => name),
    [null, 'hello'],
  );
  const own = all[1]?.findings.filter(({ severity }) => severity !== 'note');
  assert.deepEqual([own, all[1]?.not_looked_at], [roots.findings, roots.unseen], 'nothing needs root');
  assert.equal(own?.[0]?.check, 'secret');
});

test('settings that strangers profit from, or that shut visitors out', { skip }, async () => {
  const settings = `
DEBUG = True
SECRET_KEY = "django-insecure-abcdefg"
ALLOWED_HOSTS = ["other.test"]
STATIC_URL = "/assets/"
MEDIA_ROOT = "/srv/elsewhere"
`;
  writeFileSync(`${hello.root}/.env`, 'PASSWORD=1');
  await withText(
    'hello/settings.py',
    text => text + settings,
    async () => {
      const { findings, text } = await doctor('hello');
      const has = (check: string, part: string) =>
        assert.ok(
          findings.some(finding => finding.check === check && finding.message.includes(part)),
          `${check} ${part}\nin\n${text}`,
        );
      has('django', 'DEBUG is on');
      has('django', 'ALLOWED_HOSTS has not hello.test');
      has('django', 'SECRET_KEY is the one of startproject');
      has('static', 'STATIC_URL is "/assets/"');
      has('secret', '.env');
      has('secret', 'settings.py');
    },
  );
  unlinkSync(`${hello.root}/.env`);
  await withText(
    'hello/settings.py',
    text => `${text}\nALLOWED_HOSTS = ["other.test"]\n`,
    () =>
      expectFirst('hello', 'django', 'ALLOWED_HOSTS has not hello.test', 'ALLOWED_HOSTS = ["hello.test"]'),
  );
});

test('a database that is closed, empty or gone', { skip }, async () => {
  const file = `${hello.root}/data/db.sqlite3`;
  await meanwhile(
    () => chownSync(`${hello.root}/data`, 0, 0),
    () => chownSync(`${hello.root}/data`, hello.account.uid, hello.account.gid),
    async () => {
      const [first, second] = await expectFirst(
        'hello',
        'database',
        'may not write',
        `chown ${hello.account.name} `,
      );
      assert.equal(first?.severity, 'error');
      assert.match(second?.message ?? '', /answered with 500: OperationalError/);
    },
  );
  await meanwhile(
    () => renameSync(file, `${file}.kept`),
    () => renameSync(`${file}.kept`, file),
    () => expectFirst('hello', 'database', /does not exist|not applied/, 'manage.py migrate'),
  );
  const postgresql = `DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": "1", "NAME": "a"}}`;
  await withText(
    'hello/settings.py',
    text => `${text}\n${postgresql}\n`,
    async () => {
      const { findings, text } = await doctor('hello');
      // Without a driver that is what is wrong.
      assert.match(
        `${findings[0]?.check} ${findings[0]?.try}`,
        /^database systemctl start postgresql|psycopg/,
        text,
      );
    },
  );
});

test('static files: missing, closed', { skip }, async () => {
  const directory = `${hello.root}/static`;
  await meanwhile(
    () => {
      renameSync(directory, `${directory}.kept`);
      mkdirSync(directory);
    },
    () => {
      rmSync(directory, { recursive: true });
      renameSync(`${directory}.kept`, directory);
    },
    () => expectFirst('hello', 'static', 'has no files', 'collectstatic --noinput'),
  );
  await meanwhile(
    () => chmodSync(directory, 0o700),
    () => chmodSync(directory, 0o755),
    () => expectFirst('hello', 'static', 'may not read', 'chmod o+rx'),
  );
});

test('code that does not load, before a restart and after it', { skip }, async () => {
  await withText(
    'hello/urls.py',
    text => `import markdown\n${text}`,
    async () => {
      const [first] = await expectFirst(
        'hello',
        'code',
        'it serves on, and would not start again',
        'install markdown',
      );
      assert.equal(first?.severity, 'warning');
    },
  );
  const python = `${tiny.root}/bin/python`;
  await meanwhile(
    () => {
      renameSync(python, `${python}.kept`);
      symlinkSync('/usr/bin/python3.3', python);
    },
    () => renameSync(`${python}.kept`, python),
    async () => {
      const [first] = await expectFirst(
        'tiny',
        'code',
        'it serves on',
        'Python is gone',
        'python3 -m venv /',
      );
      assert.equal(first?.severity, 'warning');
      // It would remove what is below root: the project, and its data.
      assert.ok(!first?.try.includes('--clear'));
    },
  );
  const source = `${tiny.root}/tiny/tiny/wsgi.py`;
  const kept = readFileSync(source, 'utf8');
  await meanwhile(
    () => writeFileSync(source, 'import nothing_like_it\n'),
    () => writeFileSync(source, kept),
    async () => {
      await hostd.hostctl('stop', 'tiny');
      const { findings, unseen, text } = await doctor('tiny');
      assert.match(findings[0]?.message ?? '', /^tiny is stopped by root, /, text);
      assert.equal(findings[0]?.try, 'hostctl start tiny');
      assert.match(findings[1]?.message ?? '', /cannot import wsgi "tiny.wsgi": ModuleNotFoundError/, text);
      assert.ok(
        unseen.some(({ check }) => check === 'request'),
        text,
      );
    },
  );
  await ctl('start', 'tiny');
});

test('maintenance that was forgotten, and a closed way to the socket', { skip }, async () => {
  await ctl('maintenance', 'tiny', 'on');
  await expectFirst('tiny', 'maintenance', 'visitors get 503', 'hostctl maintenance tiny off');
  await ctl('maintenance', 'tiny', 'off');
  await meanwhile(
    () => chmodSync(tiny.root, 0o700),
    () => chmodSync(tiny.root, 0o755),
    () => expectFirst('tiny', 'socket', 'may not enter', 'chmod o+x'),
  );
});

test('a certificate: of an authority that nobody knows, for another name, near its end', {
  skip,
}, async () => {
  const keys = place.directory('keys');
  const table = `${place.dir}/etc/apps.d/hello.toml`;
  const kept = readFileSync(table, 'utf8');
  const use = async (name: string, days: readonly [number, number], host: string) => {
    const made = makePemBetween(keys, name, days.map(n => Date.now() + n * day) as [number, number], host);
    writeFileSync(
      table,
      kept.replace(
        '[app.hello]',
        `[app.hello]\ncertificate = "${made.certificate}"\ncertificate_key = "${made.key}"`,
      ),
    );
    await ctl('update');
  };
  await use('good', [-1, 2], 'hello.test');
  const { findings, text } = await doctor('hello');
  assert.ok(
    findings.some(({ message }) => /ends in \d+ (?:days?|hours), on/.test(message)),
    text,
  );
  assert.ok(
    findings.some(({ message }) => /certificate is (?:self-signed|from an authority)/.test(message)),
    text,
  );
  await use('other', [-1, 80], 'other.test');
  await expectFirst(
    'hello',
    'certificate',
    'is for other.test, and not for hello.test',
    'certbot certonly -d hello.test',
  );
  writeFileSync(table, kept);
});

test('files that are wrong or not in force, and a name that is unknown', { skip }, async () => {
  const table = `${place.dir}/etc/apps.d/tiny.toml`;
  const kept = readFileSync(table, 'utf8');
  await meanwhile(
    () => writeFileSync(table, kept.replace('[app.tiny]', '[app.tiny]\nworkerz = 2')),
    () => writeFileSync(table, kept),
    () => expectFirst('tiny', 'configuration', 'workerz', 'workers'),
  );
  await meanwhile(
    () => writeFileSync(table, kept.replace('[app.tiny]', '[app.tiny]\nthreads = 2')),
    () => writeFileSync(table, kept),
    () => expectFirst('tiny', 'configuration', 'not in force', 'hostctl update'),
  );
  const { code, stderr } = await hostd.hostctl('doctor', 'tinny');
  assert.equal(code, 1);
  assert.match(stderr, /cannot find "tinny": no such app\n {2}try: hostctl doctor tiny\n/);
});

test('a failing page, told with the exception that Django tells to nobody', { skip }, async () => {
  await withText(
    'guestbook/views.py',
    text => `${text}\n\ndef index(request):\n    raise ValueError("no such luck")\n`,
    async () => {
      // A reload would refuse it.
      await ctl('restart', 'hello');
      await expectFirst(
        'hello',
        'request',
        'is answered with 500: ValueError: no such luck',
        'guestbook/views.py:',
      );
    },
  );
});

test('a hostd that does not run', { skip }, async () => {
  await hostd.stop();
  const { findings } = await doctor(null);
  assert.equal(findings[0]?.check, 'daemon');
  assert.match(findings[0]?.try ?? '', /systemctl start hostd/);
  const { stdout } = await hostd.hostctl('doctor', 'hello');
  assert.match(stdout, /^machine: .*error/m);
  assert.match(stdout, /not looked at: request/);
});
