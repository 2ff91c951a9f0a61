// demo/'s sites as they are once installed, each kept as one archive in the tests' cache: Django takes a second and a half to migrate a
// database and to collect static files, tar takes none. The archive is of this demo/, this Django and this Python.

import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installSite, makeDirectories, type Site, type SiteName } from '../../scripts/django-site.ts';
import { must, run } from '../../scripts/run.ts';
import { cacheDirectory, readyFile, type Vintage } from './virtualenvs.ts';

const projects = join(import.meta.dirname, '..', '..', 'demo');

/** `installSite`, from the archive where there is one. The app's user writes everything. */
export async function installKeptSite(site: Site, vintage: Vintage): Promise<void> {
  const archive = archiveOf(site.name, vintage);
  if (existsSync(archive)) {
    await makeDirectories(site);
    const unpack = ['tar', '-C', site.root, '--no-same-owner', '-xpf', '-'] as const;
    await must(`unpack ${archive}`, unpack, { as: site.account, input: readFileSync(archive) });
    return;
  }
  await installSite(site);
  const pack = ['tar', '-C', site.root, '-cf', '-', site.name, 'data', 'static'] as const;
  const packed = await run(pack, { as: site.account });
  if (packed.code === 0) keep(archive, packed.bytes);
}

function archiveOf(name: SiteName, vintage: Vintage): string {
  const digest = createHash('sha256');
  const files = globSync('**/*', { cwd: join(projects, name), exclude: ['**/__pycache__'] }).sort();
  for (const file of files) {
    const path = join(projects, name, file);
    if (statSync(path).isFile()) digest.update(`${file}\0${readFileSync(path, 'base64')}\0`);
  }
  const ready = readyFile(vintage);
  digest.update(`${ready}\0${statSync(ready).mtimeMs}`);
  return `${cacheDirectory}/site-${name}-${vintage}-${digest.digest('hex').slice(0, 8)}.tar`;
}

/** Another test may write the same one at the same moment. Without a cache everything works, too. */
function keep(archive: string, bytes: Buffer): void {
  try {
    const own = `${archive}.${process.pid}`;
    writeFileSync(own, bytes);
    renameSync(own, archive);
  } catch {
    // A full disk, or somebody else's cache.
  }
}
