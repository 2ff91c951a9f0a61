import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dependenciesIn } from './requirements.ts';

test('the dependencies of pyproject.toml are words for pip, and none is an option', () => {
  assert.deepEqual(
    dependenciesIn('["django>=5", "--index-url=http://x/", "x ; python_version < \\"3.12\\"", 7]'),
    ['django>=5', 'x ; python_version < "3.12"'],
  );
  assert.deepEqual(dependenciesIn('null\n'), []);
});
