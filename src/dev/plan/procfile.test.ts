import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcfile } from './procfile.ts';

test('each line of a Procfile is a name and a command; comments and blank lines are neither', () => {
  assert.deepEqual(
    parseProcfile('# all\n\nweb: gunicorn a.wsgi --bind :$PORT\r\nworker:celery -A a worker  \n'),
    {
      lines: [
        { name: 'web', command: 'gunicorn a.wsgi --bind :$PORT' },
        { name: 'worker', command: 'celery -A a worker' },
      ],
      mistakes: [],
    },
  );
});

test('a line that is none is named by its number, and the others stay', () => {
  const { lines, mistakes } = parseProcfile('web gunicorn\nworker: a\nworker: b\nempty:\n');
  assert.deepEqual(lines, [{ name: 'worker', command: 'a' }]);
  assert.deepEqual(mistakes, [
    '1: "web gunicorn" is not NAME: COMMAND',
    '3: there is a "worker" already',
    '4: "empty:" is not NAME: COMMAND',
  ]);
});
