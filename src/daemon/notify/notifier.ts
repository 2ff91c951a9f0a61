// [notify] of the configuration in force: a channel for its command and one for its URL. Without them nothing listens.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { same } from '../../model/changes.ts';
import type { Host, NotifySettings } from '../../model/host.ts';
import type { Journal } from '../journal/journal.ts';
import type { Logger } from '../own/log.ts';
import type { LaunchContext } from '../runs/launch.ts';
import { type Channel, openChannel } from './channel.ts';
import { commandDelivery, type Delivered, urlDelivery } from './delivery.ts';

export interface Notifier {
  /** Tells what the host says from now on; harmless when that is what is told. */
  keep(host: Host): void;
  /** Tries each channel: by name what has come of it; null: it is busy. */
  test(): Promise<readonly { readonly name: string; readonly delivered: Promise<Delivered> | null }[]>;
}

export function makeNotifier(
  directory: string,
  context: LaunchContext & { readonly journal: Journal; readonly log: Logger },
): Notifier {
  let ready: Promise<void> = Promise.resolve();
  let kept: NotifySettings | null = null;
  let host: Host | null = null;
  let channels: { readonly name: string; readonly channel: Channel }[] = [];
  const current = () => host as Host;
  const pathOf = (name: string) => join(directory, `${name}.json`);
  const open = (settings: NotifySettings) => {
    const { command, url, events: kinds } = settings;
    const { journal, log } = context;
    const rest = { kinds, journal, log };
    const found: typeof channels = [];
    if (command.length > 0)
      found.push({
        name: 'command',
        channel: openChannel({
          ...rest,
          name: 'command',
          path: pathOf('command'),
          deliver: commandDelivery(settings, current, context),
        }),
      });
    if (url !== null)
      found.push({
        name: 'url',
        channel: openChannel({
          ...rest,
          name: 'url',
          path: pathOf('url'),
          deliver: urlDelivery(settings, current),
        }),
      });
    return found;
  };
  /** One after the other: what one channel has told, the next one is not to tell again. */
  const change = async (before: Promise<void>, notify: NotifySettings) => {
    await before;
    await Promise.all(channels.map(({ channel }) => channel.close()));
    channels = open(notify);
    // What happens while nobody is to be told is not told later.
    for (const name of ['command', 'url'])
      if (!channels.some(one => one.name === name)) rmSync(pathOf(name), { force: true });
  };
  return {
    keep(next) {
      host = next;
      const { notify } = next.settings;
      if (kept !== null && same(kept, notify)) return;
      kept = notify;
      ready = change(ready, notify).catch(error => context.log.error({ err: error }, messageOf(error)));
    },
    test: async () => {
      await ready;
      return channels.map(({ name, channel }) => ({ name, delivered: channel.test() }));
    },
  };
}
