// The steps "group" and "user": system accounts, as the article makes them.

import { HostdError } from '../errors.ts';
import { native, type User } from '../native/index.ts';
import { noteMade } from './noted.ts';
import { endProcessesOf } from './processes.ts';
import { must, type Run } from './run.ts';
import { made, type Outcome, type Site, there } from './site.ts';

export async function makeGroup(site: Site): Promise<Outcome> {
  const { order, journal, run } = site;
  const { group } = order;
  const found = native.group(group);
  if (found !== null) checkGroups(site, `the group "${group}"`, [found.gid], '--group webapps');
  if (found !== null) return there;
  const what = `remove the group "${group}"`;
  journal.setGroup(group, true);
  site.onUndo({
    what,
    async action() {
      if (native.group(group) !== null) await must(run, what, { argv: ['groupdel', group] });
      journal.setGroup(group, false);
    },
  });
  await must(run, `make the group "${group}"`, { argv: ['groupadd', '--system', group] });
  return made();
}

export async function makeUser(site: Site): Promise<Outcome> {
  const { order, run } = site;
  const { user, group, root } = order;
  const found = native.user(user);
  if (found !== null) {
    checkUser(site, found);
    return there;
  }
  const forget = noteMade(site, 'user');
  const what = `remove the user "${user}"`;
  site.onUndo({
    what,
    async action() {
      await removeUser(run, user);
      forget();
    },
  });
  const options = ['--system', '--gid', group, '--home-dir', root, '--no-create-home'];
  const argv = ['useradd', ...options, '--shell', '/usr/sbin/nologin', user];
  await must(run, `make the user "${user}"`, { argv });
  return made();
}

/** Ends the user's processes, then removes the user. */
export async function removeUser(run: Run, user: string): Promise<void> {
  const found = native.user(user);
  if (found === null) return;
  await endProcessesOf(found.uid);
  await must(run, `remove the user "${user}"`, { argv: ['userdel', user] });
}

/** An existing user may be anybody's. It is used only if the operator has named it, or its home makes it this app's. */
export function checkUser(site: Site, found: User): void {
  const { order, proxyUser } = site;
  const { user, root, userIsChosen } = order;
  checkGroups(site, `the user "${user}"`, found.groups, '--user hello');
  const refuse = (why: string, hint: string) =>
    new HostdError('conflict', `cannot use the user "${user}": ${why}`, { hint });
  if (found.uid === 0) throw refuse('it is root', '--user hello');
  if (user === proxyUser || native.user(proxyUser)?.uid === found.uid)
    throw refuse("it is the proxy's, which may connect to every app", '--user hello');
  if (!userIsChosen && found.home !== root)
    throw refuse(
      `it is there already, with the home ${found.home}`,
      `--user ${user}, if that is meant, or another`,
    );
}

/** Refuses groups that an app must not be in: root's, that of hostd's operators, and the proxy's, which may connect to every app. */
function checkGroups({ place, proxyUser }: Site, what: string, gids: readonly number[], hint: string): void {
  const { group: operators } = place.settings.control;
  const refuse = (why: string) => new HostdError('conflict', `cannot use ${what}: ${why}`, { hint });
  const gid = operators === null ? undefined : native.group(operators)?.gid;
  if (gids.includes(0)) throw refuse("that would be root's group");
  if (gid !== undefined && gids.includes(gid)) throw refuse('its members may operate hostd');
  const proxy = native.user(proxyUser)?.gid;
  if (proxy !== undefined && gids.includes(proxy))
    throw refuse("it is the proxy's, which may connect to every app");
}
