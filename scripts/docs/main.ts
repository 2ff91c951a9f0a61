// npm run docs [-- DIR]: writes docs/ as a site of plain files into .site/, or DIR. It is read without a server, too.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { brokenLinks } from './links.ts';
import { makeSite } from './site.ts';

const home = join(import.meta.dirname, '../../');
const out = process.argv[2] ?? `${home}.site`;
const sources = readdirSync(`${home}docs`)
  .filter(file => file.endsWith('.md'))
  .sort()
  .map(file => ({ file, markdown: readFileSync(`${home}docs/${file}`, 'utf8') }));

const pages = new Map(sources.map(({ file, markdown }) => [file, markdown]));
const broken = brokenLinks(pages, path => existsSync(`${home}docs/${path}`));
if (broken.length > 0) {
  console.error(`docs: cannot follow these links:\n  ${broken.join('\n  ')}`);
  process.exit(1);
}
const site = makeSite(sources);
mkdirSync(out, { recursive: true });
for (const [name, html] of site.pages) writeFileSync(`${out}/${name}`, html);
writeFileSync(`${out}/entries.js`, `window.hostdEntries = ${JSON.stringify(site.entries)};\n`);
for (const file of ['search.js', 'site.css']) copyFileSync(new URL(file, import.meta.url), `${out}/${file}`);
copyFileSync(`${home}node_modules/minisearch/dist/umd/index.js`, `${out}/minisearch.js`);
cpSync(`${home}docs/images`, `${out}/images`, { recursive: true });
console.log(`docs: ${site.pages.size} pages, ${out}/index.html`);
