// hostctl remove

import { createInterface } from 'node:readline';
import type { Place } from '../../create/place.ts';
import type { Removal } from '../../create/remove.ts';
import { HostdError } from '../../errors.ts';
import { escapeLine } from '../../words/escape.ts';
import { configFile } from '../client/socket.ts';
import type { Command, Context, Input } from '../program/command.ts';

export const remove: Command = {
  name: 'remove',
  summary: 'stop an app and take it out of the configuration; with --purge, its data too',
  usage: 'NAME [--purge [--yes]]',
  help: `
Takes the app's file away and stops it. Its directory, user and database stay, and so does a way back.
With --purge they go, too, after you have typed the app's name: the directory, and what hostctl create made,
the database, its role, the user and the group. Nothing follows a link or goes into another file system.`,
  options: {
    purge: { type: 'boolean', help: "remove the app's data, user and database" },
    yes: { type: 'boolean', help: 'do not ask for the name' },
  },
  operands: { min: 1, max: 1, what: 'a NAME', complete: 'programs' },
  async run(input, context) {
    const { findPlace } = await import('../../create/place.ts');
    const { appName } = await import('../../create/names.ts');
    const { planRemoval } = await import('../../create/remove.ts');
    const name = appName(input.operands[0] ?? '');
    if (process.geteuid?.() !== 0)
      throw new HostdError('permission', 'cannot remove an app: only root can', {
        hint: `sudo hostctl remove ${name}`,
      });
    const place = findPlace(configFile(input, context), name);
    const removal = planRemoval(place, name);
    const purge = input.options['purge'] === true;
    if (purge && input.options['yes'] !== true) await confirm(removal, context);
    return perform(removal, place, input, context, purge);
  },
};

/** @throws HostdError unless the app's name was typed */
async function confirm(removal: Removal, { stderr, program }: Context): Promise<void> {
  const { purgeList } = await import('../../create/remove.ts');
  const list = purgeList(removal).map(line => `  ${escapeLine(line)}\n`);
  stderr.write(`${program.name}: this removes for ever\n${list.join('')}Type the app's name to go on: `);
  if ((await readLine()) === removal.name) return;
  throw new HostdError('failed', `nothing was removed: the name "${removal.name}" was not typed`, {
    hint: `hostctl remove ${removal.name} --purge --yes`,
  });
}

async function readLine(): Promise<string | null> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line.trim();
  }
  return null;
}

async function perform(
  removal: Removal,
  place: Place,
  input: Input,
  context: Context,
  purge: boolean,
): Promise<number> {
  const [{ remove }, { makeRun }, { printFailure }, { Teller }] = await Promise.all([
    import('../../create/remove.ts'),
    import('../../create/run.ts'),
    import('../client/steps.ts'),
    import('../client/telling.ts'),
  ]);
  const { stdout, stderr, program } = context;
  const signal = new AbortController().signal;
  const teller = new Teller(input, context, place.settings.control.socket);
  const note = (text: string) => stderr.write(`${program.name}: ${escapeLine(text)}\n`);
  try {
    await remove(removal, place, {
      purge,
      run: makeRun(() => signal),
      tell: async () => {
        const isTold = await teller.gone(removal.name);
        if (!isTold) note('hostd does not run: there was nobody to tell');
        return isTold;
      },
      done: what => stdout.write(`${escapeLine(what)}\n`),
      note,
    });
    if (!purge) note(wayBack(removal, place));
    return 0;
  } catch (error) {
    return printFailure(error, false, context);
  }
}

function wayBack({ name, entry }: Removal, { settings, tomlFile }: Place): string {
  const saved = `${settings.stateDir}/created/${name}.toml.removed`;
  return `kept ${entry.root}; back: mv ${saved} ${tomlFile} && hostctl update; for good: hostctl remove ${name} --purge`;
}
