import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { type TestContext, test } from 'node:test';
import { boundRequests } from './request-time.ts';

class Connection extends EventEmitter {
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

/** A server with one connection, 100 ms for its first request and 1000 for each further one, by a clock of its own. */
function scene(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = new EventEmitter();
  const socket = new Connection();
  boundRequests(server as unknown as Server, { first: 100, next: 1000 });
  server.emit('connection', socket);
  return {
    socket,
    pass: (ms: number) => t.mock.timers.tick(ms),
    ask() {
      const response = new EventEmitter();
      server.emit('request', { socket }, response);
      return { answer: () => void response.emit('close') };
    },
    upgrade: () => void server.emit('upgrade', { socket }),
  };
}

test('who never ends the header of a first request is let go', t => {
  const { socket, pass } = scene(t);
  pass(99);
  assert.equal(socket.destroyed, false);
  pass(1);
  assert.equal(socket.destroyed, true);
});

test('after an answer there is time for the next request, and no more', t => {
  const { socket, pass, ask } = scene(t);
  ask().answer();
  pass(999);
  assert.equal(socket.destroyed, false);
  ask().answer();
  pass(1000);
  assert.equal(socket.destroyed, true);
});

test('an answer may take as long as it takes, also one of several', t => {
  const { socket, pass, ask } = scene(t);
  const [first, second] = [ask(), ask()];
  first.answer();
  pass(100_000);
  assert.equal(socket.destroyed, false);
  second.answer();
  pass(1000);
  assert.equal(socket.destroyed, true);
});

test('what has left HTTP may last, and what has closed is forgotten', t => {
  const { socket, pass, upgrade } = scene(t);
  upgrade();
  pass(100_000);
  assert.equal(socket.destroyed, false);
  t.mock.timers.reset();
  const other = scene(t);
  const asked = other.ask();
  other.socket.emit('close');
  other.socket.destroyed = true;
  asked.answer();
  other.pass(100_000);
});
