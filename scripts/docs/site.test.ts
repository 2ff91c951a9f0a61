import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupsOf, makeSite } from './site.ts';

const sources = [
  {
    file: 'README.md',
    markdown:
      '# hostd\n\n[z](z.md)\n\n## How-to\n\n- [b](b.md#x)\n- [b](b.md)\n\n## Reference\n\n- [a](a.md)\n',
  },
  { file: 'a.md', markdown: '# A & <B>\n\n## Of "c"\n\nwords\n' },
  { file: 'b.md', markdown: '# Bee\n\n## x\n\n[home](README.md) [a](a.md#of-c)\n' },
  { file: 'z.md', markdown: '# Zed\n' },
];

test('the index sorts the pages; what it does not name stands at the end', () => {
  const groups = groupsOf(sources[0]?.markdown ?? '', ['README.md', 'a.md', 'b.md', 'z.md']);
  assert.deepEqual(groups, [
    { title: 'How-to', files: ['b.md'] },
    { title: 'Reference', files: ['a.md'] },
    { title: 'More', files: ['z.md'] },
  ]);
});

test('every page is reached from every other, and the search finds every section', () => {
  const { pages, entries } = makeSite(sources);
  assert.deepEqual([...pages.keys()].toSorted(), ['a.html', 'b.html', 'index.html', 'z.html']);
  for (const html of pages.values())
    for (const name of ['a.html', 'b.html', 'z.html', 'index.html'])
      assert.ok(html.includes(`href="${name}"`));
  assert.match(pages.get('b.html') ?? '', /href="a\.html#of-c"/);
  assert.match(pages.get('a.html') ?? '', /<title>A &amp; &lt;B> - hostd<\/title>/);
  const found = entries.find(({ text }) => text === 'words');
  assert.deepEqual(found, {
    id: found?.id,
    href: 'a.html#of-c',
    page: 'A & <B>',
    title: 'Of "c"',
    text: 'words',
  });
});

test('nothing comes from another server', () => {
  for (const html of makeSite(sources).pages.values())
    assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
});
