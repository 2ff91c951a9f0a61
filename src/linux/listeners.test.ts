import assert from 'node:assert/strict';
import { test } from 'node:test';
import { howToStop, inTheWay, parseListeners, serviceIn } from './listeners.ts';

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
   2: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
`;
const tcp6 = `  sl  local_address remote_address st
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1 0
`;

test('only sockets that listen are read, with their inodes', () => {
  assert.deepEqual(parseListeners(tcp), [
    { address: '0100007F', port: 8080, inode: '4711' },
    { address: '0', port: 80, inode: '4712' },
  ]);
});

test('a port is in use on the same address, or where either of the two is every address', () => {
  const four = parseListeners(tcp);
  const inode = (host: string, port: number, list = four) => inTheWay({ host, port }, list)?.inode ?? null;
  assert.equal(inode('127.0.0.1', 8080), '4711');
  assert.equal(inode('0.0.0.0', 8080), '4711');
  assert.equal(inode('127.0.0.2', 8080), null);
  assert.equal(inode('10.0.0.1', 80), '4712');
  assert.equal(inode('0.0.0.0', 40000), null, 'a connection is no listener');
  assert.equal(inode('::1', 8080, parseListeners(tcp6)), '99');
  assert.equal(inode('::', 8080, parseListeners(tcp6)), '99');
  assert.equal(inode('fe80::1', 8080, parseListeners(tcp6)), null);
});

test('what has a port is stopped by its service, or by its pid where it is none of systemd’s', () => {
  assert.equal(serviceIn('0::/system.slice/nginx.service\n'), 'nginx');
  assert.equal(
    serviceIn('12:pids:/system.slice/x.service\n1:name=systemd:/system.slice/nginx.service\n0::/\n'),
    'nginx',
  );
  assert.equal(serviceIn('0::/system.slice/system-app.slice/app@a.service/inner\n'), 'app@a');
  assert.equal(serviceIn('0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n'), null);
  assert.equal(serviceIn('0::/user.slice/user-1000.slice/session-2.scope\n0::/\n'), null);
  assert.equal(howToStop({ pid: 7, name: 'nginx', service: 'nginx' }), 'systemctl disable --now nginx');
  assert.equal(howToStop({ pid: 7, name: 'python3', service: null }), 'kill 7');
  assert.equal(howToStop({ pid: 7, name: 'x', service: 'x; reboot' }), 'kill 7');
});
