// Prints which of "modules" and "dist" are older than what they are made from (build.sh looks after build/). Runs on any Node
// from 18.17 on, before anything is installed, so it is plain JavaScript and imports no package.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';

const mtime = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** node_modules/.package-lock.json is npm's own note of what it installed. */
function modulesAreStale() {
  if (!existsSync('node_modules/.package-lock.json') || !existsSync('node_modules/typescript/bin/tsc'))
    return true;
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const installed = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages;
  return Object.entries(wanted).some(([path, entry]) => {
    if (path === '') return false;
    const found = installed[path];
    // An optional one that is not for this machine is left out.
    return found ? found.version !== entry.version : !entry.optional;
  });
}

function distIsStale() {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  );
  return sources.some(path => mtime(`src/${path}`) > mtime(`dist/${path.replace(/\.ts$/, '.js')}`));
}

const stale = { modules: modulesAreStale, dist: distIsStale };
console.log(
  Object.keys(stale)
    .filter(name => stale[name]())
    .join(' '),
);
