import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterFailure, type FailedTry, mayBeMistaken, mayEndStream, mayReuse } from './retry.ts';

test('only what may be sent twice goes out on a connection that the app may be about to close', () => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND', 'REPORT', 'POST', 'PATCH', 'LOCK'];
  assert.deepEqual(
    methods.filter(method => mayReuse(method, true)),
    ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND', 'REPORT'],
  );
  assert.equal(mayReuse('GET', false), false);
});

test('only for what changes nothing is the stream ended', () => {
  assert.deepEqual(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST'].filter(mayEndStream), [
    'GET',
    'HEAD',
    'OPTIONS',
  ]);
});

test('an answer is kept back while another kind of app may have taken the request', () => {
  const replaced = { isFirstTry: true, isAnswerShown: false, isSync: false, held: 65_536 };
  assert.equal(mayBeMistaken(replaced), true);
  assert.equal(mayBeMistaken({ ...replaced, isSync: true }), false);
  assert.equal(mayBeMistaken({ ...replaced, held: 65_537 }), false);
  assert.equal(mayBeMistaken({ ...replaced, isAnswerShown: true }), false);
  assert.equal(mayBeMistaken({ ...replaced, isFirstTry: false }), false);
});

const closed: FailedTry = {
  kind: 'closed',
  begun: false,
  isUnread: false,
  method: 'GET',
  tries: 1,
  wasKept: true,
  isMistaken: false,
  isShown: false,
  isElsewhere: false,
};

test('a request that met the end of a kept connection is sent again, once', () => {
  assert.equal(afterFailure(closed), 'again');
  assert.deepEqual(afterFailure({ ...closed, tries: 2 }), { status: 502, showsRest: true });
});

test('what one upstream has not answered is sent to another, but for a request that may have been done', () => {
  const lost: FailedTry = { ...closed, wasKept: false, isElsewhere: true, tries: 3 };
  assert.equal(afterFailure(lost), 'again');
  assert.equal(afterFailure({ ...lost, method: 'DELETE' }), 'again');
  const page = { status: 502, showsRest: true };
  assert.deepEqual(afterFailure({ ...lost, method: 'POST' }), page);
  assert.deepEqual(afterFailure({ ...lost, method: 'PATCH' }), page);
  assert.equal(afterFailure({ ...lost, begun: true }), 'again');
  assert.deepEqual(afterFailure({ ...lost, begun: true, isShown: true }), page);
  assert.deepEqual(afterFailure({ ...lost, begun: true, method: 'POST' }), page);
  assert.deepEqual(afterFailure({ ...lost, kind: 'timeout' }), { status: 504, showsRest: true });
});

test('a request that the app may have begun on is not sent again', () => {
  assert.deepEqual(afterFailure({ ...closed, wasKept: false }), { status: 502, showsRest: true });
  assert.deepEqual(afterFailure({ ...closed, begun: true }), { status: 502, showsRest: true });
});

test('a safe request that was taken for a client who has left is sent again, also when its answer had begun', () => {
  const mistaken = { ...closed, wasKept: false, begun: true, isMistaken: true };
  assert.equal(afterFailure(mistaken), 'again');
  assert.deepEqual(afterFailure({ ...mistaken, tries: 2 }), { status: 502, showsRest: true });
});

test('what the app has closed without reading it is sent again, a few times, where it may be sent twice', () => {
  const unread = { ...closed, wasKept: false, isUnread: true };
  const statusOf = (failed: FailedTry) => {
    const after = afterFailure(failed);
    return typeof after === 'string' ? after : after.status;
  };
  assert.deepEqual(
    [1, 2, 3, 4].map(tries => statusOf({ ...unread, tries })),
    ['again at once', 'again at once', 'again at once', 'look'],
  );
  assert.equal(statusOf({ ...unread, wasKept: true, tries: 2 }), 'again at once');
  assert.equal(statusOf({ ...unread, method: 'PUT' }), 'again at once');
  assert.equal(statusOf({ ...unread, method: 'POST' }), 'look');
  assert.equal(statusOf({ ...unread, method: 'POST', begun: true }), 502);
  assert.equal(statusOf({ ...unread, begun: true }), 502);
});

test('silence and nonsense are no reason to ask again, and nonsense is not shown', () => {
  assert.deepEqual(afterFailure({ ...closed, kind: 'timeout' }), { status: 504, showsRest: true });
  assert.deepEqual(afterFailure({ ...closed, kind: 'bad' }), { status: 502, showsRest: false });
});
