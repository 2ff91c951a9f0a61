import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import { holderOf, listeningSockets, parseTcp, parseUnix } from './listening.ts';

const unix = `Num       RefCount Protocol Flags    Type St Inode Path
ffff8880: 00000002 00000000 00010000 0001 01 12345 /webapps/hello_django/run/gunicorn.sock
ffff8881: 00000003 00000000 00000000 0001 03 12346 /webapps/hello_django/run/gunicorn.sock
ffff8882: 00000002 00000000 00000000 0002 01 12347
ffff8883: 00000002 00000000 00010000 0001 01 12348 @abstract
ffff8884: 00000002 00000000 00010000 0001 01   99 /a path/with  blanks
`;

test('of unix sockets those that listen are found, by their whole path', () => {
  assert.deepEqual(parseUnix(unix), [
    { key: '/webapps/hello_django/run/gunicorn.sock', inode: '12345' },
    { key: '@abstract', inode: '12348' },
    { key: '/a path/with  blanks', inode: '99' },
  ]);
});

const row = (local: string, state: string, inode: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

test('of TCP sockets those that listen are found, by the address as the configuration writes it', () => {
  const text = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    row('00000000:0050', '0A', '1'),
    row('0100007F:1F90', '0A', '2'),
    row('0100007F:1F90', '01', '3'),
    row('00000000000000000000000000000000:0050', '0A', '4'),
    row('00000000000000000000000001000000:01BB', '0A', '5'),
    row('B80D0120000000000000000001000000:0050', '0A', '6'),
    '',
  ].join('\n');
  assert.deepEqual(parseTcp(text), [
    { key: '0.0.0.0:80', inode: '1' },
    { key: '127.0.0.1:8080', inode: '2' },
    { key: '[::]:80', inode: '4' },
    { key: '[::1]:443', inode: '5' },
    { key: '[2001:db8::1]:80', inode: '6' },
  ]);
});

test('whatever the kernel may write one day, reading it ends in a list', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      assert.ok(Array.isArray(parseUnix(text)));
      assert.ok(Array.isArray(parseTcp(`header\n${text.replaceAll(/[0-9A-F]{8}:/g, '')}`)));
    }),
  );
});

test('real listeners are found, and this process holds them', async t => {
  const directory = mkdtempSync(`${tmpdir()}/hostd-listening-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const path = `${directory}/s`;
  for (const listen of [{ path }, { host: '127.0.0.1', port: 0 }, { host: '::1', port: 0 }]) {
    const server = createServer();
    t.after(() => server.close());
    const heard = await new Promise<boolean>(resolve => {
      server.on('error', () => resolve(false));
      server.listen(listen, () => resolve(true));
    });
    // A machine may have no IPv6.
    if (!heard) continue;
    const address = server.address();
    const key =
      typeof address === 'string'
        ? address
        : `${address?.family === 'IPv6' ? `[${address.address}]` : address?.address}:${address?.port}`;
    const found = listeningSockets().filter(socket => socket.key === key);
    assert.equal(found.length, 1, key);
    assert.notEqual(holderOf(found, process.pid), null);
    assert.equal(holderOf(found, 2 ** 30), null);
  }
});
