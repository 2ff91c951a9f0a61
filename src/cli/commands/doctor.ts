// hostctl doctor

import type { Examined } from '../../doctor/examine.ts';
import { HostdError } from '../../errors.ts';
import { escapeJson } from '../../words/escape.ts';
import { nearest } from '../../words/nearest.ts';
import { configFile, connect } from '../client/socket.ts';
import type { Command, Context, Input } from '../program/command.ts';
import { errorText } from '../program/print.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'say what is wrong with a site, and what mends it',
  usage: '[APP ...] [--all] [--wake] [--json]',
  help: `
Walks the whole way of a visitor: hostd, its files, the ports, the proxy, host names, certificates, the socket, the app's programs,
its code, its database, a real request, static files, Django's settings, disks, memory, secrets and logs. Says what is wrong, the true
cause first, and what to try. Changes nothing.

Without an APP it looks at the machine and at every app, and says of each what is wrong first. Of a named APP it says all that is wrong.
The apps' code is run as their own users, for at most 60 seconds each, and requests are sent by a user without rights. For a member of
the operators' group hostd looks, with root's eyes; anybody else should be root. What cannot be looked at is named with the reason.
An app that sleeps is not asked, unless --wake is given.

Exit code: 0 no errors (warnings may be), 1 errors.`,
  options: {
    all: { type: 'boolean', help: 'every check, with what is well and what is only noted' },
    wake: { type: 'boolean', help: 'ask apps that sleep, too' },
    json: { type: 'boolean', help: 'print an array of objects; all that is known' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'APP', complete: 'programs' },
  async run(input, context) {
    const { stdout } = context;
    const { all, json } = input.options;
    const [{ isRound, examinations }, lines] = await Promise.all([
      begin(input, context),
      import('../program/doctor-lines.ts'),
    ]);
    const show = all === true ? 'way' : isRound ? 'first' : 'faults';
    const told: unknown[] = [];
    let errors = 0;
    for await (const examined of examinations) {
      errors += examined.findings.filter(({ severity }) => severity === 'error').length;
      if (json === true) told.push(lines.examinedJson(examined));
      else if (
        isRound ||
        examined.name !== null ||
        examined.findings.some(({ severity }) => severity === 'error') ||
        all === true
      )
        stdout.write(lines.examinedText(examined, { show, hasColours: stdout.hasColours }));
      if (stdout.isClosed) break;
    }
    if (json === true) stdout.write(`${escapeJson(told)}\n`);
    return errors > 0 ? 1 : 0;
  },
};

/** Finds out who is to be looked at, and who looks: this process, or hostd, where that sees more. */
async function begin(
  input: Input,
  context: Context,
): Promise<{ readonly isRound: boolean; readonly examinations: AsyncIterable<Examined> }> {
  // Loaded only now, since help needs this file too, and reading TOML takes time.
  const [{ load }, { appNames, examine, knownNames }, { daemonFacts }, { ownVersion }, root] =
    await Promise.all([
      import('../../config/load.ts'),
      import('../../doctor/examine.ts'),
      import('../client/daemon-facts.ts'),
      import('./version.ts'),
      import('../client/root-doctor.ts'),
    ]);
  const reach = () => connect(input, context);
  const loaded = load(configFile(input, context));
  const daemon = await daemonFacts(reach);
  const wake = input.options['wake'] === true;
  const order = { loaded, daemon, version: await ownVersion(), now: Date.now(), wake };
  const asRoot = daemon.state === 'up' ? await root.clientThatSeesMore(reach) : null;
  // The files may be closed to this user.
  const apps = asRoot === null ? appNames(loaded) : root.withAppsOf(daemon, appNames(loaded));
  const known = [...new Set([...knownNames(order), ...apps])].sort();
  const asked = [...new Set(input.operands)].filter(name => name !== 'all');
  for (const name of asked) assertKnown(name, known, [...loaded.broken.files]);
  const isRound = asked.length === 0;
  const names = isRound ? apps : asked;
  if (asRoot === null || names.length === 0) return { isRound, examinations: examine(order, names) };
  const refused = ({ message, hint }: HostdError) =>
    context.stderr.write(
      errorText(context.program.name, `${message}: what follows is what you may see by yourself`, hint),
    );
  const own = (name: string) => examine(order, [name]);
  return { isRound, examinations: root.examineAsRoot(asRoot, { names, wake }, own, refused) };
}

/** `closed`: files that cannot be read, or have a mistake that keeps all of them from being used. */
function assertKnown(name: string, known: readonly string[], closed: readonly string[]): void {
  if (known.includes(name)) return;
  const near = nearest(name, known);
  const [file] = closed;
  const where = file === undefined ? '' : `, unless it is in "${file}", which cannot be read`;
  const all = file === undefined ? 'hostctl status' : 'hostctl doctor';
  throw new HostdError('unknown-name', `cannot find "${name}": no such app${where}`, {
    hint: near === null ? all : `hostctl doctor ${near}`,
  });
}
