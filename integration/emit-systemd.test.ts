// The emitted units under a real systemd, booted in a container: the socket unit holds the socket, gunicorn serves from it
// as its own user, comes back when it is killed, and is gone after a stop.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's, not JavaScript's

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { testAccounts } from './harness/accounts.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';
import { boot, needsContainer } from './nspawn/container.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');

const wsgi = `import os
def application(environ, start_response):
    protected = 'NoNewPrivs:\\t1' in open('/proc/self/status').read()
    if environ['PATH_INFO'] == '/nasty':
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [ascii(os.environ['NASTY']).encode()]
    body = f"{os.getuid()} {os.getppid()} {protected} {os.environ['GREETING']}"
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [body.encode()]
`;

/** What every quoting has a meaning for. */
const nasty = "a\n\\\"$HOME ${HOME} `id` 'x' %s # ; \\\n\tb\\";

const ask = `import http.client, socket, sys
connection = http.client.HTTPConnection('hello.test')
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.settimeout(10)
connection.sock.connect('/webapps/tiny/run/gunicorn.sock')
connection.request('GET', sys.argv[1])
print(connection.getresponse().read().decode())
`;

test('systemd runs an emitted app: it serves as its own user, comes back after SIGKILL, and stops', {
  skip: needsContainer() || needsVirtualenv('recent'),
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const root = 'files/webapps/tiny';
  place.write(
    `${root}/bin/gunicorn`,
    `#!/bin/sh\nexec ${virtualenv('recent').root}/bin/gunicorn "$@"\n`,
    0o755,
  );
  for (const [file, text] of [
    ['__init__.py', ''],
    ['settings.py', ''],
    ['wsgi.py', wsgi],
  ] as const)
    place.write(`${root}/tiny/tiny/${file}`, text);
  for (const directory of ['run', 'logs']) place.directory(`${root}/${directory}`);
  place.write('files/ask.py', ask);
  const config = place.write(
    'hostd.toml',
    `[app.tiny]\nroot = "/webapps/tiny"\nuser = "${a.name}"\nworkers = 1\nenv = { GREETING = "50% of $HOME's \\"x\\"", NASTY = ${JSON.stringify(nasty)} }\n`,
  );
  const emitted = await run([hostctl, 'emit', 'systemd', '--out', `${place.dir}/files`, '-c', config]);
  assert.equal(emitted.code, 0, emitted.stderr);
  execFileSync('chown', ['-R', `${a.uid}:${a.gid}`, `${place.dir}/${root}`]);
  const { inside } = await boot(place);

  const systemctl = async (...args: readonly string[]) => {
    const ran = await inside('systemctl', ...args);
    const journal =
      ran.code === 0 ? '' : (await inside('journalctl', '-u', 'tiny', '--no-pager', '-n', '40')).stdout;
    assert.equal(ran.code, 0, `systemctl ${args.join(' ')}: ${ran.stderr}\n${journal}`);
    return ran.stdout.trim();
  };
  const get = async (path = '/') => {
    const { stdout, stderr } = await inside('/usr/bin/python3', '/ask.py', path);
    return stdout.trim() || stderr;
  };
  await systemctl('start', 'tiny.service');
  const [uid, main, protectedFrom, ...greeting] = (await get()).split(' ');
  assert.deepEqual([Number(uid), protectedFrom, greeting.join(' ')], [a.uid, 'True', `50% of $HOME's "x"`]);
  const python = `import sys; print(ascii(sys.stdin.read()))`;
  const wanted = await run(['python3', '-c', python], { input: nasty });
  assert.equal(await get('/nasty'), wanted.stdout.trim());
  // What everybody may ask systemd for has none of it.
  assert.doesNotMatch(await systemctl('show', 'tiny', '--property=Environment'), /GREETING|NASTY/);
  assert.equal(await systemctl('show', 'tiny', '--property=MainPID', '--value'), main);
  assert.equal(
    (await inside('stat', '-c', '%a %U %G', '/webapps/tiny/run/gunicorn.sock')).stdout,
    '660 root www-data\n',
  );

  await inside('kill', '-KILL', main ?? '');
  const pid = await until('another gunicorn', async () => {
    // Meanwhile it may say why nobody answers.
    const now = /^\d+ (\d+) /.exec(await get())?.[1];
    return now !== main && now;
  });
  await systemctl('reload', 'tiny.service');
  assert.equal((await get()).split(' ')[1], pid);
  await systemctl('stop', 'tiny.service');
  assert.equal((await inside('pgrep', '-u', String(a.uid))).stdout, '');
});
