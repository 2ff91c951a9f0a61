import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { hostctl } from '../client/fake-daemon.test.ts';
import { hostd, hostctl as program } from '../tables.ts';
import { entries } from './command.ts';
import { completionScripts } from './completion.ts';

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout } = await hostctl(['completion', shell]);
  assert.equal(code, 0);
  return stdout;
}

async function hostdScriptFor(shell: string): Promise<string> {
  const commands = await Promise.all(entries(hostd).map(entry => entry.load()));
  return completionScripts[shell]?.('hostd', commands, hostd.options) ?? '';
}

/** What bash offers at the end of a line, with a stand-in for hostctl. */
function offered(script: string, line: string, wordBreaks = '" :=\'><;|&('): string[] {
  const test = `
hostctl() { printf '%s\\n' 'hello   RUNNING pid 1' 'hello:celery   STOPPED' 'blog   FATAL'; }
${script}
COMP_WORDBREAKS=$2 COMP_LINE=$1 COMP_POINT=\${#1}
_\${1%% *}
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', test, 'test', line, wordBreaks], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout.split('\n').filter(word => word !== '');
}

test('bash completes commands, options, programs and shells', async () => {
  const script = await scriptFor('bash');
  for (const [line, words] of [
    ['hostctl sta', ['start', 'status']],
    ['hostctl --socket /x sto', ['stop']],
    ['hostctl -c stop sig', ['signal']],
    ['hostctl status --j', ['--json']],
    ['hostctl restart h', ['hello', 'hello:celery']],
    ['hostctl restart blog a', ['all']],
    ['hostctl logs -n 5 b', ['blog']],
    ['hostctl logs -n ', []],
    ['hostctl completion z', ['zsh']],
    ['hostctl help resta', ['restart']],
    ['hostctl --s', ['--socket']],
    ['hostctl restart ', ['all', 'hello', 'hello:celery', 'blog']],
    ['hostctl restart -', ['--config', '--help', '--socket']],
    ['hostctl maintenance hello o', ['on', 'off']],
    ['hostctl signal US', ['USR1', 'USR2']],
    ['hostctl reread ', ['--config', '--help', '--socket']],
  ] as const)
    assert.deepEqual(offered(script, line), words, line);
});

test('bash asks the hostd that the line is about for its programs', async () => {
  const script = (await scriptFor('bash')).replaceAll('hostctl "$@" status', 'printf "%s x\\n" "$@"');
  assert.deepEqual(offered(script, 'hostctl -c /etc/other.toml restart /e'), ['/etc/other.toml']);
});

test('bash completes a name with a colon, whether or not bash splits words there', async () => {
  const script = await scriptFor('bash');
  assert.deepEqual(offered(script, 'hostctl stop hello:c'), ['celery']);
  assert.deepEqual(offered(script, 'hostctl stop hello:c', ' '), ['hello:celery']);
});

test('bash completes hostd, beside hostctl', async () => {
  const script = `${await scriptFor('bash')}\n${await hostdScriptFor('bash')}`;
  for (const [line, words] of [
    ['hostd d', ['dev']],
    ['hostd check --d', ['--deep']],
    ['hostd dev --port 8 --h', ['--https', '--help']],
    ['hostd completion f', ['fish']],
    ['hostctl restart h', ['hello', 'hello:celery']],
  ] as const)
    assert.deepEqual(offered(script, line).toSorted(), words.toSorted(), line);
});

test('each shell can read its script, and every command is in it', async t => {
  for (const [shell, check] of [
    ['bash', ['-n']],
    ['zsh', ['-n']],
    ['fish', ['--no-execute']],
  ] as const) {
    for (const [whose, script] of [
      [program, await scriptFor(shell)],
      [hostd, await hostdScriptFor(shell)],
    ] as const) {
      for (const { name } of entries(whose)) assert.match(script, new RegExp(`\\b${name}\\b`));
      const { status, error, stderr } = spawnSync(shell, check, { input: script });
      if (error !== undefined) t.diagnostic(`${shell} is not here`);
      else assert.equal(status, 0, String(stderr));
    }
  }
});

test('another shell is wrong use', async () => {
  assert.deepEqual(await hostctl(['completion', 'csh']), {
    code: 2,
    stdout: '',
    stderr:
      'hostctl: unknown shell "csh"\n  try: bash, zsh or fish\nusage: hostctl completion bash|zsh|fish\n',
  });
});
