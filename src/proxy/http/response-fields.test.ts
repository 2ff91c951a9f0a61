import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientFields, fieldsKeptWithFile, ownFields } from './response-fields.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';

function head(...lines: string[]): ResponseHead {
  const parsed = parseResponseHead(
    `HTTP/1.1 200 OK\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`,
    10_000,
  );
  assert.ok(parsed.kind === 'head');
  return parsed.head;
}

const own = { date: 'now', connection: 'keep-alive', length: 2, chunked: false } as const;

test('the proxy’s own fields come first, and the app’s are kept in order', () => {
  const { fields } = clientFields(
    head('Date: x', 'Set-Cookie: a', 'Content-Type: a', 'Content-Type: b', 'Set-Cookie: b'),
    own,
  );
  assert.equal(
    fields.join(),
    'Server,hostd,Date,now,Content-Type,a,Content-Length,2,Connection,keep-alive,Set-Cookie,a,Set-Cookie,b',
  );
});

test('every answer begins alike, and what nginx has before Connection stands there', () => {
  const own = { date: 'now', connection: 'close', type: 'text/html', length: 0 } as const;
  const fields = 'Server,hostd,Date,now,Content-Type,text/html,Content-Length,0';
  assert.equal(ownFields(own).join(), `${fields},Connection,close`);
  assert.equal(
    ownFields({ ...own, between: ['Location', '/a'] }).join(),
    `${fields},Location,/a,Connection,close`,
  );
  assert.equal(
    ownFields({ ...own, type: null, length: null, chunked: true }).join(),
    'Server,hostd,Date,now,Transfer-Encoding,chunked,Connection,close',
  );
});

test('of a field that an answer may have once the first one counts', () => {
  const lines = [
    'ETag: "a"',
    'etag: "b"',
    'Location: /a',
    'Set-Cookie: a',
    'Location: /b',
    'Vary: A',
    'Vary: B',
  ];
  const { fields, orders } = clientFields(
    head(...lines, 'X-Accel-Redirect: /media/a', 'X-Accel-Redirect: /media/b'),
    own,
  );
  assert.equal(fields.slice(-10).join(), 'ETag,"a",Location,/a,Set-Cookie,a,Vary,A,Vary,B');
  assert.equal(orders.redirect, '/media/a');
  const kept = fieldsKeptWithFile(head('Content-Type: a', 'Content-Type: b', 'Expires: 1', 'Expires: 2'));
  assert.equal(kept.type, 'a');
  assert.equal(kept.fields.map(({ value }) => value).join(), '1');
});

test('what is between the app and the proxy stays there', () => {
  const lines = [
    'Connection: x',
    'Keep-Alive: 5',
    'Trailer: x',
    'Upgrade: x',
    'TE: x',
    'X-Accel-Expires: 0',
    'Server: gunicorn',
  ];
  assert.equal(clientFields(head(...lines), own).fields.join(), clientFields(head(), own).fields.join());
});

test('the app’s orders are understood', () => {
  const { orders } = clientFields(head('X-Accel-Redirect: /media/x', 'X-Accel-Buffering: No'), own);
  assert.deepEqual(orders, { redirect: '/media/x', unbuffered: true });
});

test('a file that the app has sent keeps the app’s type, cookies and name', () => {
  const kept = fieldsKeptWithFile(
    head('Content-Type: a/b', 'X-Other: 1', 'Set-Cookie: a', 'Content-Disposition: c', 'ETag: x'),
  );
  assert.equal(kept.type, 'a/b');
  assert.equal(kept.fields.map(({ name }) => name).join(), 'Set-Cookie,Content-Disposition');
});
