import assert from 'node:assert/strict';
import { lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import type { Problem } from '../log/error-log.ts';
import { ErrorPages, type PageSite } from './error-pages.ts';

let directory = '';
let problems: Problem[] = [];
let common: string;
let site: PageSite;
let plain: PageSite;

before(() => {
  directory = mkdtempSync(`${tmpdir()}/error-pages-`);
  common = `${directory}/common/`;
  site = { name: 'hello', errorPages: `${directory}/own/` };
  plain = { name: 'plain', errorPages: null };
  for (const part of ['common', 'own']) mkdirSync(`${directory}/${part}`);
  const files = {
    'common/404.html': 'common 404 é',
    'common/502.html': 'common 502',
    'common/503.html': 'common 503',
    'common/maintenance.html': 'common maintenance',
    'own/404.html': 'own 404',
    'own/503.html': 'own 503',
    'own/500.html': 'x'.repeat(262_145),
    'own/413.html': 'y'.repeat(262_144),
    'own/301.html': 'never',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
  symlinkSync('/etc/passwd', `${directory}/own/403.html`);
  // A directory that only root could have made may lead anywhere. So for root, the directory and its link are given to nobody.
  if (process.getuid?.() === 0)
    for (const path of ['own', 'own/403.html']) lchownSync(`${directory}/${path}`, 65534, 65534);
  mkdirSync(`${directory}/own/400.html`);
});

after(() => rmSync(directory, { recursive: true }));

function pages(): ErrorPages {
  problems = [];
  return new ErrorPages(common, problem => problems.push(problem));
}

test('a page is the site’s own, else the machine’s, else none', () => {
  assert.equal(pages().find(site, 404), 'own 404');
  assert.equal(pages().find(site, 502), 'common 502');
  assert.equal(pages().find(plain, 404), Buffer.from('common 404 é').toString('latin1'));
  assert.equal(pages().find(null, 404), Buffer.from('common 404 é').toString('latin1'));
  assert.equal(pages().find(site, 405), null);
  assert.equal(new ErrorPages(null, () => {}).find(null, 404), null);
  assert.deepEqual(problems, []);
});

test('in maintenance its page comes first, and only for a 503', () => {
  const closed = { ...site, maintenance: { retryAfter: 60 } };
  assert.equal(pages().find(closed, 503), 'common maintenance');
  assert.equal(pages().find(closed, 404), 'own 404');
  assert.equal(pages().find(site, 503), 'own 503');
  rmSync(`${common}maintenance.html`);
  assert.equal(pages().find(closed, 503), 'own 503');
});

test('a redirect has no page', () => {
  assert.equal(pages().find(site, 301), null);
});

test('a page of 256 kB is sent, a larger one is not, and is reported once', () => {
  const all = pages();
  assert.equal(all.find(site, 413)?.length, 262_144);
  assert.equal(all.find(site, 500), null);
  assert.equal(all.find(site, 500), null);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.site, 'hello');
  assert.match(problems[0]?.cause ?? '', /^cannot use the error page ".*\/own\/500\.html": it has more than/);
});

test('links to files of other users and directories are no pages', () => {
  const all = pages();
  assert.equal(all.find(site, 403), null);
  assert.equal(all.find(site, 400), null);
});

test('a page that was missing is found a second later', async () => {
  const all = pages();
  assert.equal(all.find(site, 504), null);
  writeFileSync(`${directory}/own/504.html`, 'late');
  assert.equal(all.find(site, 504), null);
  await new Promise(resolve => setTimeout(resolve, 1050));
  assert.equal(all.find(site, 504), 'late');
});
