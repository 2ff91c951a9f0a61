// An image of an app without a registry, a base image or a network: this machine's Python, a virtualenv and the app's root as they are.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Node } from './cluster.ts';

/** Makes the file system of an image in `root`. `trees`: directories that it has at the same path. */
export function makeRoot(root: string, trees: readonly string[]): void {
  for (const name of ['tmp', 'etc', 'run', 'proc', 'sys', 'dev', 'usr/bin', 'usr/lib', 'usr/lib64'])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  const python = realpathSync('/usr/bin/python3');
  const library = `/usr/lib/${python.split('/').at(-1)}`;
  for (const file of ['/usr/bin/python3', '/bin/sh', '/usr/bin/env']) copy(root, realpathSync(file));
  copyTree(root, library);
  symlinkSync(python.split('/').at(-1) ?? '', join(root, 'usr/bin/python3'));
  if (realpathSync('/bin/sh') !== '/usr/bin/sh')
    symlinkSync(realpathSync('/bin/sh'), join(root, 'usr/bin/sh'));
  const modules = readdirSync(`${library}/lib-dynload`).map(name => `${library}/lib-dynload/${name}`);
  for (const binary of [python, realpathSync('/bin/sh'), ...modules])
    for (const needed of librariesOf(binary)) copy(root, needed);
  // Python's zoneinfo reads it; a schedule with a timezone needs it.
  for (const tree of ['/usr/share/zoneinfo', ...trees]) copyTree(root, tree);
  execFileSync('chmod', ['-R', 'a+rX', root]);
  execFileSync('chmod', ['1777', join(root, 'tmp')]);
}

function librariesOf(binary: string): readonly string[] {
  const text = execFileSync('ldd', [binary], { encoding: 'utf8' });
  return [...text.matchAll(/(\/[^\s:]+) \(0x/g)].map(([, path = '']) => path);
}

function copy(root: string, file: string): void {
  const place = file.startsWith('/lib') ? `/usr${file}` : file;
  const target = join(root, place);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  cpSync(realpathSync(file), target);
}

function copyTree(root: string, tree: string): void {
  const target = join(root, tree);
  mkdirSync(dirname(target), { recursive: true });
  execFileSync('cp', ['-a', tree, dirname(target)]);
}

/** Puts the file system as it is now into every node as image `name`. */
export async function importImage(
  root: string,
  name: string,
  nodes: readonly Node[],
  file: string,
): Promise<void> {
  execFileSync('tar', ['-C', root, '-cf', file, '.']);
  await Promise.all(nodes.map(node => node.docker('import', file, name)));
}
