import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, rangeApplies } from './conditional.ts';

const file = { etag: '"a-1"', lastModified: 1_704_164_389 };
const none = { ifMatch: null, ifNoneMatch: null, ifModifiedSince: null, ifUnmodifiedSince: null };
const same = 'Tue, 02 Jan 2024 02:59:49 GMT';
const later = 'Tue, 02 Jan 2024 02:59:50 GMT';

test('a file that the client has is not sent again', () => {
  assert.equal(judge(none, file), 'send');
  assert.equal(judge({ ...none, ifNoneMatch: '"x", W/"a-1"' }, file), 'not-modified');
  assert.equal(judge({ ...none, ifNoneMatch: '*' }, file), 'not-modified');
  assert.equal(judge({ ...none, ifModifiedSince: same }, file), 'not-modified');
});

test('only its exact time counts, and with a tag both must agree', () => {
  assert.equal(judge({ ...none, ifModifiedSince: later }, file), 'send');
  assert.equal(judge({ ...none, ifModifiedSince: same, ifNoneMatch: '"x"' }, file), 'send');
  assert.equal(judge({ ...none, ifModifiedSince: later, ifNoneMatch: '"a-1"' }, file), 'send');
});

test('a precondition that fails is 412', () => {
  assert.equal(judge({ ...none, ifMatch: 'W/"a-1"' }, file), 'failed');
  assert.equal(judge({ ...none, ifMatch: '"a-1"' }, file), 'send');
  assert.equal(judge({ ...none, ifUnmodifiedSince: 'never' }, file), 'failed');
  assert.equal(judge({ ...none, ifUnmodifiedSince: later }, file), 'send');
});

test('a range counts only for the very file that the client knows', () => {
  assert.equal(rangeApplies(null, file), true);
  assert.equal(rangeApplies('"a-1"', file), true);
  assert.equal(rangeApplies('W/"a-1"', file), false);
  assert.equal(rangeApplies(same, file), true);
  assert.equal(rangeApplies(later, file), false);
});
