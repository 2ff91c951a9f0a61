import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countsIn, noteSize } from '../protocol/note.ts';
import { describeRow, type SiteTraffic as Named } from '../protocol/traffic.ts';
import { type Ended, Traffic } from './traffic.ts';

const plain: Ended = {
  loggedStatus: 200,
  receivedBytes: 0,
  sentBytes: 3,
  startedAt: 1000,
  endedAt: 1001,
  app: null,
};

/** Two sites with the counters that hostd reads. */
function make(): { traffic: Traffic; read: (site: 'one' | 'two' | null) => Named } {
  const memory = new ArrayBuffer(noteSize(2));
  const names = ['one', 'two'];
  const read = (site: string | null) =>
    describeRow(site, countsIn(Buffer.from(memory), site === null ? 0 : names.indexOf(site) + 1));
  return { traffic: new Traffic(names, memory), read };
}

test('each site has its own counters', () => {
  const { traffic, read } = make();
  assert.equal(traffic.begin('three'), null);
  traffic.begin('two');
  assert.deepEqual([read('one').open_requests, read('two').open_requests, read('two').requests], [0, 1, 0]);
});

test('a request that is forwarded: its status, bytes and times', () => {
  const { traffic, read } = make();
  const site = traffic.begin('one');
  const app = { queuedMs: 15.2, askedAt: 1020.4, answeredAt: 1024.6, endedAt: 0 };
  site?.end({ ...plain, receivedBytes: 7, endedAt: 1030.4, app });
  const one = read('one');
  assert.equal(one.requests, 1);
  assert.equal(one.open_requests, 0);
  assert.equal(one.received_bytes, 7);
  assert.equal(one.sent_bytes, 3);
  assert.equal(one.statuses['2xx'], 1);
  assert.equal(one.latency_ms.sum, 30);
  assert.equal(one.latency_ms.buckets['50'], 1);
  assert.equal(one.first_byte_ms.sum, 4);
  assert.equal(one.first_byte_ms.buckets['5'], 1);
  assert.deepEqual(one.queue_ms, { count: 1, sum: 15, max: 15 });
});

test('a tunnel is open until it ends, and no latency', () => {
  const { traffic, read } = make();
  const site = traffic.begin('one');
  site?.beginTunnel();
  const { open_requests, open_tunnels } = read('one');
  assert.deepEqual([open_requests, open_tunnels], [0, 1]);
  site?.end({ ...plain, loggedStatus: 101, endedAt: 9000 });
  const one = read('one');
  assert.equal(one.open_tunnels, 0);
  assert.equal(one.statuses['1xx'], 1);
  assert.equal(one.latency_ms.count, 0);
});

test('a request without a site is nameless, and has no time when its header never ended', () => {
  const { traffic, read } = make();
  traffic.nameless.count({ ...plain, loggedStatus: 404 });
  traffic.nameless.countStatus(400, 150);
  const nameless = read(null);
  assert.equal(nameless.name, null);
  assert.equal(nameless.requests, 2);
  assert.equal(nameless.statuses['4xx'], 2);
  assert.equal(nameless.sent_bytes, 153);
  assert.equal(nameless.latency_ms.count, 1);
});

test('every status is in one class; 499, 502, 503 and 504 are counted apart, too', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 999 })), statuses => {
      const { traffic, read } = make();
      for (const loggedStatus of statuses) {
        const site = traffic.begin('one');
        if (loggedStatus === 101) site?.beginTunnel();
        site?.end({ ...plain, loggedStatus });
      }
      const one = read('one');
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
