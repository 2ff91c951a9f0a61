import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appProgram, makeApp } from '../../model/app.ts';
import { configurationOption, whyNotLoaded, withoutDefaults } from './gunicorn.ts';

test("the app's own gunicorn configuration is found however it is given, and the last one counts", () => {
  assert.equal(configurationOption(['gunicorn', 'x']), null);
  assert.equal(configurationOption(['gunicorn', '-c', 'a.py', 'x']), 'a.py');
  assert.equal(configurationOption(['gunicorn', '-ca.py']), 'a.py');
  assert.equal(configurationOption(['gunicorn', '--config', 'a.py', '--config=python:b']), 'python:b');
});

test("of a failed start the app's traceback is shown, not gunicorn's", () => {
  const log = [
    '[2026-01-02 03:04:05 +0000] [12] [ERROR] Exception in worker process',
    'Traceback (most recent call last):',
    '  File "wsgi.py", line 3, in <module>',
    'RuntimeError: no database today',
    '[2026-01-02 03:04:05 +0000] [12] [INFO] Worker exiting (pid: 12)',
    'Traceback (most recent call last):',
    "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
  ];
  assert.deepEqual(whyNotLoaded(log, 2), log.slice(2, 4));
  assert.deepEqual(whyNotLoaded(['a', 'b', 'c'], 2), ['b', 'c']);
});

test('arguments that nobody has said are not given to gunicorn, the others are', () => {
  const source = { file: 'a.toml', key: ['app', 'a'] };
  const words = (given: object) => {
    const app = makeApp({ name: 'a', root: '/a', source, gunicornArgs: ['--workers', '9'], ...given });
    return withoutDefaults(appProgram(app).command, app).slice(2);
  };
  assert.deepEqual(words({}), ['--workers', '9']);
  assert.deepEqual(words({ workers: 2 }), ['--workers', '2', '--workers', '9']);
  assert.deepEqual(words({ processName: 'x' }), ['--name', 'x', '--workers', '9']);
  assert.deepEqual(words({ gunicornArgs: ['-c', 'c.py', '--workers', '9'] }), [
    '-c',
    'c.py',
    '--workers',
    '9',
  ]);
});
