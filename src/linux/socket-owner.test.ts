import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { uidOfSocket } from './socket-owner.ts';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (near: string, far: string, uid: number, inode: number) =>
  `   0: ${near} ${far} 01 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0 20 4 0 10 -1\n`;
const skip = endianness() === 'LE' ? false : 'the tables below are of a little-endian machine';
const near = { address: '127.0.0.1', port: 40_000 };
const far = { address: '127.0.0.1', port: 8000 };

test('the user is the one of the other end, not of our own', { skip }, () => {
  const ours = line('0100007F:1F40', '0100007F:9C40', 1000, 11);
  const theirs = line('0100007F:9C40', '0100007F:1F40', 33, 12);
  assert.equal(uidOfSocket([head + ours + theirs, ''], near, far), 33);
  assert.equal(uidOfSocket([head + ours, ''], near, far), null);
});

test('an IPv4 client with an IPv6 socket, and ::1, are in the other table', { skip }, () => {
  const mapped = '0000000000000000FFFF0000';
  const table = head + line(`${mapped}0100007F:9C40`, `${mapped}0100007F:1F40`, 34, 13);
  assert.equal(uidOfSocket([head, table], near, far), 34);
  const six = '00000000000000000000000001000000';
  assert.equal(
    uidOfSocket(
      [head, head + line(`${six}:9C40`, `${six}:1F40`, 35, 14)],
      { ...near, address: '::1' },
      { ...far, address: '::1' },
    ),
    35,
  );
});

test('a socket that nobody holds any more is nobody, though the table says root', { skip }, () => {
  assert.equal(uidOfSocket([head + line('0100007F:9C40', '0100007F:1F40', 0, 0), ''], near, far), null);
});
