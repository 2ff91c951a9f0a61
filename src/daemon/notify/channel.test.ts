import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Happening } from '../../model/happenings.ts';
import type { Journal } from '../journal/journal.ts';
import type { Logger } from '../own/log.ts';
import { openChannel } from './channel.ts';

test('what happens is told, although what happened before cannot be read', { timeout: 60_000 }, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-channel-'));
  t.after(() => rmSync(directory, { recursive: true }));
  let hear = (_happening: Happening, _at: number, _seq: number) => {};
  const journal = {
    last: () => 7,
    read: () => Promise.reject(new Error('EMFILE: too many open files')),
    hear(given: typeof hear) {
      hear = given;
      return () => {};
    },
  } as unknown as Journal;
  const said: string[] = [];
  const log = { error: (text: string) => said.push(text), warn: assert.fail } as unknown as Logger;
  const path = join(directory, 'command.json');
  const told = Promise.withResolvers<string>();
  const deliver = async (body: string) => {
    told.resolve(body);
    return { ok: true, what: '' };
  };
  const channel = openChannel({ name: 'command', kinds: ['fatal'], deliver, path, journal, log });
  hear({ kind: 'fatal', name: 'one', cause: 'exited too quickly' }, Date.now(), 8);
  const { events } = JSON.parse(await told.promise);
  assert.equal(events[0].name, 'one');
  await channel.close();
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).seq, 8);
  assert.match(said.join(), /cannot read what happened before: EMFILE/);
});
