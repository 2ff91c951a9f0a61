// Which links between pages lead nowhere. Pure: it gets the pages, and asks for other files.

import { posix } from 'node:path';
import { readPage } from './page.ts';

/** `pages`: path to Markdown. `exists`: whether there is another file of this path. Returns "PAGE: LINK" for each link that is broken. */
export function brokenLinks(
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): readonly string[] {
  const read = new Map([...pages].map(([path, text]) => [path, readPage(text)]));
  const broken: string[] = [];
  for (const [path, { links }] of read)
    for (const link of links) {
      if (/^(https?|mailto):/.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : posix.join(posix.dirname(path), file);
      const page = read.get(target);
      const isThere =
        page === undefined
          ? anchor === undefined && exists(target)
          : anchor === undefined || page.sections.some(({ id }) => id === anchor);
      if (!isThere) broken.push(`${path}: ${link}`);
    }
  return broken;
}
