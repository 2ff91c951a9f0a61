import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlocks } from './lock-holder.ts';

test('locks of flock(2) are found, waiting ones and those of fcntl(2) are not', () => {
  const text = `1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF
1: -> FLOCK  ADVISORY  WRITE 1235 fd:01:5678 0 EOF
2: POSIX  ADVISORY  WRITE 1236 00:2d:91 0 EOF
3: OFDLCK ADVISORY  READ -1 00:06:6 0 EOF
4: FLOCK  ADVISORY  READ 77 00:2d:91 0 EOF
`;
  assert.deepEqual(parseFlocks(text), [
    { pid: 1234, device: 'fd:01', inode: 5678 },
    { pid: 77, device: '00:2d', inode: 91 },
  ]);
  assert.deepEqual(parseFlocks(''), []);
});
