import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IncomingRequest } from './incoming-request.ts';
import { RequestParser } from './llhttp.ts';
import type { BodyReader } from './message.ts';

/** A request with a body of four bytes, and what its source is told. */
function incoming(): { readonly request: IncomingRequest; readonly told: string[] } {
  const parser = RequestParser.take();
  parser.readHead(Buffer.from('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n'), 1000, 100);
  const told: string[] = [];
  const request = new IncomingRequest(parser, true, {
    wanted: () => told.push('wanted'),
    unwanted: () => told.push('unwanted'),
    discard: () => told.push('discard'),
  });
  parser.release();
  return { request, told };
}

function reader(): BodyReader & { readonly got: string[] } {
  const got: string[] = [];
  return {
    got,
    piece: bytes => got.push(bytes.toString()),
    end: () => got.push('end'),
    tooLarge: () => got.push('too large'),
  };
}

const pieces = (...texts: string[]): Buffer[] => texts.map(text => Buffer.from(text));

test('the body waits for a reader, and so does the rest of it', () => {
  const { request, told } = incoming();
  request.take(pieces('ab'));
  assert.deepEqual(told, []);
  const to = reader();
  request.readBody(to, 0);
  assert.deepEqual(to.got, ['ab']);
  assert.deepEqual(told, ['wanted']);
  request.take(pieces('cd'));
  request.end(false);
  assert.deepEqual(to.got, ['ab', 'cd', 'end']);
});

test('nothing comes while it is paused, and nothing is lost by it', () => {
  const { request, told } = incoming();
  const to = reader();
  request.readBody(to, 0);
  request.pause();
  assert.deepEqual(told, ['wanted', 'unwanted']);
  request.take(pieces('a', 'b'));
  request.end(true);
  assert.deepEqual(to.got, []);
  request.resume();
  assert.deepEqual(to.got, ['ab', 'end']);
  assert.equal(request.hasTrailers, true);
});

test('a reader that pauses in the middle gets the rest later', () => {
  const { request } = incoming();
  const to = reader();
  request.readBody({ ...to, piece: bytes => to.got.push(`${bytes}`) && request.pause() }, 0);
  request.take(pieces('a'));
  request.take(pieces('b'));
  request.end(false);
  assert.deepEqual(to.got, ['a']);
  request.resume();
  request.resume();
  assert.deepEqual(to.got, ['a', 'b', 'end']);
});

test('what is discarded is read on, and told to nobody', () => {
  const { request, told } = incoming();
  const to = reader();
  request.readBody(to, 0);
  request.discard();
  request.take(pieces('ab'));
  request.end(false);
  assert.deepEqual(to.got, []);
  assert.deepEqual(told, ['wanted', 'discard']);
});

test('of a body that is here to its end its source hears no more: another request’s may be next', () => {
  const { request, told } = incoming();
  request.take(pieces('abcd'));
  request.end(false);
  request.readBody(reader(), 0);
  request.pause();
  request.resume();
  request.discard();
  assert.deepEqual(told, []);
});
