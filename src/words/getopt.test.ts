import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GetoptError, getopt } from './getopt.ts';

const options = [
  { short: 'c', long: 'configuration', takes: true },
  { short: 'n', long: 'nodaemon', takes: false },
  { short: '', long: 'minfds', takes: true },
  { short: '', long: 'minprocs', takes: true },
];

/** What Python's getopt.getopt(words, 'c:n', ['configuration=', 'nodaemon', 'minfds=', 'minprocs=']) returns. */
function cut(...words: readonly string[]): readonly unknown[] {
  const { cuts, rest } = getopt(words, options);
  return [cuts.map(({ spelled, text }) => `${spelled} ${text}`), rest];
}

function refused(...words: readonly string[]): string {
  try {
    getopt(words, options);
  } catch (error) {
    if (error instanceof GetoptError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

test('letters may stand together, and the last may have its value behind it or in the next word', () => {
  assert.deepEqual(cut('-nc', 'x', '-cy'), [['-n ', '-c x', '-c y'], []]);
  assert.deepEqual(cut('-cn', 'x'), [['-c n'], ['x']]);
});

test('a long name may be cut short, and its value stands behind = or in the next word', () => {
  assert.deepEqual(cut('--conf=a=b', '--minfds', '-1', '--no'), [
    ['--configuration a=b', '--minfds -1', '--nodaemon '],
    [],
  ]);
});

test('options end at the first other word, at - and behind --', () => {
  assert.deepEqual(cut('-n', 'start', '-c', 'x'), [['-n '], ['start', '-c', 'x']]);
  assert.deepEqual(cut('-'), [[], ['-']]);
  assert.deepEqual(cut('--', '-n'), [[], ['-n']]);
});

test('what is wrong is said in Python’s words', () => {
  assert.equal(refused('-x'), 'option -x not recognized');
  assert.equal(refused('-:'), 'option -: not recognized');
  assert.equal(refused('-c'), 'option -c requires argument');
  assert.equal(refused('--min', '1'), 'option --min not a unique prefix');
  assert.equal(refused('--minfds'), 'option --minfds requires argument');
  assert.equal(refused('--nodaemon=1'), 'option --nodaemon must not have an argument');
  assert.equal(refused('--nosuch'), 'option --nosuch not recognized');
});
