// What emit writes for containers, judged by the tools that are to read it. They are asked about the file alone: no daemon is needed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { makePlace } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';

const hostctl = join(import.meta.dirname, '../bin/hostctl');
/** A client that can show a stack's file without a daemon (23.0 and later). */
const docker = [findProgram('docker'), '/usr/local/bin/docker'].find(
  path => path !== undefined && existsSync(path) && /stack config \[/.test(helpOf(path)),
);
function helpOf(path: string): string {
  return spawnSync(path, ['stack', 'config', '--help'], { encoding: 'utf8' }).stdout;
}

const dockerCompose = findProgram('docker-compose');

/** Values that one of the parsers on the way could take for something else. */
const odd = {
  YES: 'yes',
  NUMBER: '1e3',
  TIME: '1:30',
  COLON: 'a: b # c',
  DOLLAR: `$HOME \${X:-y} $$ $(id)`,
  QUOTES: `'"\\`,
  LINES: 'one\n two\n\tthree\n',
  WORDS: 'Grüße, 世界',
  NO: 'a variable called NO',
};

const table = (name: string, env: Record<string, string>) => `[app.${name}]
root = "/webapps/${name}"
server_names = ["${name.toLowerCase().replace('_', '-')}.test"]
health = "/"
memory_max = "512M"
cpu_max = "150%"
tasks_max = 64
limits = { nofile = [1024, 4096] }
requires = ["postgresql", "10.0.0.5:6379"]
[app.${name}.env]
SECRET_KEY = "hunter2"
${Object.entries(env)
  .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
  .join('\n')}
[app.${name}.program.celery]
command = ["celery", "worker", ${Object.values(env)
  .map(value => JSON.stringify(value))
  .join(', ')}]
autorestart = "unexpected"
nice = 5
[app.${name}.program.nightly]
command = "manage.py clearsessions"
schedule = "0 3 * * *"
`;

interface Config {
  readonly services: Readonly<
    Record<string, { environment: Record<string, string>; command: readonly string[] }>
  >;
}

async function emitted(dir: string, write: (name: string, text: string) => string, ...options: string[]) {
  const config = write('hostd.toml', table('hello', odd) + table('My_Shop', {}));
  const ran = await run([hostctl, 'emit', 'compose', '--out', dir, ...options, '-c', config]);
  assert.equal(ran.code, 0, ran.stderr);
  return ['hello/hello', 'My_Shop/My_Shop'].map(path => `${dir}/webapps/${path}`);
}

function assertSame({ services }: Config, plain: (text: string) => string): void {
  const { hello, celery } = services;
  for (const [name, value] of Object.entries(odd))
    assert.equal(plain(hello?.environment[name] ?? ''), value, name);
  assert.deepEqual(celery?.command.slice(-Object.keys(odd).length).map(plain), Object.values(odd));
}

test('docker stack takes what emit compose --swarm writes, and reads each value as it was', {
  skip: docker === undefined && 'needs a docker with "docker stack config" (23.0 or later)',
}, async t => {
  const place = makePlace(t);
  const projects = await emitted(place.directory('files'), place.write, '--swarm', '--replicas', '3');
  for (const project of projects) {
    const ran = await run([docker ?? '', 'stack', 'config', '-c', `${project}/stack.yaml`]);
    assert.equal(ran.code, 0, ran.stderr);
    if (project === projects[0]) assertSame(await fromYaml(ran.stdout), text => text);
  }
});

test('docker-compose takes what emit compose writes, and reads each value as it was', {
  skip: dockerCompose === undefined && 'needs docker-compose: apt-get install docker-compose',
}, async t => {
  const place = makePlace(t);
  const [project = ''] = await emitted(place.directory('files'), place.write);
  const command = [dockerCompose ?? '', '-f', `${project}/compose.yaml`, 'config'] as const;
  const ran = await run(command, { cwd: project, env: { ...process.env, SECRET_KEY: 'x' } });
  assert.equal(ran.code, 0, ran.stderr);
  // It prints a file for itself, in which "$" is "$$" again.
  assertSame(await fromYaml(ran.stdout), text => text.replaceAll('$$', '$'));
});

async function fromYaml(text: string): Promise<Config> {
  const { parse } = await import('yaml');
  // As texts: Docker's printers leave out quotes by the rules of an older YAML.
  return parse(text, { schema: 'failsafe' }) as Config;
}
