import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeRow, type SiteTraffic as Named } from '../protocol/traffic.ts';
import { decodeFact, encodeFact, type Fact } from '../protocol/worker.ts';
import { type Ended, Traffic } from './traffic.ts';

const plain: Ended = {
  loggedStatus: 200,
  receivedBytes: 0,
  sentBytes: 3,
  startedAt: 1000,
  endedAt: 1001,
  app: null,
};

/** What hostd makes of these facts. */
function named(facts: readonly Fact[]): Named[] {
  return facts.map(fact => {
    assert.equal(fact.kind, 'traffic');
    assert.deepEqual(decodeFact(encodeFact(fact).trim(), new Set(['one', 'two'])), fact);
    return fact.kind === 'traffic' ? describeRow(fact.site, Float64Array.from(fact.counts)) : assert.fail();
  });
}

test('only what has changed is news, until it was told', () => {
  const traffic = new Traffic(['one', 'two']);
  assert.deepEqual(traffic.news(), []);
  traffic.begin('two');
  assert.deepEqual(
    named(traffic.news()).map(({ name, open_requests, requests }) => [name, open_requests, requests]),
    [['two', 1, 0]],
  );
  assert.equal(traffic.news().length, 1, 'hostd may not have taken it');
  traffic.told();
  assert.deepEqual(traffic.news(), []);
});

test('a request that is forwarded: its status, bytes and times', () => {
  const traffic = new Traffic(['one']);
  const site = traffic.begin('one');
  const app = { queuedMs: 15.2, askedAt: 1020.4, answeredAt: 1024.6, endedAt: 0 };
  site?.end({ ...plain, receivedBytes: 7, endedAt: 1030.4, app });
  const [one] = named(traffic.news());
  assert.equal(one?.requests, 1);
  assert.equal(one?.open_requests, 0);
  assert.equal(one?.received_bytes, 7);
  assert.equal(one?.sent_bytes, 3);
  assert.equal(one?.statuses['2xx'], 1);
  assert.equal(one?.latency_ms.sum, 30);
  assert.equal(one?.latency_ms.buckets['50'], 1);
  assert.equal(one?.first_byte_ms.sum, 4);
  assert.equal(one?.first_byte_ms.buckets['5'], 1);
  assert.deepEqual(one?.queue_ms, { count: 1, sum: 15, max: 15 });
});

test('a tunnel is open until it ends, and no latency', () => {
  const traffic = new Traffic(['one']);
  const site = traffic.begin('one');
  site?.beginTunnel();
  assert.deepEqual(
    named(traffic.news()).map(({ open_requests, open_tunnels }) => [open_requests, open_tunnels]),
    [[0, 1]],
  );
  site?.end({ ...plain, loggedStatus: 101, endedAt: 9000 });
  const [one] = named(traffic.news());
  assert.equal(one?.open_tunnels, 0);
  assert.equal(one?.statuses['1xx'], 1);
  assert.equal(one?.latency_ms.count, 0);
});

test('a request without a site is nameless, and has no time when its header never ended', () => {
  const traffic = new Traffic(['one']);
  traffic.nameless.count({ ...plain, loggedStatus: 404 });
  traffic.nameless.countStatus(400, 150);
  const [nameless] = named(traffic.news());
  assert.equal(nameless?.name, null);
  assert.equal(nameless?.requests, 2);
  assert.equal(nameless?.statuses['4xx'], 2);
  assert.equal(nameless?.sent_bytes, 153);
  assert.equal(nameless?.latency_ms.count, 1);
});

test('every status is in one class; 499, 502, 503 and 504 are counted apart, too', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 999 })), statuses => {
      const traffic = new Traffic(['one']);
      for (const loggedStatus of statuses) {
        const site = traffic.begin('one');
        if (loggedStatus === 101) site?.beginTunnel();
        site?.end({ ...plain, loggedStatus });
      }
      const [one] = named(traffic.news());
      if (one === undefined) return assert.equal(statuses.length, 0);
      assert.equal(one.open_requests, 0);
      for (const [name, count] of Object.entries(one.statuses)) {
        const digit = Number(name[0]);
        const isOf = (status: number): boolean =>
          name.endsWith('xx') ? Math.min(Math.floor(status / 100), 5) === digit : status === Number(name);
        assert.equal(count, statuses.filter(isOf).length, name);
      }
    }),
  );
});
