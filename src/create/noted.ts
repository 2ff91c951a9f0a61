// Notes in the journal that this run is about to make something.

import type { Entry, Made } from './journal.ts';
import type { Site } from './site.ts';

/** Notes `what`. Returns a function that removes the note, for undo. */
export function noteMade(site: Site, what: Made): () => void {
  change(site, entry => ({ ...entry, made: [...entry.made.filter(other => other !== what), what] }));
  return () => {
    if (site.journal.read() === null) return;
    change(site, entry => ({ ...entry, made: entry.made.filter(other => other !== what) }));
  };
}

export function noteParents(site: Site, parents: readonly string[]): void {
  change(site, entry => ({ ...entry, parents: [...new Set([...entry.parents, ...parents])] }));
}

/** Changes the app's entry. Notes of an earlier run for the same root stay. */
export function change(site: Site, edit: (entry: Entry) => Entry): void {
  const { order, journal } = site;
  const { name, root, user, group, database } = order;
  const before = journal.read();
  const fresh: Entry = { version: 1, name, root, user, group, parents: [], made: [], database: null };
  const kept = before !== null && before.root === root && before.user === user ? before : fresh;
  const used = database?.kind === 'postgresql' ? database : null;
  journal.write(
    edit({
      ...kept,
      group,
      database:
        used === null
          ? kept.database
          : { name: used.name, role: used.role, socketDirectory: used.socketDirectory, port: used.port },
    }),
  );
}
