// hostd's reader of nginx's configuration, held to nginx itself: what nginx refuses to read is refused, the rest is read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { NginxError, parseNginx } from '../src/formats/nginx/syntax.ts';
import { makePlace } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';

const nginx = findProgram('nginx');
const needsNginx = nginx === undefined ? 'needs nginx: apt-get install nginx-light' : false;

/** Lines in a server block. `map $x $y {}` and `return` are used for their free words. */
const cases: readonly string[] = [
  'return 200 plain;',
  'return 200 "two words";',
  'return 200 \'it is "quoted"\';',
  'return 200 "a \\"b\\" c";',
  'return 200 "semi;colon {brace}";',
  'return 200 a\\;b;',
  'return 200 a\\ b;',
  'return 200 a"b;',
  'return 200 "a"b;',
  'return 200 "a"',
  'return 200 "never closed;',
  "return 200 'never closed;",
  'return 200 \x24{host}x;',
  'return 200 $host;',
  'return 200 x\x24{host}y;',
  'return 200 a#b;',
  'return 200 a; # comment',
  'return 200 a # comment\n;',
  '# only a comment',
  '# a comment with ; and { and "',
  'return 200\n a;',
  'return\t200\r\n a;',
  'return 200 "line\nbreak";',
  'return 200 "tab\\tnl\\n";',
  'return 200 "back\\\\slash";',
  'return 200 öäü;',
  'return 200 "";',
  ';',
  '{}',
  '}',
  '} }',
  'location / { return 200 a; }',
  'location / { return 200 a }',
  'location / { return 200 a;',
  'location /{return 200 a;}',
  'location ~ \\.php$ { return 404; }',
  'location ~ "^/a{2}$" { return 404; }',
  'location ~ ^/a{2}$ { return 404; }',
  'location = /x { }',
  'if ($host = "}") { return 404; }',
  'if ($host ~ (a|b)) { return 404; }',
  'if (!-f $request_filename) { break; }',
  'if ($host = a){ return 404; }',
  '"return" 200 a;',
  'return 200 a;;',
  'return 200 {',
  'set $a "x"; set $b \'y\';',
  'location / { if ($host = a) { return 200 "{"; } }',
  'return 200 "a"; return 200 "b";return 200 c;',
];

test('nginx and hostd agree on what can be read', { skip: needsNginx }, async t => {
  const place = makePlace(t);
  place.directory('logs');
  assert.ok(cases.length >= 40);
  for (const text of cases) {
    const file = place.write('nginx.conf', wrap(place.dir, text));
    const judged = await run([nginx ?? '', '-t', '-q', '-e', `${place.dir}/error.log`, '-c', file]);
    const ours = reads(wrap(place.dir, text), file);
    assert.equal(ours, judged.code === 0, `${JSON.stringify(text)}\nnginx: ${judged.stderr}`);
  }
});

test('a word is what nginx takes it for: return answers with it', { skip: needsNginx }, () => {
  const words = (text: string) => parseNginx(text, 'x')[0]?.args;
  assert.deepEqual(words('a "x\\"y" \'z\' b\\;c d#e \x24{f}g "\\t\\\\";'), [
    'x"y',
    'z',
    'b\\;c',
    'd#e',
    '\x24{f}g',
    '\t\\',
  ]);
});

function wrap(dir: string, text: string): string {
  return `pid ${dir}/nginx.pid;\nevents {}\nhttp {\n access_log off;\n server {\n listen unix:${dir}/x.sock;\n${text}\n }\n}\n`;
}

function reads(text: string, file: string): boolean {
  try {
    parseNginx(text, file);
    return true;
  } catch (error) {
    if (error instanceof NginxError) return false;
    throw error;
  }
}
