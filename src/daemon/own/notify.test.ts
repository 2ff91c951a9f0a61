import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusLine } from './notify.ts';

const running = (name: string) => ({ name, state: 'RUNNING' as const });

test('systemctl status shows in one line how many programs run, and the first that should but does not', () => {
  assert.equal(statusLine([]), '0 of 0 programs are running');
  assert.equal(statusLine([running('a'), running('b')]), '2 of 2 programs are running');
  assert.equal(
    statusLine([running('a'), { name: 'b', state: 'STOPPED' }, { name: 'c', state: 'EXITED' }]),
    '1 of 3 programs are running',
  );
  assert.equal(
    statusLine([running('a'), { name: 'shop:celery', state: 'FATAL' }]),
    '1 of 2 programs are running; shop:celery is FATAL',
  );
  assert.equal(
    statusLine([
      { name: 'b', state: 'BACKOFF' },
      { name: 'c', state: 'FATAL' },
      { name: 'd', state: 'FATAL' },
    ]),
    '0 of 3 programs are running; b is BACKOFF, and 2 more are not well',
  );
});
