import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withLocale } from './daemonize.ts';

test('the C locale becomes one with UTF-8, as under Python; any other stays', () => {
  const coerced = { LC_CTYPE: 'C.UTF-8' };
  assert.deepEqual(withLocale({}), coerced);
  assert.deepEqual(withLocale({ LANG: 'POSIX' }), { LANG: 'POSIX', ...coerced });
  assert.deepEqual(withLocale({ LANG: 'de_DE.UTF-8', LC_CTYPE: 'C' }), { LANG: 'de_DE.UTF-8', ...coerced });
  for (const kept of [{ LANG: 'C.UTF-8' }, { LC_ALL: 'C' }, { PYTHONCOERCECLOCALE: '0' }, { LC_CTYPE: 'x' }])
    assert.deepEqual(withLocale(kept), kept);
});
