// The name of an app in development: one DNS label, so that NAME.localhost is a host name. Pure.

import { basename, dirname } from 'node:path';

/** Names of folders that say what the folder has in it, not what the project is. */
const generic = /^(src|app|apps|backend|server|project|django|web|www|site|code|source|api|repo)$/;

/** Lower case, letters, digits and "-", as in RFC 1123 section 2.1; "app" where no character is left. */
export function siteName(text: string): string {
  const label = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return label === '' ? 'app' : label;
}

/** The name of the project in `directory`: the folder's own, or its parent's where the folder has a name such as "src". */
export function projectName(directory: string): string {
  const own = basename(directory);
  const parent = basename(dirname(directory));
  return siteName(generic.test(own.toLowerCase()) && parent !== '' ? parent : own);
}

export function isSiteName(text: string): boolean {
  return siteName(text) === text;
}
