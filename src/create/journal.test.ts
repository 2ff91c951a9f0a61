import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Entry, lockJournal, openJournal, tidyStateDirectory } from './journal.ts';

const entry: Entry = {
  version: 1,
  name: 'hello',
  root: '/webapps/hello',
  user: 'hello',
  group: 'webapps',
  parents: ['/webapps'],
  made: ['user'],
  database: null,
};

function stateDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'create-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('what was made is known to the next run, and to nobody but root', t => {
  const directory = stateDirectory(t);
  const journal = openJournal(directory, 'hello');
  assert.equal(journal.read(), null);
  journal.write(entry);
  assert.deepEqual(openJournal(directory, 'hello').read(), entry);
  assert.equal(statSync(join(directory, 'created')).mode & 0o777, 0o700);
  journal.remove();
  tidyStateDirectory(directory);
  assert.equal(existsSync(join(directory, 'created')), false);
});

test('a group is remembered for all apps until it is gone', t => {
  const directory = stateDirectory(t);
  openJournal(directory, 'hello').setGroup('webapps', true);
  openJournal(directory, 'hello').setGroup('others', true);
  const journal = openJournal(directory, 'goodbye');
  assert.deepEqual(journal.groups(), ['webapps', 'others']);
  journal.setGroup('webapps', false);
  assert.deepEqual(journal.groups(), ['others']);
});

test('two runs at once do not meet', t => {
  const directory = stateDirectory(t);
  const unlock = lockJournal(directory);
  assert.throws(() => lockJournal(directory), /another hostctl create or remove is at work/);
  unlock();
  lockJournal(directory)();
});

test('a broken entry is said, not guessed at', t => {
  const directory = stateDirectory(t);
  const journal = openJournal(directory, 'hello');
  journal.write(entry);
  writeFileSync(join(directory, 'created', 'hello.json'), '{');
  assert.throws(() => journal.read(), /cannot read .*hello.json", which says what hostctl create made/);
});
