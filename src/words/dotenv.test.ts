// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's, not JavaScript's
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDotEnv } from './dotenv.ts';

const values = (text: string, env = {}) => parseDotEnv(text, env).values;

test('a "#" is a comment only after a blank: keys and colours have it', () => {
  assert.deepEqual(
    values('SECRET_KEY=dj#n4o-$k(x)\nCOLOR=#FF0000\nA=1 # one\nB= # none\nC="a # b" # c\n#D=1\n'),
    {
      SECRET_KEY: 'dj#n4o-$k(x)',
      COLOR: '#FF0000',
      A: '1',
      B: '',
      C: 'a # b',
    },
  );
});

test('quotes hold escapes, blanks and lines', () => {
  const text = String.raw`A="say \"hi\" now\t\\n"
B='it\'s \n'
C="one
two"
export D = plain text  
`;
  assert.deepEqual(values(text), {
    A: 'say "hi" now\t\\n',
    B: String.raw`it's \n`,
    C: 'one\ntwo',
    D: 'plain text',
  });
});

test('${NAME} is what the shell has, or what stands above', () => {
  const text = 'A=1\nB=${A}2\nC=${NONE:-3}${NONE}\nD=$A\nHOME=/file\nE=${HOME}\nF=${G}\nG=1\n';
  assert.deepEqual(values(text, { HOME: '/shell' }), {
    A: '1',
    B: '12',
    C: '3',
    D: '$A',
    HOME: '/file',
    E: '/shell',
    F: '',
    G: '1',
  });
});

test('what cannot be read is told by its line, and costs that line alone', () => {
  assert.deepEqual(parseDotEnv('A=1\n\n B="x" y\nC=2\n=4\r\nD=3\nE="never closed\nF=5\n', {}), {
    values: { A: '1', C: '2', D: '3', F: '5' },
    mistakes: [3, 5, 7],
  });
});

test('a long line takes no longer than its length', () => {
  const time = (length: number) => {
    const text = `A=${' '.repeat(length)}x${' '.repeat(length)}y\n`.repeat(4);
    const begun = performance.now();
    parseDotEnv(text, {});
    return performance.now() - begun;
  };
  time(50_000);
  assert.ok(time(400_000) < 40 * Math.max(5, time(50_000)));
});
