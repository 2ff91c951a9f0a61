// hostctl doctor

import { HostdError } from '../../errors.ts';
import { escapeJson } from '../../words/escape.ts';
import { nearest } from '../../words/nearest.ts';
import { configFile, connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'say what is wrong with a site, and what mends it',
  usage: '[APP ...] [--all] [--wake] [--json]',
  help: `
Walks the whole way of a visitor: hostd, its files, the ports, the proxy, host names, certificates, the socket, the app's programs,
its code, its database, a real request, static files, Django's settings, disks, memory, secrets and logs. Says what is wrong, the true
cause first, and what to try. Changes nothing.

Without an APP it looks at the machine and at every app, and says of each what is wrong first. Of a named APP it says all that is wrong.
What cannot be looked at is named with the reason. Run it as root: the apps' code is run as their own users, for at most 60 seconds
each, and requests are sent by a user without rights. An app that sleeps is not asked, unless --wake is given.

Exit code: 0 no errors (warnings may be), 1 errors.`,
  options: {
    all: { type: 'boolean', help: 'every check, with what is well and what is only noted' },
    wake: { type: 'boolean', help: 'ask apps that sleep, too' },
    json: { type: 'boolean', help: 'print an array of objects; all that is known' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'APP', complete: 'programs' },
  async run(input, context) {
    const { stdout } = context;
    const { all, wake, json } = input.options;
    // Loaded only now, since help needs this file too, and reading TOML takes time.
    const [{ load }, { appNames, examine, knownNames }, { daemonFacts }, { ownVersion }, lines] =
      await Promise.all([
        import('../../config/load.ts'),
        import('../../doctor/examine.ts'),
        import('../client/daemon-facts.ts'),
        import('./version.ts'),
        import('../program/doctor-lines.ts'),
      ]);
    const loaded = load(configFile(input, context));
    const daemon = await daemonFacts(() => connect(input, context));
    const order = { loaded, daemon, version: await ownVersion(), now: Date.now(), wake: wake === true };
    const known = knownNames(order);
    const asked = [...new Set(input.operands)].filter(name => name !== 'all');
    for (const name of asked) assertKnown(name, known);
    const isRound = asked.length === 0;
    const names = isRound ? appNames(loaded) : asked;
    const show = all === true ? 'way' : isRound ? 'first' : 'faults';
    const told: unknown[] = [];
    let errors = 0;
    for await (const examined of examine(order, names)) {
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

function assertKnown(name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const near = nearest(name, known);
  throw new HostdError('unknown-name', `cannot find "${name}": no such app`, {
    hint: near === null ? 'hostctl status' : `hostctl doctor ${near}`,
  });
}
