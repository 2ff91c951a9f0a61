// Debian's nginx in front of those who have no proxy of their own.

import type { Place } from '../../integration/harness/place.ts';
import { startNginx } from '../../integration/proxy/nginx.ts';
import { plainSite } from '../../integration/proxy/plain-site.ts';

/** Returns its port. */
export async function startFront(
  place: Place,
  sites: readonly { readonly name: string; readonly host: string; readonly socket: string }[],
): Promise<number> {
  const nginx = await startNginx(
    place.directory('front'),
    sites.map(({ name, host, socket }) => plainSite(name, host, socket)),
  );
  place.after(() => nginx.stop());
  return nginx.port;
}
