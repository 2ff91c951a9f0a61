// The steps "root" and "directories": root makes the app's own directory and gives it away. The app's user makes everything below it.

import { chmodSync, chownSync, closeSync, fstatSync, mkdirSync, readdirSync } from 'node:fs';
import { HostdError } from '../errors.ts';
import { makeParents, openParent, openTop, ownerOf, removeEmpty } from '../linux/trusted.ts';
import { native } from '../native/index.ts';
import { chownTree } from './chown-tree.ts';
import { directories, rootMode } from './layout.ts';
import { noteMade, noteParents } from './noted.ts';
import { removeTree } from './remove-tree.ts';
import { must } from './run.ts';
import { appAccount, asApp, made, type Outcome, type Site, there } from './site.ts';

export function makeRoot(site: Site): Outcome {
  const { root } = site.order;
  const found = ownerOf(root);
  if (found !== null) return takeRoot(site, found.uid);
  const parents = makeParents(root);
  if (parents.length > 0) {
    noteParents(site, parents);
    site.onUndo({
      what: `remove ${parents.join(', ')}`,
      action: () => void parents.toReversed().forEach(removeEmpty),
    });
  }
  const forget = noteMade(site, 'root');
  site.onUndo({
    what: `remove ${root}`,
    action() {
      removeTree(root);
      forget();
    },
  });
  const parent = openParent(root);
  try {
    // Closed to everybody else until it is the app's.
    mkdirSync(`/proc/self/fd/${parent}/${root.slice(root.lastIndexOf('/') + 1)}`, 0o700);
  } finally {
    closeSync(parent);
  }
  giveRoot(site, appAccount(site));
  site.rootIsMade = true;
  return made();
}

/** Uses an existing root: one that the app owns, or an empty one or a virtualenv that root owns. */
function takeRoot(site: Site, uid: number): Outcome {
  const { order } = site;
  const { root, user } = order;
  const account = appAccount(site);
  if (uid === account.uid) return there;
  const why = uid === 0 ? null : `it belongs to ${native.user(uid)?.name ?? `uid ${uid}`}`;
  if (why !== null)
    throw new HostdError('conflict', `cannot use ${root}: ${why}`, {
      hint: `chown -R ${user} ${root}, or --root DIR`,
    });
  const fd = openTop(root);
  const names = readdirSync(`/proc/self/fd/${fd}`);
  const { mode } = fstatSync(fd);
  closeSync(fd);
  if (names.length > 0 && !names.includes('pyvenv.cfg'))
    throw new HostdError('conflict', `cannot use ${root}: it is not empty, and no virtualenv`, {
      hint: 'another --root DIR',
    });
  const { count, undo } = chownTree(root, 0, account);
  site.onUndo({
    what: `give ${root} back to root`,
    action() {
      undo();
      setMode(root, mode & 0o7777);
    },
  });
  setMode(root, rootMode);
  return made(`given to ${user} (${count} files and directories)`);
}

function giveRoot({ order }: Site, { uid, gid }: { uid: number; gid: number }): void {
  const fd = openTop(order.root);
  try {
    chmodSync(`/proc/self/fd/${fd}`, rootMode);
    chownSync(`/proc/self/fd/${fd}`, uid, gid);
  } finally {
    closeSync(fd);
  }
}

function setMode(path: string, mode: number): void {
  const fd = openTop(path);
  try {
    chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}

export async function makeDirectories(site: Site): Promise<Outcome> {
  const { run, order } = site;
  const missing: string[] = [];
  for (const { name, mode } of directories) {
    const path = `${order.root}/${name}`;
    if ((await run(asApp(site, ['test', '-d', path]))).code === 0) continue;
    missing.push(name);
    site.onUndoBelow({ what: `remove ${path}`, action: () => void removeTree(order.root, [name]) });
    await must(run, `make ${path}`, asApp(site, ['mkdir', '-m', mode.toString(8), path]));
  }
  return missing.length === 0 ? there : made();
}
