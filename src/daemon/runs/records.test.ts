import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { appProgram, makeApp } from '../../model/app.ts';
import { assemble, defaultSettings } from '../../model/assemble.ts';
import type { App, Host, Program } from '../../model/host.ts';
import { ownPaths } from '../own/own-files.ts';
import { openRecords, type Record } from './records.ts';

function open(t: TestContext) {
  const stateDir = mkdtempSync(join(tmpdir(), 'hostd-records-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  const paths = ownPaths({ stateDir, runtimeDir: '' });
  for (const path of [paths.runs, paths.stopped, paths.maintenance, paths.certificates]) mkdirSync(path);
  return { stateDir, paths, records: openRecords(stateDir) };
}

const record = (name: string): Record => ({
  version: 1,
  name,
  run: 1,
  process: { pid: 4711, starttime: 1, bootId: 'boot' },
  cgroup: null,
  startedAt: 0,
  marker: `HOSTD_RUN=${name}`,
  sockets: [{ key: '/run/a.sock', inode: 5 }],
  program: { name } as Program,
});

test('what a command has stopped stays stopped until the machine boots anew', t => {
  const { paths, records } = open(t);
  records.setStopped('one', true);
  records.setStopped('two', true);
  records.setStopped('two', false);
  assert.deepEqual([...records.stopped()], ['one']);
  // A note from another boot.
  writeFileSync(join(paths.stopped, 'one'), '00000000-0000-0000-0000-000000000000');
  assert.deepEqual([...records.stopped()], []);
});

test('every record is for its owner alone, whatever the umask: environments and private keys are in them', t => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const { stateDir, records } = open(t);
  records.write(record('app'));
  records.setStopped('app', true);
  records.setMaintenance('app', { retryAfter: 60 });
  records.setPair('app', { certificate: 'c', key: 'k' });
  records.writeHost({} as Host);
  const files = readdirSync(stateDir, { recursive: true, withFileTypes: true }).filter(entry =>
    entry.isFile(),
  );
  assert.equal(files.length, 5);
  for (const { parentPath, name } of files)
    assert.equal(statSync(join(parentPath, name)).mode & 0o777, 0o600, name);
});

test('a record keeps which sockets the run was given; one of 0.1.0 is without', t => {
  const { paths, records } = open(t);
  const { sockets, ...old } = record('old');
  records.write(record('new'));
  writeFileSync(join(paths.runs, 'old.1.json'), JSON.stringify(old));
  const found = new Map(records.read().records.map(({ name, sockets }) => [name, sockets]));
  assert.deepEqual([found.get('new'), found.get('old')], [sockets, undefined]);
});

test('a file system without space is said, with the file and where to look', {
  skip: !existsSync('/dev/full'),
}, t => {
  const { records, paths } = open(t);
  symlinkSync('/dev/full', join(paths.maintenance, '.hello.new'));
  assert.throws(() => records.setMaintenance('hello', { retryAfter: 7 }), {
    message: `cannot write "${paths.maintenance}/hello": no space is left there (ENOSPC)`,
  });
  assert.deepEqual([...records.maintenance()], []);
});

test('the runs of another daemon come in one step, and each is a record of its own from the next start on', t => {
  const { paths, records } = open(t);
  records.write(record('own'));
  records.receive([record('a'), record('b')]);
  assert.deepEqual(
    records.peek().map(({ name }) => name),
    ['own'],
  );
  for (const when of ['the next start', 'one after it'])
    assert.deepEqual(
      records.read().records.map(({ name }) => name),
      ['a', 'b', 'own'],
      when,
    );
  assert.equal(existsSync(paths.received), false);
});

test('the configuration that an earlier hostd wrote down is whole, whatever has come since', t => {
  const { records } = open(t);
  const source = { file: '/f', key: ['app', 'shop'] };
  const app = makeApp({ name: 'shop', root: '/shop', source });
  const parts = { settings: defaultSettings('/f'), apps: [app], programs: [appProgram(app)], groups: [] };
  const host = assemble(parts);
  const { resting, ...earlier } = host;
  const { name, root, processName, workers } = app;
  const old = { name, root, source, processName, workers, assumed: app.assumed } as unknown as App;
  records.writeHost({ ...earlier, apps: [old] } as unknown as Host);
  assert.deepEqual(records.readHost(), host);
});
