import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silenceOf } from './sleep.ts';

const table = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /run rw,nosuid,nodev shared:2 - tmpfs tmpfs rw
24 22 8:2 / /webapps rw,noatime shared:3 - ext4 /dev/sdb1 rw
25 24 8:3 / /webapps/fresh rw,relatime - xfs /dev/sdc1 rw
26 22 0:40 / /layers rw,relatime - overlay overlay rw,lowerdir=/a
`;

test('the mount that a socket is on says whether connections are told', () => {
  assert.equal(silenceOf('/srv/a.sock', table), null);
  assert.equal(silenceOf('/run/a.sock', table), null);
  assert.equal(silenceOf('/webapps/a/run/a.sock', table), '"/webapps" is mounted noatime');
  assert.equal(silenceOf('/webapps/fresh/run/a.sock', table), null);
  assert.equal(silenceOf('/webappsother/a.sock', table), null);
  assert.equal(silenceOf('/layers/a.sock', table), '"/layers" is an overlay');
  assert.equal(silenceOf('/a.sock', ''), null);
});
