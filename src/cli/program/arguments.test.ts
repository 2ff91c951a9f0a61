import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand, splitCommand } from './arguments.ts';
import { commonOptions, type Option, socketOption } from './command.ts';

const common = { ...commonOptions, ...socketOption };
const options: Readonly<Record<string, Option>> = {
  ...common,
  json: { type: 'boolean', help: '' },
  lines: { type: 'string', short: 'n', value: 'N', help: '' },
};
const any = { min: 0, max: Number.POSITIVE_INFINITY, what: 'NAME' };

test('the command is found behind common options and their values', () => {
  for (const [args, command, rest] of [
    [['status', 'a'], 'status', ['a']],
    [['-c', 'status', 'stop'], 'stop', ['-c', 'status']],
    [['-cx', '--socket=y', 'stop', '--json'], 'stop', ['-cx', '--socket=y', '--json']],
    [['--socket', '--', 'stop'], 'stop', ['--socket', '--']],
    [['--', 'stop', '--json'], 'stop', ['--', '--json']],
    [['-h'], null, ['-h']],
    [[], null, []],
  ] as const)
    assert.deepEqual(splitCommand(args, common), { command, rest });
});

test('an option before the command must be a common one', () => {
  assert.throws(() => splitCommand(['--sokcet', 'x', 'status'], common), {
    code: 'usage',
    message: 'unknown option "--sokcet"',
    hint: '--socket',
  });
});

test('options may stand before, between and after the operands', () => {
  assert.deepEqual(parseCommand(['--json', 'a', '-c', 'f', 'b', '-n5'], options, any), {
    operands: ['a', 'b'],
    options: { json: true, config: 'f', lines: '5' },
  });
});

test('after -- everything is an operand', () => {
  assert.deepEqual(parseCommand(['a', '--', '--json', '--', '-x'], options, any), {
    operands: ['a', '--json', '--', '-x'],
    options: {},
  });
});

test('wrong options are named', () => {
  for (const [args, message] of [
    [['--jsno'], 'unknown option "--jsno"'],
    [['-x'], 'unknown option "-x"'],
    [['--__proto__'], 'unknown option "--__proto__"'],
    [['--constructor=x'], 'unknown option "--constructor"'],
    [['--json=yes'], 'option "--json" takes no value'],
    [['-n'], 'option "-n" needs a value, N'],
    [['--config='], 'option "--config" needs a value, FILE'],
  ] as const)
    assert.throws(() => parseCommand(args, options, any), { code: 'usage', message });
});

test('too many and too few operands are wrong use, but not when help is asked for', () => {
  const one = { min: 1, max: 1, what: 'a NAME' };
  assert.throws(() => parseCommand([], options, one), { message: 'cannot go on without a NAME' });
  assert.throws(() => parseCommand(['a', 'b'], options, one), { message: 'unexpected operand "b"' });
  assert.deepEqual(parseCommand(['-h'], options, one), { operands: [], options: { help: true } });
});
