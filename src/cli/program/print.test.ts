import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWell } from '../../protocol/well.ts';
import { programStatus } from '../client/fake-daemon.test.ts';
import { waitingLine } from '../client/waiting.ts';
import { count, errorText, statusTable } from './print.ts';

test('a long name widens the column for all', () => {
  const long = 'x'.repeat(40);
  assert.equal(
    statusTable([programStatus({ name: long }), programStatus()], false),
    `${long}   RUNNING   pid 23069, uptime 0:00:07\n` +
      `hello${' '.repeat(38)}RUNNING   pid 23069, uptime 0:00:07\n`,
  );
});

test('no programs print nothing', () => {
  assert.equal(statusTable([], true), '');
});

test('an error is one line, and its hint another', () => {
  assert.equal(
    errorText('hostctl', 'cannot find "a\nb"', 'hostctl\nstatus'),
    'hostctl: cannot find "a\\nb"\n  try: hostctl\\nstatus\n',
  );
  assert.equal(errorText('hostd', 'cannot', undefined), 'hostd: cannot\n');
});

test('one of a thing, several things', () => {
  assert.deepEqual([count(0, 'app'), count(1, 'app'), count(2, 'app')], ['0 apps', '1 app', '2 apps']);
});

test('the waiting line names everything that is waited for, as far as the terminal is wide', () => {
  const one = new Map([['hello', 'STARTING']]);
  const two = new Map([...one, ['blog', 'STOPPING']]);
  assert.equal(waitingLine(new Map(), 80), '');
  assert.equal(waitingLine(one, 80), 'waiting for hello: STARTING');
  assert.equal(waitingLine(two, 80), 'waiting for 2 programs, hello: STARTING, blog: STOPPING');
  assert.equal(waitingLine(two, 40), 'waiting for 2 programs, hello: STAR ...');
  assert.ok(waitingLine(two, 40).length < 40);
});

test('a scheduled program is well while it waits or runs, unless it failed the last time or has been stopped', () => {
  const last = { result: 'ok', why: 'exit status 0', started: 1, seconds: 2 } as const;
  const failed = { ...last, result: 'failed' } as const;
  const states = ['RUNNING', 'STOPPED', 'EXITED', 'FATAL', 'STARTING', 'STOPPING'] as const;
  const well = (schedule: Parameters<typeof isWell>[0]['schedule']) =>
    states.filter(state => isWell({ state, schedule }));
  assert.deepEqual(well(null), ['RUNNING']);
  assert.deepEqual(well({ next: 9, last: null }), ['RUNNING', 'STOPPED', 'EXITED']);
  assert.deepEqual(well({ next: 9, last }), ['RUNNING', 'STOPPED', 'EXITED']);
  assert.deepEqual(well({ next: 9, last: failed }), []);
  assert.deepEqual(well({ next: null, last }), ['RUNNING']);
});
