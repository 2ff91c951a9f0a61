// Supervisor's minfds and minprocs, by what /proc/self/limits says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimitError, limitsFor, softLimit } from './limits.ts';

const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             100                  unlimited            processes
Max open files            1024                 4096                 files
`;
const wanted = { minfds: 1024, minprocs: 50, openFiles: 1024, processes: 100 };

test('what suffices stays: programs get the limit of open files that there was', () => {
  assert.deepEqual(limitsFor(wanted, limits, false), { triples: [7, 1024, 4096], raised: [] });
  assert.equal(softLimit(limits, 'Max processes'), 100);
});

test('what is too low is raised, and that is said', () => {
  const { triples, raised } = limitsFor({ ...wanted, minfds: 2048, minprocs: 200 }, limits, false);
  assert.deepEqual(triples, [7, 2048, 4096, 6, 200, -1]);
  assert.deepEqual(raised, ['Increased RLIMIT_NOFILE limit to 2048', 'Increased RLIMIT_NPROC limit to 200']);
});

test('root raises the hard limit too; anybody else is told, in the words of Supervisor', () => {
  assert.deepEqual(limitsFor({ ...wanted, minfds: 10_000 }, limits, true).triples, [7, 10_000, 10_000]);
  assert.throws(
    () => limitsFor({ ...wanted, minfds: 10_000 }, limits, false),
    (error: unknown) =>
      error instanceof LimitError &&
      error.message ===
        'The minimum number of file descriptors required to run this process is 10000 as per the "minfds" command-line argument or config file setting. The current environment will only allow you to open 4096 file descriptors.  Either raise the number of usable file descriptors in your environment (see README.rst) or lower the minfds setting in the config file to allow the process to start.',
  );
});
