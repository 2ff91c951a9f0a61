import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Connections, most } from './connections.ts';

function fakeSocket(remoteAddress: string): Socket & { isGone: boolean } {
  const socket = Object.assign(new EventEmitter(), {
    remoteAddress,
    isGone: false,
    destroy() {
      socket.isGone = true;
      socket.emit('close');
    },
  });
  return socket as unknown as Socket & { isGone: boolean };
}

test('whoever holds connections open loses the oldest of them, and nobody else loses one', t => {
  const connections = new Connections();
  const open = (address: string) => {
    const socket = fakeSocket(address);
    t.after(() => socket.destroy());
    connections.admit(socket);
    return socket;
  };
  const other = open('10.0.0.2');
  const busy = open('10.0.0.1');
  connections.answers(busy);
  const held = Array.from({ length: 10 * most.each }, () => open('10.0.0.1'));
  assert.equal(other.isGone, false);
  assert.equal(busy.isGone, false, 'an answer that is on its way');
  assert.equal(held.filter(({ isGone }) => !isGone).length, most.each - 1);
  assert.equal(held.at(-1)?.isGone, false, 'the newest is served');
  connections.waits(busy);
  open('10.0.0.1');
  assert.equal(busy.isGone, false, 'it has waited less long than the others');
});

test('all of them together are bounded', t => {
  const connections = new Connections();
  const all = Array.from({ length: 2 * most.all }, (_, i) => {
    const socket = fakeSocket(`10.0.${i >> 8}.${i & 255}`);
    t.after(() => socket.destroy());
    connections.admit(socket);
    connections.answers(socket);
    return socket;
  });
  assert.equal(all.filter(({ isGone }) => !isGone).length, most.all);
});
