import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from './table.ts';

test('the better one has the larger ratio, whether less or more is better', () => {
  assert.equal(
    table([
      { title: 'respawn', unit: 'ms', better: 'less', of: { hostd: 4, Supervisor: 2000 }, aim: 100 },
      { title: 'getState', unit: 'calls/s', better: 'more', of: { hostd: 500, Supervisor: 1000 } },
      { title: 'lost', unit: 'lines', better: 'less', of: { hostd: 0, Supervisor: 12 } },
      { title: 'nothing', unit: 'lines', better: 'less', of: { hostd: 3, Supervisor: 0 } },
    ]),
    `                    hostd  Supervisor  ratio           aim
respawn (ms)         4.00        2000   x500   >= x100 met
getState (calls/s)    500        1000  x0.50  >= x1 MISSED
lost (lines)            0        12.0            >= x1 met
nothing (lines)      3.00           0         >= x1 MISSED
`,
  );
});
