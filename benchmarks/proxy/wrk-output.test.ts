import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWrk } from './wrk-output.ts';

const output = (latencies: string, more = ''): string => `Running 1s test @ http://127.0.0.1:18080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.60ms  500.10us  12.40ms   91.03%
    Req/Sec    20.10k     1.20k   21.70k    80.00%
  Latency Distribution
${latencies}
  20123 requests in 1.00s, 18.20MB read
${more}Requests/sec:  20097.42
Transfer/sec:     18.18MB
`;

test('rate and latencies are read, whatever their unit', () => {
  const text = output('     50%  950.00us\n     75%    1.85ms\n     90%    2.20ms\n     99%    1.02s ');
  assert.deepEqual(parseWrk(text), { requests: 20123, rate: 20097.42, p50: 0.95, p99: 1020, bad: 0 });
});

test('answers that are errors, and broken connections, are counted together', () => {
  const text = output(
    '     50%    1.00ms\n     99%    1.00m ',
    '  Socket errors: connect 1, read 20, write 0, timeout 3\n  Non-2xx or 3xx responses: 100\n',
  );
  assert.equal(parseWrk(text).bad, 124);
  assert.equal(parseWrk(text).p99, 60_000);
});

test('what is not of a whole run is an error that shows it', () => {
  assert.throws(() => parseWrk('unable to connect to 127.0.0.1:1 Connection refused'), /Connection refused/);
  assert.throws(() => parseWrk(output('     50%  1.00lightyears\n     99%  1.00ms ')), /lightyears/);
});
