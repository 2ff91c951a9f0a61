import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatProblem, type Problem } from '../../model/problem.ts';
import { placesOf, syntaxProblem } from './places.ts';
import { parseToml } from './toml.ts';

const text = `[app.hello]
root = "/x"
server_names = ["a", "b"]
many = [
  "c",
  "d",
]
  env.A = "1"
env . B = "2"
limits = { nofile = 1,
  core = 0 }
[app."two words"]
[app.hello.program.celery]
command = "x"
`;
const places = placesOf(text, 'f');
const at = (...key: (string | number)[]) => {
  const { line, column } = places(key);
  return `${line}:${column}`;
};

test('a key is placed where it begins', () => {
  assert.equal(at('app', 'hello', 'root'), '2:1');
  assert.equal(at('app', 'hello', 'env', 'A'), '8:3');
  assert.equal(at('app', 'hello', 'env', 'B'), '9:1');
  assert.equal(at('app', 'hello', 'limits', 'nofile'), '10:12');
  assert.equal(at('app', 'hello', 'limits', 'core'), '11:3');
});

test('a table is placed at its header, also one that only a longer header names', () => {
  assert.equal(at('app', 'hello'), '1:1');
  assert.equal(at('app', 'two words'), '12:1');
  assert.equal(at('app', 'hello', 'program', 'celery'), '13:1');
  assert.equal(at('app', 'hello', 'program'), '13:1');
});

test('an item is placed at its key, or at its own line when the list has several', () => {
  assert.equal(at('app', 'hello', 'server_names', 1), '3:1');
  assert.equal(at('app', 'hello', 'many', 0), '5:3');
  assert.equal(at('app', 'hello', 'many', 1), '6:3');
});

test('a key that is not written is placed at what is written around it', () => {
  assert.equal(at('app', 'hello', 'user'), '1:1');
  assert.equal(at('app', 'hello', 'program', 'celery', 'user'), '13:1');
  assert.equal(at('proxy', 'user'), '1:1');
});

const syntax: readonly [text: string, problem: string][] = [
  ['a =\n', 'f:1:4: cannot read this file: the value is missing\n  try: key = "value"'],
  [
    '[app.x]\nsize = 4G\n',
    'f:2:9: cannot read this file: the line goes on after its value\n  try: put text in quotes: key = "value"',
  ],
  ['x = "abc\n', 'f:1:9: cannot read this file: a quote is never closed\n  try: key = "value"'],
  ['[a\n', 'f:1:3: cannot read this file: a table name is never closed\n  try: [app.hello]'],
  ['[a]\n[a]\n', 'f:2:2: cannot read this file: this is there already\n  try: keep one of the two'],
  [
    'a = [1\n"b" = 2\n',
    'f:2:1: cannot read this file: a comma or a closing bracket is missing\n  try: key = ["one", "two"]',
  ],
  ['a b = 1\n', 'f:1:3: cannot read this file: "=" is missing\n  try: key = "value"'],
  ['umask = 022\n', 'f:1:9: cannot read this file: a number cannot begin with 0\n  try: key = "022"'],
  ['a = True\n', 'f:1:5: cannot read this file: "True" is no value\n  try: true'],
  ['a = no # never\n', 'f:1:5: cannot read this file: "no" is no value\n  try: false'],
  ['a = None\n', 'f:1:5: cannot read this file: "None" is no value\n  try: leave the key out'],
  [
    'a = no-such.test\n',
    'f:1:5: cannot read this file: this character cannot stand here\n  try: quotes around text, and "]" after a list',
  ],
  [
    'user = hello\n',
    'f:1:8: cannot read this file: this character cannot stand here\n  try: quotes around text, and "]" after a list',
  ],
];
for (const [text, expected] of syntax)
  test(`${JSON.stringify(text)} is explained in plain words`, () => {
    assert.equal(formatProblem(syntaxProblem(text, 'f', null)), expected);
  });

test('a text that only the other parser refuses is reported in its words', () => {
  const problems: Problem[] = [];
  parseToml('a = 1\nworkers = 9007199254740993\n', 'f', problems);
  assert.deepEqual(problems.map(formatProblem), [
    'f:2:11: cannot read this file: the number 9007199254740993 is too large',
  ]);
  assert.equal(
    formatProblem(syntaxProblem('a = 1', 'f', new Error('no'))),
    'f:1:1: cannot read this file: no',
  );
});

test('no text makes the places throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.oneof(fc.string(), fc.nat())), (text, key) => {
      const { line, column } = placesOf(text, 'f')(key);
      assert.ok(line >= 1 && column >= 1);
    }),
  );
});
