import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeApp } from '../model/app.ts';
import { checkSleep } from './sleep.ts';

const app = makeApp({ name: 'a', root: '/r', source: { file: '/f', key: ['app', 'a'] }, idleTimeout: 60 });
const failing = (code: string) => () => {
  throw Object.assign(new Error(`io_setup: ${code}`), { code });
};

test('an app that is to sleep where the kernel does not tell who connects is warned of, with the mend', () => {
  const [found] = checkSleep(app, failing('ENOSYS'));
  assert.equal(
    found?.message,
    'app "a": it stays awake in spite of idle_timeout: this kernel does not tell who connects (io_setup: ENOSYS)',
  );
  assert.match(found?.hint ?? '', /CONFIG_AIO/);
  assert.match(checkSleep(app, failing('EAGAIN'))[0]?.hint ?? '', /aio-max-nr/);
});

test('where the kernel tells, or nobody is to sleep, there is nothing to say', () => {
  assert.deepEqual(
    checkSleep(app, () => {}),
    [],
  );
  assert.deepEqual(checkSleep({ ...app, idleTimeout: null }, failing('ENOSYS')), []);
});
