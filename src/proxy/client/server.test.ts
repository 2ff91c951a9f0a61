import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { defaultLimits } from '../limits.ts';
import { Notices } from '../log/notices.ts';
import type { Worker } from '../worker.ts';
import { Connections } from './server.ts';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;

  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

function make(limits: Partial<typeof defaultLimits>) {
  const said: string[] = [];
  const worker = {
    limits: { ...defaultLimits, ...limits },
    notices: new Notices(({ cause }) => said.push(cause)),
    connections: 0,
  } as Partial<Worker> as Worker;
  const connections = new Connections(worker, () => {});
  const socket = (address: string) => new FakeSocket(address) as unknown as FakeSocket & Socket;
  return { connections, socket, said };
}

test('the addresses of one /64 are one client; an IPv4 address is one, and one mapped into IPv6 the same', () => {
  const { connections, socket, said } = make({ connectionsPerClient: 2 });
  const admits = (address: string) => connections.admit(socket(address));
  assert.deepEqual(['2001:db8::1', '2001:db8:0:0:9::2', '2001:db8::ffff:1'].map(admits), [true, true, false]);
  assert.equal(admits('2001:db8:0:1::1'), true);
  assert.deepEqual(['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1'].map(admits), [true, true, false]);
  assert.equal(admits('192.0.2.2'), true);
  assert.deepEqual(said, ['connections of one address have reached their bound: new ones are refused']);
});

test('handshakes have bounds of their own: the oldest has had its time, and no client has all of them', () => {
  const { connections, socket, said } = make({ handshakes: 3, handshakesPerClient: 2 });
  const shake = (address: string) => {
    const one = socket(address);
    connections.admitShaking(one);
    return one;
  };
  const [first, second, third] = ['192.0.2.1', '192.0.2.1', '192.0.2.1'].map(shake);
  assert.deepEqual([first?.destroyed, second?.destroyed, third?.destroyed], [false, false, true]);
  const fourth = shake('192.0.2.2');
  const fifth = shake('192.0.2.3');
  assert.deepEqual([first?.destroyed, fourth.destroyed, fifth.destroyed], [true, false, false]);
  assert.equal(said.length, 2);
});
