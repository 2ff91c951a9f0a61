import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programKeys, withoutUse } from '../../config/toml/keys.ts';
import { hostOf, textsOf, warningsOf } from '../cases.test.ts';
import { importDrafts } from '../import/import.ts';
import { supervisor } from './supervisor.ts';

const path = (group: string) => `/etc/supervisor/conf.d/${group}.conf`;
const write = (toml: string, group: string) => textsOf(hostOf(toml), 'supervisor', false)[path(group)];
const around = { include: () => [], environment: {}, machineName: 'host' };

function back(text: string): string {
  const { drafts = [], problems = [] } = supervisor.read?.([{ file: '/x.conf', text }], around) ?? {};
  assert.deepEqual(problems, []);
  return importDrafts(drafts)
    .files.map(file => file.text)
    .join('\n');
}

test('a program of its own has every key that differs from what Supervisor assumes', () => {
  const toml = `[program.job]
command = ["/bin/sh", "-c", "echo 100%% ; # $HOME"]
user = "nobody"
environment = { A = "x y", B = "it's \\"it\\"", C = "50%%" }
umask = "027"
priority = 5
autostart = false
autorestart = false
startsecs = 0
exitcodes = [0, 2]
stopsignal = "QUIT"
stopasgroup = true
stdout_logfile = "/var/log/100%%.log"
stdout_logfile_maxbytes = "1MB"
stderr_logfile = "NONE"
no_new_privileges = false
`;
  assert.equal(
    write(toml, 'job'),
    `; Written by hostctl emit, from group "job" of hostd's configuration: change it there.
[program:job]
command = /usr/bin/env -- 'B=it'"'"'s "it"' /bin/sh -c 'echo 100%% %(program_name).0s; %(program_name).0s# $HOME'
user = nobody
umask = 027
environment = A="x y",C="50%%"
priority = 5
autostart = false
autorestart = false
startsecs = 0
exitcodes = 0,2
stopsignal = QUIT
stopasgroup = true
stdout_logfile = /var/log/100%%%%.log
stdout_logfile_maxbytes = 1MB
stderr_logfile = NONE
`,
  );
});

test('several processes are one section where they differ in their number alone', () => {
  const toml =
    '[program.web]\ncommand = "/bin/serve --port 80%(process_num)02d"\nnumprocs = 3\nnumprocs_start = 4\nstdout_logfile = "/tmp/%(process_num)d.log"\n';
  const text = write(toml, 'web') ?? '';
  assert.match(text, /^command = \/bin\/serve --port 80%\(process_num\)02d$/m);
  assert.match(text, /^process_name = web_%\(process_num\)02d\nnumprocs = 3\nnumprocs_start = 4$/m);
  assert.match(text, /^stdout_logfile = \/tmp\/%\(process_num\)d\.log$/m);
});

test("an app's other programs are in its group, under names that no other app's have", () => {
  const toml = `[app.hello]
root = "/webapps/hello"
[app.hello.program.celery]
command = "bin/celery worker"
[app.goodbye]
root = "/webapps/goodbye"
[app.goodbye.program.celery]
command = "bin/celery worker"
`;
  const text = write(toml, 'hello') ?? '';
  assert.match(text, /^\[program:hello-celery\]\ncommand = .*\nprocess_name = celery$/m);
  assert.match(text, /^\[group:hello\]\nprograms = hello,hello-celery$|^programs = hello-celery,hello$/m);
  assert.match(text, /VIRTUAL_ENV="\/webapps\/hello"/);
});

test('programs of apps and groups come back as the tables that they were written from', () => {
  for (const toml of [
    '[program.cat]\ncommand = "/bin/cat \'a b\' 50%% ;"\nuser = "nobody"\nenvironment = { A = "x y", B = "\\"" }\n',
    '[program.web]\ncommand = "/bin/serve %(process_num)02d"\nnumprocs = 2\nautorestart = true\n',
    '[group.pets]\nprograms = ["cat", "dog"]\npriority = 5\n[program.cat]\ncommand = "/bin/cat"\n[program.dog]\ncommand = "/bin/dog"\n',
  ])
    for (const plain of [true, false]) {
      const host = hostOf(toml);
      const texts = Object.values(textsOf(host, 'supervisor', plain)).join('\n');
      const again = hostOf(back(texts));
      assert.deepEqual(textsOf(again, 'supervisor', plain), textsOf(host, 'supervisor', plain), toml);
    }
});

test('what Supervisor cannot say is told with its place', () => {
  const toml = `[program.a]\ncommand = "/bin/cat"\ngroup = "games"\nlimits = { nofile = 10 }
[app.b]\nroot = "/b"\nhealth = "/healthz"\nserver_names = ["b.test"]\n`;
  const found = warningsOf(hostOf(toml), 'supervisor');
  assert.equal(found.length, 3);
  assert.match(found.join('\n'), /"a": Supervisor sets no limits/);
  assert.match(found.join('\n'), /"a": Supervisor has no unix group/);
  assert.match(found.join('\n'), /"b": Supervisor checks no health/);
  const [problem] = supervisor.write?.(hostOf(toml), { plain: false }).problems ?? [];
  assert.deepEqual(problem?.at, { file: '/etc/hostd/hostd.toml', key: ['program', 'a', 'limits'] });
});

