// Three sites with their files: what the proxy's tests ask for.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { plainSite, type TestSite } from './plain-site.ts';
import { workerIds } from './worker.ts';

export interface Fixture {
  readonly directory: string;
  /** first.test, hello.test, small.test, in this order. */
  readonly sites: readonly [TestSite, TestSite, TestSite];
  remove(): void;
}

/** Modification time of every file, in seconds: 1704164389 is Tue, 02 Jan 2024 02:59:49 GMT. */
export const modified = 1_704_164_389;

export function makeFixture(name: string): Fixture {
  const directory = mkdtempSync(`${tmpdir()}/hostd-${name}-`);
  chmodSync(directory, 0o755);
  if (workerIds.uid !== undefined) chownSync(directory, workerIds.uid, workerIds.gid);
  const sites = (['first', 'hello', 'small'] as const).map(site => makeSite(directory, site));
  const [first, hello, small] = sites;
  if (first === undefined || hello === undefined || small === undefined) throw new Error('three sites');
  return {
    directory,
    sites: [first, hello, small],
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function makeSite(directory: string, name: string): TestSite {
  const root = `${directory}/${name}`;
  for (const part of ['static', 'media', 'run', 'logs']) mkdirSync(`${root}/${part}`, { recursive: true });
  fillStatic(root);
  return {
    ...plainSite(name, `${name}.test`, `${root}/run/gunicorn.sock`),
    locations: [
      { prefix: '/static/', alias: `${root}/static/`, expires: null },
      { prefix: '/media/', alias: `${root}/media/`, expires: null },
    ],
    clientMaxBodySize: name === 'small' ? 1024 : 4 * 1024 ** 3,
    accessLog: `${root}/logs/nginx-access.log`,
    errorLog: `${root}/logs/nginx-error.log`,
  };
}

function fillStatic(root: string): void {
  const files: Readonly<Record<string, string>> = {
    'settings.py': 'secret2\n',
    'static/a.txt': 'hello world\n',
    'static/a.js': 'let a;\n',
    'static/a.mjs': 'let a;\n',
    'static/packed.txt': 'packed\n',
    'static/packed.txt.gz': 'whatever gzip makes of it\n',
    'static/empty.txt': '',
    'static/noperm.txt': 'secret\n',
    'static/noext': 'x\n',
    'static/.hidden': 'hidden\n',
    'static/a b.txt': 'space\n',
    'static/a%20b.txt': 'percent\n',
    'static/A.TXT': 'upper\n',
    'static/sub/s.txt': 'sub\n',
    'static/withindex/index.html': '<p>index\n',
    'static/noindex/f.txt': 'f\n',
    'static/.well-known/token': 'token\n',
    'media/d.bin': '0123456789'.repeat(20),
    'media/big.bin': '0123456789abcdef'.repeat(65_536),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(`${root}/${file}`.replace(/\/[^/]*$/, ''), { recursive: true });
    writeFileSync(`${root}/${file}`, text);
    utimesSync(`${root}/${file}`, modified, modified);
  }
  chmodSync(`${root}/static/noperm.txt`, 0);
  symlinkSync('a.txt', `${root}/static/link.txt`);
  symlinkSync('/etc', `${root}/static/etcdir`);
  symlinkSync('/nonexistent', `${root}/static/broken`);
  execFileSync('mkfifo', [`${root}/static/fifo`]);
  // As an app has them: all of one owner.
  const { uid, gid } = workerIds;
  if (uid !== undefined) execFileSync('chown', ['-hR', `${uid}:${gid}`, root]);
}
