// Finds where the keys of a TOML text stand, and what is wrong with a text that is no TOML. The parser that keeps places is
// loaded only for a problem: a configuration without problems never pays for it.

import { createRequire } from 'node:module';
import type * as parser from 'toml-eslint-parser';
import type { Place, Problem } from '../../model/problem.ts';

type Key = readonly (string | number)[];

/** Finds the place of a key. A key that is not written has the place of the nearest table or key around it that is. */
export type Places = (key: Key) => Place;

export function placesOf(text: string, file: string): Places {
  const index = indexOf(text);
  return key => {
    for (let length = key.length; length > 0; length--) {
      const found = index.get(JSON.stringify(key.slice(0, length)));
      if (found !== undefined) return { file, ...found };
    }
    return { file, line: 1, column: 1 };
  };
}

/** The first mistake in the text. `refusal`: the error of the other parser, for a text that this one accepts. */
export function syntaxProblem(text: string, file: string, refusal: unknown): Problem {
  try {
    load().parseTOML(text, { tomlVersion: '1.1' });
    return refusalProblem(file, refusal);
  } catch (error) {
    const { message, lineNumber, column } = error as parser.ParseError;
    const word = /^(true|false|yes|no|on|off|none|null)(?![\w.-])/i.exec(
      wordAt(text, lineNumber, column),
    )?.[0];
    const [plain, hint] = isTruthOfOthers(word) ??
      plainWords[message.replace(/\(.*\)|".*"/g, '').trim()] ?? [message.replace(/\.$/, '')];
    return {
      severity: 'error',
      message: `cannot read this file: ${plain}`,
      ...(hint === undefined ? {} : { hint }),
      at: { file, ...notPastTheLine(text, lineNumber, column + 1) },
    };
  }
}

/** From the place to the line's end. */
function wordAt(text: string, line: number, column: number): string {
  return (text.split('\n')[line - 1] ?? '').slice(column);
}

/** Python's and YAML's words for true and false. */
function isTruthOfOthers(word: string | undefined): readonly [string, string] | null {
  if (word === undefined) return null;
  const is = /^(true|yes|on)$/i.test(word);
  const isNot = /^(false|no|off)$/i.test(word);
  const hint = is ? 'true' : isNot ? 'false' : 'leave the key out';
  return [`"${word}" is no value`, hint];
}

function refusalProblem(file: string, refusal: unknown): Problem {
  const {
    message = '',
    line = 1,
    column = 1,
  } = refusal as { message?: string; line?: number; column?: number };
  const large = /^Integer (\S+) cannot be represented/.exec(message)?.[1];
  const reason = large === undefined ? message : `the number ${large} is too large`;
  return { severity: 'error', message: `cannot read this file: ${reason}`, at: { file, line, column } };
}

/** The parser finds what a line lacks only at the beginning of the next line. This is the end of the line before. */
function notPastTheLine(text: string, line: number, column: number): { line: number; column: number } {
  const before = text.split('\n')[line - 2];
  return column > 1 || before === undefined || !/[=.[]\s*$|^\s*\[[^\]]*$/.test(before)
    ? { line, column }
    : { line: line - 1, column: before.length + 1 };
}

const plainWords: Readonly<Record<string, readonly [message: string, hint?: string]>> = {
  'Unspecified values are invalid': ['the value is missing', 'key = "value"'],
  'Must be a newline': ['the line goes on after its value', 'put text in quotes: key = "value"'],
  'Unterminated string constant': ['a quote is never closed', 'key = "value"'],
  'Unterminated table-key': ['a table name is never closed', '[app.hello]'],
  'Unterminated array': ['a list is never closed', 'key = ["one", "two"]'],
  'Unterminated inline table': ['a table is never closed', 'key = { one = "1" }'],
  'Defining a key multiple times is invalid': ['this is there already', 'keep one of the two'],
  'Expected equal  token': ['"=" is missing', 'key = "value"'],
  'Expected comma  token': ['a comma or a closing bracket is missing', 'key = ["one", "two"]'],
  'Unexpected character': ['this character cannot stand here', 'quotes around text, and "]" after a list'],
  'Unexpected token': ['this cannot stand here', 'quotes around text, and "]" after a list'],
  'Leading zeros are not allowed': ['a number cannot begin with 0', 'key = "022"'],
};

let loaded: typeof parser | null = null;

function load(): typeof parser {
  loaded ??= createRequire(import.meta.url)('toml-eslint-parser') as typeof parser;
  return loaded;
}

type Index = Map<string, { line: number; column: number }>;

function indexOf(text: string): Index {
  const index: Index = new Map();
  try {
    const [top] = load().parseTOML(text, { tomlVersion: '1.1' }).body;
    for (const node of top.body) {
      if (node.type === 'TOMLKeyValue') addPair(index, [], node);
      else {
        addTable(index, node);
        for (const pair of node.body) addPair(index, node.resolvedKey, pair);
      }
    }
  } catch {
    // Only the other parser accepts this text. Everything has its beginning as its place.
  }
  return index;
}

/** [app.hello] is the place of "app" and of "hello", unless an earlier line is. */
function addTable(index: Index, table: parser.AST.TOMLTable): void {
  const { line, column } = table.loc.start;
  for (let length = 1; length <= table.resolvedKey.length; length++)
    addPlace(index, table.resolvedKey.slice(0, length), { line, column: column + 1 });
}

function addPair(index: Index, above: Key, pair: parser.AST.TOMLKeyValue): void {
  addValue(index, addKey(index, above, pair.key), pair.value);
}

/** Every part of a dotted key gets the place where it is first written. */
function addKey(index: Index, above: Key, key: parser.AST.TOMLKey): Key {
  let path = above;
  for (const part of key.keys) {
    path = [...path, part.type === 'TOMLBare' ? part.name : part.value];
    addPlace(index, path, { line: key.loc.start.line, column: key.loc.start.column + 1 });
  }
  return path;
}

function addValue(index: Index, path: Key, value: parser.AST.TOMLContentNode): void {
  if (value.type === 'TOMLInlineTable') for (const pair of value.body) addPair(index, path, pair);
  if (value.type !== 'TOMLArray') return;
  const line = index.get(JSON.stringify(path))?.line;
  value.elements.forEach((element, number) => {
    const { start } = element.loc;
    // On the key's own line, the key's place is better.
    if (start.line !== line)
      addPlace(index, [...path, number], { line: start.line, column: start.column + 1 });
    addValue(index, [...path, number], element);
  });
}

function addPlace(index: Index, path: Key, place: { line: number; column: number }): void {
  const key = JSON.stringify(path);
  if (!index.has(key)) index.set(key, place);
}