test("nothing of the caller's environment gets into what is imported", () => {
  const text = `[supervisord]
environment = ROOT=%(ENV_HOME)s,SITE="100%%%%"
[program:job]
command = /bin/sleep 60
environment = PATH="/srv/bin:%(ENV_PATH)s",TOKEN=%(ENV_TOKEN)s,A="x,%(ENV_B)s y",my.key=1,C="it is %(ENV_SITE)s"
`;
  const read = (unknown: 'left out' | 'refused') =>
    supervisor.read?.([{ file: '/x.conf', text }], { ...around, environment: { PATH: '/usr/bin' }, unknown });
  const { drafts = [], problems = [] } = read('left out') ?? {};
  assert.deepEqual(
    problems.map(({ severity, message }) => [severity, message]),
    [
      ['warning', "environment: ROOT is left out: only Supervisor's own environment has the HOME in it"],
      ['warning', "environment: TOKEN is left out: only Supervisor's own environment has the TOKEN in it"],
      ['warning', "environment: A is left out: only Supervisor's own environment has the B in it"],
      ['warning', 'environment: my.key is left out: no shell takes such a name'],
    ],
  );
  const [draft] = drafts;
  assert.deepEqual(draft?.kind === 'program' && draft.processes[0]?.environment, {
    SITE: '100%',
    PATH: '/srv/bin:/usr/bin',
    C: 'it is 100%',
  });
  assert.ok(read('refused')?.problems.some(({ severity }) => severity === 'error'));
});

test('each key of a program comes to a key, or is told: none is passed over', () => {
  const values: Readonly<Record<string, string>> = {
    command: '/bin/mark',
    process_name: 'mark-%(process_num)d',
    numprocs: '2',
    numprocs_start: '7',
    stopsignal: 'USR1',
    environment: 'A="mark"',
    autorestart: 'true',
    exitcodes: '3',
    umask: '077',
    user: 'mark',
  };
  const known = [...Object.keys(programKeys), ...Object.keys(withoutUse), 'syslog', 'minfds', 'made_up'];
  for (const key of known) {
    const isSwitch = ['autostart', 'stopasgroup', 'killasgroup', 'redirect_stderr'].includes(key);
    const value =
      values[key] ??
      (isSwitch ? (key === 'autostart' ? 'false' : 'true') : /logfile$|directory/.test(key) ? '/mark' : '77');
    const numprocs = key === 'numprocs_start' ? 'numprocs=2\nprocess_name=x%(process_num)d\n' : '';
    const name = key === 'numprocs' ? 'process_name=x%(process_num)d\n' : '';
    const command = key === 'command' ? '' : 'command=/bin/x\n';
    const text = `[program:x]\n${command}${numprocs}${name}${key}=${value}\n`;
    const { drafts = [] } = supervisor.read?.([{ file: '/x.conf', text }], around) ?? {};
    const { files, problems } = importDrafts(drafts);
    const table = files.map(file => file.text).join('\n');
    const plain = importDrafts(
      supervisor.read?.([{ file: '/x.conf', text: text.replace(`${key}=${value}\n`, '') }], around).drafts ??
        [],
    );
    const isSame =
      table.replaceAll(/^#.*\n/gm, '') ===
      plain.files
        .map(file => file.text)
        .join('\n')
        .replaceAll(/^#.*\n/gm, '');
    assert.ok(!isSame || problems.some(({ message }) => message.includes(`${key}=`)), `${key}\n${table}`);
  }
});

test('a log that is no file is told, one in /dev/null is none, and the output of hostd itself stays that', () => {
  const of = (path: string) => {
    const text = `[program:x]\ncommand=/bin/x\nstdout_logfile=${path}\nstdout_logfile_maxbytes=0\n`;
    const { files, problems, whole } = importDrafts(
      supervisor.read?.([{ file: '/x.conf', text }], around).drafts ?? [],
    );
    return { text: files[0]?.text ?? '', told: problems.map(({ message }) => message).join('\n'), whole };
  };
  for (const path of ['/dev/stdout', '/dev/fd/1', '/dev/stderr', '/proc/self/fd/1']) {
    const { text, told, whole } = of(path);
    assert.match(text, new RegExp(`^stdout_logfile += "${path}"$`, 'm'));
    assert.equal(told, '');
    assert.equal(whole, true);
  }
  const terminal = of('/dev/tty1');
  assert.doesNotMatch(terminal.text, /^stdout_logfile/m);
  assert.match(terminal.told, /not imported: stdout_logfile \(hostd keeps a log in a file, not in \//);
  assert.equal(terminal.whole, false);
  const { text, told } = of('/dev/null');
  assert.match(text, /^stdout_logfile += "NONE"$/m);
  assert.equal(told, '');
});

test('what Supervisor hands down besides the environment is told', () => {
  const text = '[supervisord]\nminfds=65536\nminprocs=200\nstrip_ansi=true\n[program:x]\ncommand=/bin/x\n';
  const { drafts = [] } = supervisor.read?.([{ file: '/x.conf', text }], around) ?? {};
  const told = importDrafts(drafts).problems.map(({ message }) => message);
  assert.deepEqual(told, [
    'not imported: minfds=65536 (limits = { nofile = ... } of each program)',
    'not imported: strip_ansi=true (strip_ansi = true of each program)',
  ]);
});

test('a value that cannot be known is told with its next move: a variable’s value, or the file that a template makes', () => {
  const read = (user: string) =>
    supervisor.read?.([{ file: '/x.conf', text: `[program:x]\ncommand=/bin/x\nuser=${user}\n` }], around)
      .problems[0];
  assert.match(read('%(user)s')?.message ?? '', /"%\(user\)s" cannot be expanded: .*a template/);
  assert.equal(read('%(user)s')?.hint, 'supervisord would refuse it too');
  assert.match(read('%(ENV_WHO)s')?.message ?? '', /its own environment$/);
  assert.equal(read('%(ENV_WHO)s')?.hint, 'the value itself in place of it: user=%(ENV_WHO)s');
});
