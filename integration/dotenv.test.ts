// .env, compared with python-dotenv itself: made-up files of everything that means something there.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's, not JavaScript's
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { run } from '../scripts/run.ts';
import { parseDotEnv } from '../src/words/dotenv.ts';
import { cacheDirectory } from './harness/virtualenvs.ts';

const version = '1.2.4';

/** The folder that has python-dotenv in it, or null where it cannot be had. */
async function oracle(): Promise<string | null> {
  const folder = `${cacheDirectory}/python-dotenv-${version}`;
  if (existsSync(folder)) return folder;
  mkdirSync(cacheDirectory, { recursive: true });
  const fresh = `${folder}.${process.pid}`;
  const pip = ['python3', '-m', 'pip', 'install', '--quiet', '--no-deps', '--target', fresh] as const;
  const { code } = await run([...pip, `python-dotenv==${version}`], { timeout: 120_000 });
  if (code !== 0) return null;
  try {
    renameSync(fresh, folder);
  } catch {
    // Another run was faster.
  }
  return folder;
}

const script = `
import io, json, os, sys
from dotenv.main import DotEnv
for line in sys.stdin:
    text = json.loads(line)
    found = DotEnv(None, stream=io.StringIO(text, newline=""), override=False).dict()
    print(json.dumps(sorted([name, value] for name, value in found.items() if value is not None)))
`;

const pieces = [
  ...[
    'A',
    'B',
    'HOME',
    'export',
    'export ',
    '=',
    '=',
    '=',
    '"',
    '"',
    "'",
    "'",
    '#',
    ' #',
    ' ',
    '\t',
    '\n',
    '\n',
  ],
  ...[
    '\r\n',
    '\r',
    '\\',
    '\\n',
    '\\"',
    "\\'",
    '\\\\',
    '\\t',
    '${A}',
    '${HOME}',
    '${B:-x}',
    '${',
    '}',
    '$A',
    ':',
  ],
  ...['x', 'é', '\u00a0', 'a b', 'A=1\n', 'B="x y"\n', '\ufeff', '\v'],
];

test('made-up files are read as python-dotenv reads them', async t => {
  const folder = await oracle();
  if (folder === null) return t.skip('needs python-dotenv from PyPI');
  const made = fc.sample(
    fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 14 }).map(parts => parts.join('')),
    4000,
  );
  const texts = [...made, 'SECRET_KEY=dj#n4o-$k(x)', String.raw`Q="say \"hi\" now"`, 'COLOR=#FF0000'];
  const env = { HOME: '/home/me' };
  const ran = await run(['python3', '-c', script], {
    env: { PATH: process.env['PATH'], PYTHONPATH: folder, PYTHONIOENCODING: 'utf-8', ...env },
    input: texts.map(text => `${JSON.stringify(text)}\n`).join(''),
    timeout: 120_000,
  });
  assert.equal(ran.code, 0, ran.stderr.slice(-2000));
  const answers = ran.stdout.trimEnd().split('\n');
  assert.equal(answers.length, texts.length);
  // Python's environment has more than was given here: names of it are not among the pieces.
  for (const [index, text] of texts.entries()) {
    const pairs = Object.entries(parseDotEnv(text, env).values);
    const sorted = pairs.toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    assert.deepEqual(sorted, JSON.parse(answers[index] ?? ''), JSON.stringify(text));
  }
});
