import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HarmlessText } from './harmless-text.ts';

function shown(chunks: readonly (string | Buffer)[], hasColours = true): string {
  const text = new HarmlessText(hasColours);
  return chunks.map(chunk => text.push(Buffer.from(chunk as string))).join('') + text.end();
}

test('ordinary lines, tabs, colours and letters of any language come as they are', () => {
  const text = 'plain\n\tindented\nπ é 漢\n';
  assert.equal(shown([text]), text);
  assert.equal(
    shown(['\u001b[1;31mred\u001b[0m \u001b[38:5;208mx\u001b[m\nnext\n']),
    '\u001b[1;31mred\u001b[0m \u001b[38:5;208mx\u001b[m\u001b[0m\nnext\n',
  );
  assert.equal(shown(['crlf\r\n']), 'crlf\n');
});

test('colours go where there are none to be, and end with their line', () => {
  assert.equal(shown(['\u001b[31mred\u001b[0m\n'], false), 'red\n');
  assert.equal(shown(['\u001b[8mhidden\nseen']), '\u001b[8mhidden\u001b[0m\nseen');
  assert.equal(shown(['\u001b[30;40mno end']), '\u001b[30;40mno end\u001b[0m');
});

test('what would steer a terminal is shown instead', () => {
  assert.equal(shown(['\u001b[2J\u001b]0;title\u0007 \u001b[6n']), '\\x1b[2J\\x1b]0;title\\x07 \\x1b[6n');
  assert.equal(shown(['all well\rroot#']), 'all well\\rroot#');
  assert.equal(shown(['\u009b2J \b\b\u202e']), '\\x9b2J \\x08\\x08\\u202e');
  assert.equal(shown([Buffer.from([0x9b, 0x32, 0x4a])]), '\ufffd2J');
  assert.equal(shown([`\u001b[${'1;'.repeat(40)}m`]), `\\x1b[${'1;'.repeat(40)}m`);
});

const token = fc.constantFrom(
  '\u001b',
  '[',
  '3',
  ';',
  'm',
  '\r',
  '\n',
  '\t',
  'x',
  'é',
  '\u009b',
  '\u0007',
  ']',
  '\u001b[31m',
);
const bytes = fc.oneof(
  fc.array(token).map(parts => Buffer.from(parts.join(''))),
  fc.uint8Array({ maxLength: 60 }).map(part => Buffer.from(part)),
);

test('however the bytes are cut, the same is shown, and nothing of it steers a terminal', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(80)), fc.boolean(), (whole, cuts, hasColours) => {
      const places = [0, ...cuts.map(cut => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
      const chunks = places.slice(1).map((end, index) => whole.subarray(places[index], end));
      const text = shown(chunks, hasColours);
      assert.equal(text, shown([whole], hasColours));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
      const rest = hasColours ? text.replace(/\u001b\[[0-9;:]*m/g, '') : text;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
      assert.doesNotMatch(rest, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }),
    { numRuns: 1000 },
  );
});
