import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultSettings } from '../../model/assemble.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';
import { appKeys, groupKeys, programKeys } from './keys.ts';
import { type Definition, definitionsIn, parseToml, readDefinition, readSettings } from './toml.ts';
import { tomlValue } from './toml-values.test.ts';

const around = {
  settings: defaultSettings('hostd.toml'),
  groupOf: new Map(),
  machineName: 'box',
  envFiles: null,
  uidOf: () => null,
};

function definition(kind: Definition['kind'], table: Record<string, unknown>): Definition {
  return { kind, name: 'x', source: { file: '/etc/hostd/x.toml', key: [kind, 'x'] }, table };
}

test('definitions are found in the order in which their tables begin', () => {
  const problems: Problem[] = [];
  const document =
    parseToml('[program.b]\n[app.z]\n[group.g]\n[app.a]\n[program.a]\n', 'f', problems) ?? assert.fail();
  const found = definitionsIn(document, false, problems).map(({ kind, name }) => `${kind}.${name}`);
  assert.deepEqual(found, ['program.b', 'program.a', 'app.z', 'app.a', 'group.g']);
  assert.deepEqual(problems, []);
});

test('names and keys of JavaScript are names and keys like others', () => {
  const problems: Problem[] = [];
  const text = '[__proto__]\n[app.constructor]\nroot = "/x"\n__proto__ = 3\ntoString = 4\n';
  const document = parseToml(text, 'f', problems) ?? assert.fail();
  const found = definitionsIn(document, false, problems);
  const pieces = found.map(one => readDefinition(one, around, problems));
  assert.equal(pieces[0]?.apps[0]?.user, 'constructor');
  assert.deepEqual(
    problems.map(({ message }) => message),
    [
      'this file: there is no table [__proto__]',
      'app "constructor": there is no key "__proto__"',
      'app "constructor": there is no key "toString"',
    ],
  );
});

test('a value that is wrong is told once, and not as one that is missing besides', () => {
  const root = '/x';
  for (const [kind, table] of [
    ['app', { upstreams: ['app.internal:8000'] }],
    ['app', { root, health: 'up', health_interval: '10s' }],
    ['app', { root, server_names: ['a b'], redirect_from: ['www.x.test'] }],
    ['app', { root, program: { y: { command: 'x', schedule: 'at three', timezone: 'UTC' } } }],
    ['program', { command: 'x', schedule: 'at three', time_limit: '1h' }],
  ] as const) {
    const problems: Problem[] = [];
    readDefinition(definition(kind, table), around, problems);
    assert.equal(problems.length, 1, problems.map(formatProblem).join('\n'));
  }
});

test('no value under any key throws, and what is refused has a message and an owner', () => {
  const tables = { app: appKeys, program: programKeys, group: groupKeys };
  const kinds = fc.constantFrom('app' as const, 'program' as const, 'group' as const);
  const tableOf = (kind: keyof typeof tables) =>
    fc.dictionary(
      fc.oneof(fc.constantFrom(...Object.keys(tables[kind]), 'program'), fc.string()),
      tomlValue,
      {
        maxKeys: 6,
      },
    );
  const one = kinds.chain(kind => fc.tuple(fc.constant(kind), tableOf(kind)));
  fc.assert(
    fc.property(one, fc.boolean(), ([kind, table], complete) => {
      const problems: Problem[] = [];
      const rest = kind === 'app' ? { root: '/x' } : { command: 'x', programs: ['y'] };
      readDefinition(definition(kind, complete ? { ...rest, ...table } : table), around, problems);
      for (const problem of problems) {
        assert.equal(problem.subject, 'x');
        assert.match(formatProblem(problem), /^\/etc\/hostd\/x\.toml: \w+ "x".*\n {2}try: ./s);
      }
    }),
    { numRuns: 2000 },
  );
});

test('no value in the tables of the machine throws', () => {
  const table = fc.oneof(
    tomlValue,
    fc.dictionary(
      fc.constantFrom('include', 'runtime_dir', 'socket', 'group', 'listen', 'user', 'workers'),
      tomlValue,
    ),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('hostd', 'control', 'proxy'), table), tables => {
      assert.equal(readSettings('f', tables, []).file, 'f');
    }),
  );
});

test('no text throws', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '[app.a]',
      'root = "/x"',
      '[[app.a]]',
      'a = [',
      '"',
      '[app]',
      'x.y = 1',
      '[app.a.program.b]',
    ),
  );
  fc.assert(
    fc.property(fc.array(line), lines => {
      const problems: Problem[] = [];
      const document = parseToml(lines.join('\n'), 'f', problems);
      if (document === null) assert.equal(problems.length, 1);
      else for (const one of definitionsIn(document, true, problems)) readDefinition(one, around, problems);
      for (const problem of problems) {
        assert.equal(problem.at?.file, 'f');
        assert.match(formatProblem(problem), /^f(:| )/);
      }
      // Where no problem is reported, everything must have been read.
      if (document === null || problems.length > 0) return;
      const found = definitionsIn(document, true, []).map(({ kind, name }) => `${kind}.${name}`);
      const named = Object.entries(document.tables).flatMap(([kind, table]) =>
        Object.keys(table as object).map(name => `${kind}.${name}`),
      );
      assert.deepEqual(found.toSorted(), named.toSorted());
    }),
  );
});
