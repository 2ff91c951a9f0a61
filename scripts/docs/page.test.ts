import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPage, slug } from './page.ts';

test('anchors are those that GitHub makes', () => {
  assert.equal(slug('Parser and Node'), 'parser-and-node');
  assert.equal(slug("Supervisor's clients"), 'supervisors-clients');
  assert.equal(slug('`emit`: what, in (other) words?'), 'emit-what-in-other-words');
  const { sections } = readPage('# A\n\n## B\n\none\n\n## B\n\ntwo\n');
  assert.deepEqual(
    sections.map(({ id, text }) => `${id}: ${text}`),
    [': ', 'a: ', 'b: one', 'b-1: two'],
  );
});

test('a section has the words of its lists, tables and code, without marks', () => {
  const { sections } = readPage(
    '# T\n\n- a `b`\n- **c**\n\n| k | v |\n|---|---|\n| x | [y](z.md) |\n\n    hostctl status\n',
  );
  assert.equal(sections.at(-1)?.text, 'a b c k v x y hostctl status');
});

test('links are found wherever they stand, and lead where they are told to', () => {
  const page = readPage('[a](b.md#c) ![i](images/i.png)\n\n| x |\n|---|\n| [t](t.md) |\n', href =>
    href.replace('.md', '.html'),
  );
  assert.deepEqual(page.links, ['b.md#c', 'images/i.png', 't.md']);
  assert.match(page.html, /href="b\.html#c"(.|\n)*src="images\/i\.png"(.|\n)*href="t\.html"/);
});

test('what looks like HTML in code stays text', () => {
  assert.match(readPage('`<script>`\n\n    <b>&\n').html, /&lt;script&gt;(.|\n)*&lt;b&gt;&amp;/);
});
