// Supervisor's minfds and minprocs, by what /proc/self/limits says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimitError, limitsFor, mayRaise, softLimit } from './limits.ts';

const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             100                  unlimited            processes
Max open files            1024                 4096                 files
`;
const wanted = { minfds: 1024, minprocs: 50, openFiles: 1024, processes: 100 };

const never = () => false;

test('a hard limit is raised by the capability for it, not by the name of root, and within the bounds of the kernel', () => {
  const whole = mayRaise('CapEff:\t000001ffffffffff\n', '1048576\n');
  assert.deepEqual([whole('RLIMIT_NPROC', 1e9), whole('RLIMIT_NOFILE', 1_048_576)], [true, true]);
  assert.equal(whole('RLIMIT_NOFILE', 1_048_577), false);
  const container = mayRaise('CapEff:\t00000000a80425fb\n', '1048576\n');
  assert.deepEqual([container('RLIMIT_NPROC', 2), container('RLIMIT_NOFILE', 2)], [false, false]);
});

test('what suffices stays: programs get the limit of open files that there was', () => {
  assert.deepEqual(limitsFor(wanted, limits, never), { triples: [7, 1024, 4096], raised: [] });
  assert.equal(softLimit(limits, 'Max processes'), 100);
});

test('what is too low is raised, and that is said', () => {
  const { triples, raised } = limitsFor({ ...wanted, minfds: 2048, minprocs: 200 }, limits, never);
  assert.deepEqual(triples, [7, 2048, 4096, 6, 200, -1]);
  assert.deepEqual(raised, ['Increased RLIMIT_NOFILE limit to 2048', 'Increased RLIMIT_NPROC limit to 200']);
});

test('who may raises the hard limit too; anybody else is told, in the words of Supervisor', () => {
  assert.deepEqual(limitsFor({ ...wanted, minfds: 10_000 }, limits, () => true).triples, [7, 10_000, 10_000]);
  assert.throws(
    () => limitsFor({ ...wanted, minfds: 10_000 }, limits, never),
    (error: unknown) =>
      error instanceof LimitError &&
      error.message ===
        'The minimum number of file descriptors required to run this process is 10000 as per the "minfds" command-line argument or config file setting. The current environment will only allow you to open 10000 file descriptors.  Either raise the number of usable file descriptors in your environment (see README.rst) or lower the minfds setting in the config file to allow the process to start.',
  );
});
