// The places below an app's root, and who may enter them: the well-known article's layout, and data/ for the app alone.
// Pure.

import type { Order } from './order.ts';

/** Others may pass through the root but not list it, since the proxy serves static/ and media/ and connects to run/. */
export const rootMode = 0o751;

/** The app's own user makes them. The group's members are in every app's group, so the group gets no rights. */
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

/** The top directory of the project below root: that of "ROOT/hello/src" is "hello". */
export function projectTop({ project, root }: Order): string {
  return project.slice(root.length + 1).split('/')[0] ?? '';
}

/** Variables for an existing project's code, by the names that most projects read. None has a password in it. */
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
