import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hostctl } from '../client/fake-daemon.test.ts';
import { hostctl as hostctlProgram, hostd as hostdProgram } from '../tables.ts';
import { entries } from './command.ts';

const usage = 'usage: hostctl [-c FILE] [--socket PATH] COMMAND ...\n';

test('a misspelt command exits 2 with the nearest one', async () => {
  assert.deepEqual(await hostctl(['restrat', 'hello']), {
    code: 2,
    stdout: '',
    stderr: `hostctl: unknown command "restrat"\n  try: hostctl restart\n${usage}`,
  });
});

test('a word like no command exits 2 with the way to help', async () => {
  assert.deepEqual(await hostctl(['frobnicate']), {
    code: 2,
    stdout: '',
    stderr: `hostctl: unknown command "frobnicate"\n  try: hostctl help\n${usage}`,
  });
});

test('a word of supervisorctl is answered with the own one', async () => {
  for (const [word, hint] of [
    ['dev', 'hostd dev'],
    ['tail', 'hostctl logs NAME, or: hostctl logs NAME -f'],
    ['fg', 'hostctl attach NAME'],
  ] as const)
    assert.deepEqual(await hostctl([word, 'hello']), {
      code: 2,
      stdout: '',
      stderr: `hostctl: unknown command "${word}"\n  try: ${hint}\n${usage}`,
    });
});

test('no command at all is wrong use, help on stderr', async () => {
  assert.deepEqual(await hostctl([]), {
    code: 2,
    stdout: '',
    stderr: `hostctl: no command was given\n  try: hostctl help\n${usage}`,
  });
});

test("a misspelt option exits 2 with the nearest one and the command's own usage", async () => {
  assert.deepEqual(await hostctl(['status', '--jsn']), {
    code: 2,
    stdout: '',
    stderr:
      'hostctl: unknown option "--jsn"\n  try: --json\nusage: hostctl status [NAME ...] [--json | --full]\n',
  });
});

test('a missing name is wrong use', async () => {
  assert.deepEqual(await hostctl(['start']), {
    code: 2,
    stdout: '',
    stderr: 'hostctl: cannot go on without a NAME, or all\nusage: hostctl start NAME ... | all\n',
  });
});

test('help can be had in four ways, always on stdout', async () => {
  const { code, stdout, stderr } = await hostctl(['help']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  for (const { name } of entries(hostctlProgram)) assert.match(stdout, new RegExp(`^  ${name} +\\w`, 'm'));
  assert.ok(stdout.split('\n').length <= 56, 'fits a screen');
  assert.deepEqual(await hostctl(['--help']), { code, stdout, stderr });
  assert.deepEqual(await hostctl(['status', '-h']), await hostctl(['help', 'status']));
});

test('help of a command shows its usage and its options', async () => {
  const { code, stdout } = await hostctl(['help', 'logs']);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^usage: hostctl logs NAME \.\.\. \| all \[-f\] \[-n N\] \[--stderr \| --access \| --errors\] \[--raw\] \| --rotate/,
  );
  assert.match(stdout, /^ {2}-n, --lines N {11}how many lines to begin with$/m);
});

test('hostd has its own commands, start among them', async () => {
  const { stdout } = await hostctl(['--help'], { program: hostdProgram });
  assert.match(stdout, /^ {2}start +run in the foreground/m);
  assert.equal((await hostctl(['status'], { program: hostdProgram })).code, 2);
});

test("version is the package's", async () => {
  const file = new URL('../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8'));
  for (const args of [['version'], ['--version'], ['-V']])
    assert.deepEqual(await hostctl(args), { code: 0, stdout: `hostctl ${version}\n`, stderr: '' });
  assert.equal((await hostctl(['version'], { program: hostdProgram })).stdout, `hostd ${version}\n`);
  const parts = JSON.parse((await hostctl(['version', '--json'])).stdout);
  assert.deepEqual(Object.keys(parts), ['version', 'commit', 'node', 'addon']);
  assert.deepEqual([parts.version, parts.node], [version, process.versions.node]);
});
