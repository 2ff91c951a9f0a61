import assert from 'node:assert/strict';
import { fstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Budget } from '../budget.ts';
import type { BodyReader } from '../client/message.ts';
import { defaultLimits } from '../limits.ts';
import type { Exchange, Held } from '../request/exchange.ts';
import { BodyFiles } from './body-files.ts';
import { collectBody } from './request-body.ts';

test('a client who leaves while the body is being written leaves neither memory nor a file behind', async t => {
  const directory = mkdtempSync(`${tmpdir()}/hostd-body-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const limits = { ...defaultLimits, bodyMemory: 1000 };
  const bodyBudget = new Budget({ all: 10_000, each: 10_000 });
  const bodyFiles = new BodyFiles(directory, limits, () => {});
  const opened: number[] = [];
  const open = bodyFiles.open.bind(bodyFiles);
  bodyFiles.open = () => opened[opened.push(open()) - 1] ?? -1;
  let reader = null as BodyReader | null;
  let held = null as Held | null;
  const req = {
    hasTrailers: false,
    readBody: (to: BodyReader) => {
      reader = to;
    },
    pause() {},
    resume() {},
    discard() {},
  };
  const exchange = {
    network: 'a',
    siteNumber: 0,
    worker: { limits, bodyBudget, bodyFiles },
    connection: { socket: { setTimeout() {} } },
    req,
    collect: (body: Held) => {
      held = body;
    },
    received() {},
    broke: assert.fail,
  };
  collectBody(exchange as unknown as Exchange, 0, () => assert.fail());
  reader?.piece(Buffer.alloc(500));
  reader?.piece(Buffer.alloc(100_000));
  assert.equal(bodyBudget.used, 756);
  assert.equal(bodyFiles.used, 100_000);
  const [fd = -1] = opened;
  held?.release();
  assert.ok(fstatSync(fd).isFile(), 'what is being written to is not closed yet');
  for (let turns = 0; bodyFiles.used > 0 && turns < 10_000; turns++) await turn();
  assert.deepEqual([bodyBudget.used, bodyFiles.used], [0, 0]);
  for (let turns = 0; isOpen(fd) && turns < 10_000; turns++) await turn();
  assert.equal(isOpen(fd), false);
});

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
