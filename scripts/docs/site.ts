// Makes the site's HTML of all pages: the index page sorts them, and those that it does not name stand at the end. Pure.

import { readPage } from './page.ts';

export interface Source {
  /** "proxy.md" */
  readonly file: string;
  readonly markdown: string;
}

/** One section, as the search finds it. */
export interface Entry {
  readonly id: number;
  readonly href: string;
  readonly page: string;
  readonly title: string;
  readonly text: string;
}

export interface Site {
  /** Name to HTML. */
  readonly pages: ReadonlyMap<string, string>;
  readonly entries: readonly Entry[];
}

interface Group {
  readonly title: string;
  readonly files: readonly string[];
}

/** The file that sorts the others: each heading of the second level is a group, and its links are the pages. */
const indexFile = 'README.md';

export function makeSite(sources: readonly Source[]): Site {
  const titles = new Map(sources.map(({ file, markdown }) => [file, readPage(markdown).title]));
  const index = sources.find(({ file }) => file === indexFile)?.markdown ?? '';
  const groups = groupsOf(index, [...titles.keys()]);
  const pages = new Map<string, string>();
  const entries: Entry[] = [];
  for (const { file, markdown } of sources) {
    const { title, html, sections } = readPage(markdown, href => hrefOf(href, titles));
    pages.set(htmlName(file), frame(title, html, navigation(groups, titles, file)));
    for (const section of sections) {
      if (section.title === '' && section.text === '') continue;
      const href = `${htmlName(file)}${section.id === '' ? '' : `#${section.id}`}`;
      entries.push({
        id: entries.length,
        href,
        page: title,
        title: section.title || title,
        text: section.text,
      });
    }
  }
  return { pages, entries };
}

export function groupsOf(index: string, files: readonly string[]): readonly Group[] {
  const groups: Group[] = [];
  const named = new Set([indexFile]);
  for (const part of index.split(/^## /m).slice(1)) {
    const [title = ''] = part.split('\n');
    const linked = readPage(part)
      .links.map(link => link.replace(/#.*$/, ''))
      .filter(file => files.includes(file) && !named.has(file));
    for (const file of linked) named.add(file);
    groups.push({ title: title.trim(), files: [...new Set(linked)] });
  }
  const others = files.filter(file => !named.has(file)).toSorted();
  return [...groups, { title: 'More', files: others }].filter(group => group.files.length > 0);
}

function htmlName(file: string): string {
  return file === indexFile ? 'index.html' : file.replace(/\.md$/, '.html');
}

/** A page leads to its HTML, everything else to where it leads already. */
function hrefOf(href: string, titles: ReadonlyMap<string, string>): string {
  const [file = '', anchor] = href.split('#');
  return titles.has(file) ? `${htmlName(file)}${anchor === undefined ? '' : `#${anchor}`}` : href;
}

function navigation(groups: readonly Group[], titles: ReadonlyMap<string, string>, current: string): string {
  const item = (file: string) => {
    const here = file === current ? ' aria-current="page"' : '';
    return `<li><a href="${htmlName(file)}"${here}>${escaped(titles.get(file) ?? file)}</a></li>`;
  };
  return groups
    .map(({ title, files }) => `<h2>${escaped(title)}</h2>\n<ul>${files.map(item).join('\n')}</ul>`)
    .join('\n');
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function frame(title: string, body: string, nav: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}${title === 'hostd' ? '' : ' - hostd'}</title>
<link rel="stylesheet" href="site.css">
</head>
<body>
<header>
<a class="home" href="index.html">hostd</a>
<input id="search" type="search" placeholder="Search" aria-label="Search" autocomplete="off">
<ol id="found" hidden></ol>
</header>
<nav>
${nav}
</nav>
<main>
${body}</main>
<script src="minisearch.js"></script>
<script src="entries.js"></script>
<script src="search.js"></script>
</body>
</html>
`;
}
