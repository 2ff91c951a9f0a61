// hostctl create

import type { Asked, Order } from '../../create/order.ts';
import type { Place } from '../../create/place.ts';
import { localName } from '../../model/app.ts';
import { configFile, defaultConfig } from '../client/socket.ts';
import type { Command, Context, Input } from '../program/command.ts';

export const create: Command = {
  name: 'create',
  summary: 'make an app: user, virtualenv, project, database, configuration',
  usage: 'NAME [--host NAME,...] [--django | --from SOURCE] [--database KIND] [--dry-run] ...',
  help: `
Takes every step from nothing to a running site, as root. What is there already is left alone: it is safe to repeat.
When a step fails, what this run made is taken away again. Besides its host names, NAME.localhost reaches the app.
Without --from a new Django project is made. Needs no running hostd, and tells it if there is one.
Exit code: 0, or 1 when a step failed or the app does not run.`,
  options: {
    host: { type: 'string', value: 'NAME,...', help: 'its host names' },
    root: { type: 'string', value: 'DIR', help: 'its virtualenv; /webapps/NAME_django unless given' },
    user: { type: 'string', value: 'USER', help: 'its system user; NAME unless given' },
    group: { type: 'string', value: 'GROUP', help: "that user's group; webapps unless given" },
    django: { type: 'boolean', help: 'make a new project, as without --from' },
    from: { type: 'string', value: 'SOURCE', help: 'take its code from here: a URL for git, or a directory' },
    requirements: { type: 'string', value: 'FILE', help: 'what pip installs besides Django and gunicorn' },
    database: { type: 'string', value: 'KIND', help: 'postgresql or sqlite' },
    settings: {
      type: 'string',
      value: 'MODULE',
      help: 'its settings for production, where --from has several',
    },
    python: { type: 'string', value: 'PYTHON', help: "the virtualenv's Python: 3.12, or a path" },
    keep: { type: 'boolean', help: 'keep what was made when a step fails' },
    'dry-run': { type: 'boolean', help: 'only print commands that do the same' },
  },
  operands: { min: 1, max: 1, what: 'a NAME' },
  async run(input, context) {
    const { readOrder } = await import('../../create/order.ts');
    const { findPlace } = await import('../../create/place.ts');
    const { appName } = await import('../../create/names.ts');
    const asked = askedOf(input);
    const place = findPlace(configFile(input, context), appName(asked.name));
    const order = readOrder(asked, place.existing, context.env);
    if (input.options['dry-run'] !== true) return perform(order, place, input, context);
    const { shellScript } = await import('../../create/shell.ts');
    const given = place.file === defaultConfig ? null : place.file;
    context.stdout.write(shellScript(order, place.tomlFile, given));
    return 0;
  },
};

function askedOf({ options, operands }: Input): Asked {
  const text = (name: string) => {
    const value = options[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    name: operands[0] ?? '',
    host: text('host'),
    root: text('root'),
    user: text('user'),
    group: text('group'),
    django: options['django'] === true,
    from: text('from'),
    requirements: text('requirements'),
    database: text('database'),
    settings: text('settings'),
    python: text('python'),
  };
}

async function perform(order: Order, place: Place, input: Input, context: Context): Promise<number> {
  const [{ create }, { StepReport }, { Teller }] = await Promise.all([
    import('../../create/create.ts'),
    import('../client/steps.ts'),
    import('../client/telling.ts'),
  ]);
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  const forget = context.onInterrupt(stop);
  // A lost terminal must leave neither half an app nor a running pip.
  for (const signal of ['SIGHUP', 'SIGTERM']) process.on(signal, stop);
  const report = new StepReport(context, interrupt.signal);
  const teller = new Teller(input, context, place.settings.control.socket);
  try {
    await create(order, place, report, {
      env: context.env,
      signal: interrupt.signal,
      keep: input.options['keep'] === true,
      tell: async isNew => {
        report.pause();
        return teller.started(order.name, isNew);
      },
      untell: () => teller.update().then(() => undefined),
    });
    context.stdout.write(nextText(order, place));
    return 0;
  } catch (error) {
    if (report.exitCode === null) throw error;
    return report.exitCode;
  } finally {
    for (const signal of ['SIGHUP', 'SIGTERM']) process.off(signal, stop);
    forget();
  }
}

/** Where the site is, and the usual next commands. */
function nextText({ name, hosts, existing }: Order, { settings }: Place): string {
  const { enabled, listen, tlsListen } = settings.proxy;
  const host = hosts.find(host => !host.startsWith('*')) ?? localName(name);
  const secure = existing?.certificate != null;
  const port = (secure ? tlsListen : listen)[0]?.port;
  const shown = port === undefined || port === (secure ? 443 : 80) ? '' : `:${port}`;
  return [
    ...(enabled ? [`site: http${secure ? 's' : ''}://${host}${shown}/`] : []),
    `next: hostctl exec ${name} -- python manage.py createsuperuser`,
    `      hostctl logs ${name} -f`,
    '',
  ].join('\n');
}
