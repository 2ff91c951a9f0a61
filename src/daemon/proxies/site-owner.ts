// Whose rights a site's logs and certificates are opened with.

import type { Owner } from '../../linux/paths.ts';
import type { Host } from '../../model/host.ts';
import { userOf } from '../runs/launch.ts';

/** The app's user; hostd's own where the app is elsewhere, and has no user here. @throws HostdError for an unknown user */
export function ownerOfSite({ programs, resting }: Host, site: string): Owner {
  const program = [...programs, ...resting].find(({ app }) => app === site);
  if (program === undefined) return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const { uid, gid } = userOf(program);
  return { uid, gid };
}
