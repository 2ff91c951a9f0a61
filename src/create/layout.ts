// Where things are below an app's root, and who may enter: by the article's layout, and data/ for what is the app's alone.
// Pure.

import type { Order } from './order.ts';

/** Others may pass through the root, since the proxy serves static/ and media/ and connects to run/, but not list it. */
export const rootMode = 0o751;

/** Made by the app's own user. Who is in the group is in every app's group, so the group gets nothing. */
export const directories: readonly { readonly name: string; readonly mode: number }[] = [
  { name: 'run', mode: 0o755 },
  { name: 'static', mode: 0o755 },
  { name: 'media', mode: 0o755 },
  { name: 'logs', mode: 0o700 },
  { name: 'data', mode: 0o700 },
];

export const projectMode = 0o700;

export function secretFile({ root }: Order): string {
  return `${root}/data/secret_key`;
}

function sqliteFile({ root }: Order): string {
  return `${root}/data/db.sqlite3`;
}

export function requirementsFile({ root }: Order): string {
  return `${root}/requirements.txt`;
}

/** The name below root of the project's top directory: that of "ROOT/hello/src" is "hello". */
export function projectTop({ project, root }: Order): string {
  return project.slice(root.length + 1).split('/')[0] ?? '';
}

/** What code of the user's own is told, by the names that most projects read. No password is in it. */
export function codeEnvironment(
  order: Order,
  hosts: readonly string[],
  secret: string,
): Record<string, string> {
  const { root, database } = order;
  return {
    SECRET_KEY: secret,
    ALLOWED_HOSTS: hosts.join(','),
    STATIC_ROOT: `${root}/static`,
    MEDIA_ROOT: `${root}/media`,
    ...(database === null ? {} : { DATABASE_URL: databaseUrl(order) }),
  };
}

function databaseUrl(order: Order): string {
  const { database } = order;
  if (database?.kind !== 'postgresql') return `sqlite:///${sqliteFile(order)}`;
  const { role, name, socketDirectory, port } = database;
  const query = `host=${encodeURIComponent(socketDirectory)}${port === '5432' ? '' : `&port=${port}`}`;
  return `postgresql://${role}@/${name}?${query}`;
}
