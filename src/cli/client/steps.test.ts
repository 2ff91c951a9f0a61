import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { CommandFailed } from '../../create/run.ts';
import { HostdError } from '../../errors.ts';
import type { Context } from '../program/command.ts';
import { Output } from '../program/output.ts';
import { hostctl } from '../tables.ts';
import { printFailure, StepReport } from './steps.ts';

function context() {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const output = new Output(stream, {});
  const made: Context = {
    program: hostctl,
    stdout: output,
    stderr: output,
    env: {},
    onInterrupt: () => () => {},
  };
  return { context: made, text: () => text };
}

test('what an app’s command printed cannot move the cursor of root’s terminal', () => {
  const { context: made, text } = context();
  const report = new StepReport(made, new AbortController().signal);
  report.begin('packages', 1, 2);
  report.done('packages', { made: true, said: 'installed (\x1b[2J)' });
  report.note('a\x1b[1m\nb');
  report.undone('remove \x1b', null);
  report.failed(new CommandFailed('cannot install', ['bad \x1b]0;x\x07'], 'try\x1b'));
  assert.equal(
    text(),
    'packages: installed (\\x1b[2J)\nhostctl: a\\x1b[1m\nb\nhostctl: undone: remove \\x1b\n' +
      '    bad \\x1b]0;x\\x07\nhostctl: cannot install\n  try: try\\x1b\n',
  );
  assert.equal(report.exitCode, 1);
});

test('a place in the configuration keeps its own next move', () => {
  const { context: made, text } = context();
  assert.equal(printFailure(new HostdError('config', 'f:1:1: wrong', { hint: 'right' }), false, made), 1);
  assert.equal(text(), 'hostctl: f:1:1: wrong\n  try: right\n');
});

test('Ctrl-C gives what shells give for it', () => {
  const { context: made, text } = context();
  assert.equal(printFailure(new Error('killed'), true, made), 130);
  assert.equal(text(), 'hostctl: interrupted\n');
});
