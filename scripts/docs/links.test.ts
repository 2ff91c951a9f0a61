import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brokenLinks } from './links.ts';

test('a link to a page, a heading or a file that is not there is broken', () => {
  const pages = new Map([
    ['README.md', '# R\n\n[d](docs/d.md#one) [x](docs/x.md) [f](etc/) [g](gone.png)\n'],
    [
      'docs/d.md',
      '# D\n\n## One\n\n[r](../README.md#r) [up](#one) [two](#two) [w](https://example.org/#a)\n',
    ],
  ]);
  const exists = (path: string) => path === 'etc/';
  assert.deepEqual(brokenLinks(pages, exists), [
    'README.md: docs/x.md',
    'README.md: gone.png',
    'docs/d.md: #two',
  ]);
});

test('no link of README.md, CONTRIBUTING.md, CHANGELOG.md or docs/ is broken', () => {
  const home = join(import.meta.dirname, '../../');
  const files = globSync(['*.md', 'docs/*.md'], { cwd: home });
  const pages = new Map(files.map(file => [file, readFileSync(`${home}${file}`, 'utf8')]));
  assert.deepEqual(
    brokenLinks(pages, path => existsSync(`${home}${path}`)),
    [],
  );
});
