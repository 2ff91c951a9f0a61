// docs/from-supervisor-and-nginx.md, command by command, on a machine with Debian's Supervisor and nginx: a container.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { needs } from './emit/tools.ts';
import { testAccounts } from './harness/accounts.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';
import { boot, needsContainer } from './nspawn/container.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');
const page = readFileSync(new URL('../docs/from-supervisor-and-nginx.md', import.meta.url), 'utf8');
/** After "In place", which changes the daemon alone. */
const blocks = [...page.slice(page.indexOf('\n## There\n')).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
  match => match[1] ?? '',
);

const wsgi = `import os
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [f"hello from {os.getuid()} by {open('/proc/%d/comm' % os.getppid()).read()}".encode()]
`;

const ask = `import urllib.request, sys
request = urllib.request.Request("http://127.0.0.1/", headers={"Host": "hello.test"})
answer = urllib.request.urlopen(request, timeout=10)
print(answer.headers["Server"], answer.read().decode())
`;

/** The article's machine: its three files, and a virtualenv. */
async function classicMachine(place: Place): Promise<number> {
  const { a } = await testAccounts();
  const root = 'files/webapps/hello_django';
  for (const program of ['gunicorn', 'python'])
    place.write(
      `${root}/bin/${program}`,
      `#!/bin/sh\nexec ${virtualenv('recent').root}/bin/${program} "$@"\n`,
      0o755,
    );
  place.write(`${root}/bin/activate`, '');
  for (const [file, text] of [
    ['__init__.py', ''],
    ['settings.py', ''],
    ['wsgi.py', wsgi],
  ] as const)
    place.write(`${root}/hello/hello/${file}`, text);
  for (const directory of ['run', 'logs', 'static', 'media']) place.directory(`${root}/${directory}`);
  const config = place.write(
    'hostd.toml',
    `[app.hello]\nroot = "/webapps/hello_django"\nuser = "${a.name}"\nserver_names = ["hello.test"]\nworkers = 1\n`,
  );
  const emitted = await run([hostctl, 'emit', 'all', '--plain', '--out', `${place.dir}/files`, '-c', config]);
  assert.equal(emitted.code, 0, emitted.stderr);
  execFileSync('rm', ['-r', `${place.dir}/files/etc/systemd`]);
  execFileSync('chown', ['-R', `${a.uid}:${a.gid}`, `${place.dir}/${root}`]);
  place.write('files/ask.py', ask);
  return a.uid;
}

test('the commands of the page move a classic machine to hostd and back', {
  skip: needsContainer() || needs('nginx', 'supervisord') || needsVirtualenv('recent'),
}, async t => {
  assert.equal(blocks.length, 7);
  const place = makePlace(t);
  const uid = await classicMachine(place);
  const { inside } = await boot(place);
  const shell = async (commands: string, codes: readonly (number | null)[] = [0]) => {
    const ran = await inside('sh', '-ec', commands.replace(/^/, 'PATH=/usr/local/bin:$PATH\n'));
    const journal = codes.includes(ran.code)
      ? ''
      : (await inside('journalctl', '--no-pager', '-n', '40')).stdout;
    assert.ok(codes.includes(ran.code), `${commands}\n${ran.stdout}${ran.stderr}\n${journal}`);
    return ran.stdout;
  };
  const served = (server: RegExp) =>
    until(
      `an answer of ${server}`,
      async () => {
        const { stdout } = await inside('/usr/bin/python3', '/ask.py');
        return server.test(stdout) && stdout.includes(`hello from ${uid} `);
      },
      { every: 200 },
    );
  await shell('systemctl start supervisor nginx');
  await served(/^nginx/);

  const [look = '', start = '', move = '', last = '', proxy = '', write = '', back = ''] = blocks;
  // 3: Debian's own default site, if it is there, has no word in hostd.
  assert.match(await shell(look, [0, 3]), /^\[app\.hello\]$/m);
  await shell(start);
  const moved = await shell(move);
  assert.match(moved, /^hello: would be moved \(hello\)$/m);
  assert.match(moved, /^hello: moved, \d+\.\d s without it$/m);
  t.diagnostic(/^hello: moved.*$/m.exec(moved)?.[0] ?? '');
  assert.match(moved, /^hello +RUNNING/m);
  await served(/^nginx/);
  await shell(last);
  await shell(proxy);
  await served(/^(?!nginx)/);

  await shell(write);
  await shell(back);
  await served(/^nginx/);
  const there = async () => (await inside('supervisorctl', 'status')).stdout;
  await until('Supervisor to have it again', async () => /^hello +RUNNING/m.test(await there()), {
    every: 200,
  });
});
