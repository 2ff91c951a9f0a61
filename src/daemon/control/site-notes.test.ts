import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgramStatus } from '../../protocol/control.ts';
import { noteReload, noteSite } from './site-notes.ts';

const status = { name: 'shop', description: 'pid 7, uptime 0:00:01' } as ProgramStatus;

test('a site that has nothing to tell leaves the description as it is', () => {
  const { description, site } = noteSite(status, { maintenance: undefined, certificate: undefined });
  assert.equal(description, 'pid 7, uptime 0:00:01');
  assert.deepEqual(site, {
    maintenance: false,
    certificate_ends: null,
    certificate_fault: null,
    waiting_requests: 0,
    oldest_request_seconds: null,
  });
});

test('requests that wait long are told, and that all workers are busy where it can be known', () => {
  const say = (requests: number, seconds: number, syncWorkers: number | null = null) => {
    const about = { maintenance: undefined, certificate: undefined };
    return noteSite(status, { ...about, waiting: { requests, seconds }, syncWorkers }).description;
  };
  const plain = 'pid 7, uptime 0:00:01';
  assert.equal(say(5, 2), plain);
  assert.equal(say(1, 31), `${plain}; 1 request waits for its answer, the oldest for 31 s`);
  assert.equal(say(2, 31, 3), `${plain}; 2 requests wait for its answer, the oldest for 31 s`);
  assert.equal(
    say(5, 31, 3),
    `${plain}; all its workers are busy (3): 5 requests wait for its answer, the oldest for 31 s`,
  );
});

test('maintenance and the end of the certificate are told, and what is wrong with it goes before its end', () => {
  const until = Date.UTC(2027, 0, 5, 12);
  const sound = noteSite(status, {
    maintenance: { retryAfter: 60 },
    certificate: { until, fault: null },
  });
  assert.equal(sound.description, 'pid 7, uptime 0:00:01; in maintenance; certificate until 2027-01-05');
  assert.equal(sound.site?.certificate_ends, until / 1000);
  const fault = 'its certificate is for x.test, and not for shop.test (/c.pem); the one before serves on';
  const faulty = noteSite(status, { maintenance: undefined, certificate: { until, fault } });
  assert.equal(faulty.description, `pid 7, uptime 0:00:01; ${fault}`);
  assert.equal(faulty.site?.certificate_fault, fault);
});

test('a reload under way says for how long, and what it waits for', () => {
  const { description, reload_seconds } = noteReload(status, 72_900, '/healthz: HTTP 503');
  assert.equal(description, 'pid 7, uptime 0:00:01; reload under way for 72 s, waits for /healthz: HTTP 503');
  assert.equal(reload_seconds, 72);
});
