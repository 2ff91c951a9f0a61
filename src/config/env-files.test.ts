import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Machine } from '../model/machine.ts';
import { formatProblem } from '../model/problem.ts';
import { load } from './load.ts';

const machine: Machine = {
  hasIpv6: () => true,
  user: () => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }),
  group: () => ({ gid: 0 }),
  kind: () => 'directory',
  isExecutable: () => true,
};

test('variables come from files, later ones win, the table wins; links and strangers’ files are refused', t => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'env-files-')));
  t.after(() => rmSync(directory, { recursive: true }));
  const at = (name: string) => `${directory}/${name}`;
  const read = (value: string) => {
    writeFileSync(
      at('hostd.toml'),
      `[app.a]\nroot = "/webapps/a"\nenv_file = ${value}\n[app.a.env]\nC = "table"\n`,
    );
    const { host, problems } = load(at('hostd.toml'), { machine });
    return { env: host.apps[0]?.env, said: problems.map(formatProblem).join('\n') };
  };
  writeFileSync(at('one'), 'A=1\nB="two words" # said\nexport C=3\nD=${C}-${A}\n', { mode: 0o600 });
  writeFileSync(at('two'), "A='other'\n", { mode: 0o600 });
  assert.deepEqual(read(`["${at('one')}", "${at('two')}"]`).env, {
    A: 'other',
    B: 'two words',
    C: 'table',
    D: 'table-1',
  });

  mkdirSync(at('real'));
  writeFileSync(at('real/secret'), 'PASSWORD=hunter2\n');
  symlinkSync(at('real/secret'), at('link'));
  symlinkSync(at('real'), at('way'));
  linkSync(at('real/secret'), at('second'));
  writeFileSync(at('open'), 'X=1\n');
  chmodSync(at('open'), 0o666);
  writeFileSync(at('wrong'), 'PASSWORD=hunter2\n=hunter2\n');
  for (const [path, why] of [
    ['missing', /cannot use env_file ".*\/missing": there is no such file\n {2}try: install -m 600/],
    ['real', /it is not a regular file/],
    ['link', /a link is on the way to it/],
    ['way/secret', /a link is on the way to it/],
    ['second', /it has a second name/],
    ['open', /everybody can write it/],
    ['wrong', /line 2 is no variable/],
  ] as const) {
    const { env, said } = read(`"${at(path)}"`);
    assert.equal(env, undefined, path);
    assert.match(said, why);
    assert.doesNotMatch(said, /hunter2/);
  }
});
