import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { appProgram, makeApp } from '../../model/app.ts';
import { arrangeReadyWord, configurationOption, whyNotLoaded, withoutDefaults } from './gunicorn.ts';

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

/** What is heard of a run whose workers write `pieces`, and whether its pipe is still open afterwards. */
async function say(pieces: readonly string[], all = true): Promise<{ heard: boolean[]; open: boolean }> {
  const app = makeApp({ name: 'a', root: '/a', source: { file: 'a.toml', key: ['app', 'a'] } });
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const heard: boolean[] = [];
  const word = arrangeReadyWord(appProgram(app), app, '/dev/null', owner, all, isSync => {
    heard.push(isSync);
  });
  assert.ok(word !== null);
  let open = true;
  for (const piece of [...pieces, 's']) {
    try {
      writeSync(word.fd, piece);
    } catch {
      open = false;
    }
    await sleep(20);
  }
  closeSync(word.fd);
  return { heard, open };
}

test('gunicorn is ready with the word of its last worker, or of its first', async () => {
  assert.deepEqual(await say(['s2\n']), { heard: [], open: true });
  assert.deepEqual(await say(['s2\n', 's', '2\n']), { heard: [true], open: false });
  assert.deepEqual(await say(['s2\nw2\n']), { heard: [false], open: false });
  assert.deepEqual(await say(['w2\n', 's2\n'], false), { heard: [false], open: false });
});

test('an app that writes anything but the word is heard no more, however much it writes', async () => {
  for (const all of [true, false])
    for (const text of ['x'.repeat(4096), 'hello\n', 's1000000\n'])
      assert.deepEqual(await say([text, 's1\n'], all), { heard: [], open: false }, text.slice(0, 9));
});
