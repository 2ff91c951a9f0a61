// The virtualenvs that tests share: made once per machine, kept in a cache. Apps of tests only point at them. Each recipe has its
// own directory, so that two checkouts with different recipes do not disturb each other.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { makeVirtualenv, modern, type Recipe } from '../../scripts/virtualenv.ts';
import { isRoot } from './accounts.ts';

export const cacheDirectory =
  process.env['HOSTD_TEST_CACHE'] ?? (isRoot ? '/var/cache/hostd-test' : `${homedir()}/.cache/hostd-test`);

/** Today's Django and gunicorn, and what ASGI needs. */
const recent: Recipe = { ...modern, packages: [...modern.packages, 'uvicorn', 'uvicorn-worker'] };

/** What many servers still run. Django 3.2 needs a module that Python 3.13 has not; gunicorn 20.1 needs pkg_resources. */
const old: Recipe = {
  name: 'old',
  packages: ['Django==3.2.*', 'gunicorn==20.1.*', 'setuptools<81', 'uvicorn<0.30'],
  python: [3.06, 3.13],
  debian: [],
};

/** Servers that a `command` starts. */
const servers: Recipe = {
  ...modern,
  name: 'servers',
  packages: [...modern.packages, 'uvicorn', 'hypercorn', 'daphne', 'granian', 'waitress'],
  debian: [],
};

const recipes = { recent, old, servers } as const;
export type Vintage = keyof typeof recipes;

export interface Virtualenv {
  readonly vintage: Vintage;
  readonly root: string;
  /** gunicorn's -k for an ASGI application. */
  readonly asgiWorker: string;
}

/** Makes the missing ones, beside each other. A failure is reported and leaves that one out: its tests are skipped. */
export async function prepareVirtualenvs(): Promise<void> {
  await Promise.all((['recent', 'old', 'servers'] as const).map(prepareVirtualenv));
}

async function prepareVirtualenv(vintage: Vintage): Promise<void> {
  try {
    mkdirSync(cacheDirectory, { recursive: true, mode: 0o755 });
    const made = await makeVirtualenv(rootOf(vintage), recipes[vintage]);
    if (made) console.log(`test: made the virtualenv ${rootOf(vintage)}`);
    rmSync(whyNotFile(vintage), { force: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`test: no "${vintage}" virtualenv: ${why}`);
    noteWhyNot(vintage, why);
  }
}

/** The virtualenv; or the reason why there is none, for node:test's `skip`. */
export function virtualenv(vintage: Vintage): Virtualenv {
  const asgiWorker = vintage === 'old' ? 'uvicorn.workers.UvicornWorker' : 'uvicorn_worker.UvicornWorker';
  return { vintage, root: rootOf(vintage), asgiWorker };
}

/** For node:test's `skip`: the reason where the virtualenv is not there. */
export function needsVirtualenv(vintage: Vintage): string | false {
  const root = rootOf(vintage);
  if (existsSync(readyFile(vintage))) return false;
  const why = whyNotFile(vintage);
  return existsSync(why)
    ? `no "${vintage}" virtualenv: ${readFileSync(why, 'utf8').trim()}`
    : `needs the virtualenv ${root}: run npm test once`;
}

/** Written when the virtualenv is whole. */
export const readyFile = (vintage: Vintage) => `${rootOf(vintage)}/.hostd-ready`;

/** What went wrong when it was last tried. */
const whyNotFile = (vintage: Vintage) => `${rootOf(vintage)}.why-not`;

function noteWhyNot(vintage: Vintage, why: string): void {
  try {
    writeFileSync(whyNotFile(vintage), `${why.replace(/\s*\n\s*/g, ' ')}\n`);
  } catch {
    // The cache cannot be written to either, which has been reported.
  }
}

function rootOf(vintage: Vintage): string {
  const digest = createHash('sha256').update(JSON.stringify(recipes[vintage])).digest('hex').slice(0, 8);
  return `${cacheDirectory}/${vintage}-${digest}`;
}
