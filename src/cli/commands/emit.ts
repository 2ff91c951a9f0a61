// hostctl emit

import { HostdError, hintOf, messageOf } from '../../errors.ts';
import type { Output } from '../../formats/format.ts';
import { formatProblem } from '../../model/problem.ts';
import { escapeLines } from '../../words/escape.ts';
import { configFile } from '../client/socket.ts';
import { containerOptions, containerOptionsOf } from '../files/container-options.ts';
import { emission, writable } from '../files/emission.ts';
import { lineDiff } from '../files/line-diff.ts';
import { type Found, find, isCurrent, put } from '../files/tree.ts';
import type { Command, Context } from '../program/command.ts';
import { count, errorText } from '../program/print.ts';

export const emit: Command = {
  name: 'emit',
  summary: 'write the configuration for Supervisor, nginx, systemd, Docker or Kubernetes',
  usage:
    'supervisor|gunicorn-start|nginx|systemd|compose|kubernetes|image|all [APP ...] [--out DIR] [--check] [--plain]',
  help: `
Says in another tool's words what hostd hosts: for all apps, or for those named. Needs no running hostd, no root,
and neither users nor directories to exist. Without --out or --check the files are printed.

  --out DIR   writes them below DIR (/ is their real place); what is there already and right is not touched
  --check     compares with what is below DIR, or below /, and prints the differences
  --plain     the classic directives alone, without hardening; docs/emit.md explains every difference
  --apply     does what [emit] in hostd.toml says: writes, tests nginx's configuration, reloads nginx

compose, kubernetes and image are for other machines: files for each app, with its programs. docs/containers.md has the rest.

  --swarm            compose: for docker stack deploy, in place of Compose on one machine
  --registry HOST/X  where images are pushed to; --tag TAG: which one, "latest" otherwise
  --replicas N       copies of what serves the site; --autoscale MIN-MAX: Kubernetes chooses
  --port N           compose: the site's port on its node
  --storage SIZE     kubernetes: of the volume for media, "10Gi" otherwise
  --no-migrations    it is no Django site, or somebody else migrates its database

Exit code: 0, or 1 when files differ (--check) or the configuration has errors.`,
  options: {
    out: { type: 'string', value: 'DIR', help: 'write below this directory' },
    check: { type: 'boolean', help: 'only compare, and print a diff' },
    plain: { type: 'boolean', help: 'without hardening' },
    apply: { type: 'boolean', help: 'do what [emit] says' },
    ...containerOptions,
  },
  operands: {
    min: 0,
    max: Number.POSITIVE_INFINITY,
    what: `a format: ${writable.slice(0, -1).join(', ')} or all`,
    complete: writable,
  },
  async run(input, context) {
    const [format, ...names] = input.operands;
    const { load } = await import('../../config/load.ts');
    const { host, problems } = load(configFile(input, context), { machine: null });
    const errors = problems.filter(problem => problem.severity === 'error');
    for (const problem of errors) context.stderr.write(`${escapeLines(formatProblem(problem))}\n`);
    const failed = errors.length > 0 ? 1 : 0;
    if (input.options['apply'] === true) {
      const { apply } = await import('../files/apply.ts');
      const { out } = input.options;
      return Math.max(
        failed,
        await apply(host, failed === 0, typeof out === 'string' ? out : host.settings.emit.out, context),
      );
    }
    if (format === undefined)
      throw new HostdError('usage', 'no format was given', { hint: writable.join(', ') });
    const container = containerOptionsOf(format, input.options);
    const wanted = emission(host, [format], names, input.options['plain'] === true, container);
    for (const problem of wanted.problems) context.stderr.write(`${escapeLines(formatProblem(problem))}\n`);
    const { out } = input.options;
    const base = typeof out === 'string' ? out : null;
    if (input.options['check'] === true)
      return Math.max(failed, compare(base ?? '/', wanted.outputs, context));
    if (base !== null) return Math.max(failed, write(base, wanted.outputs, context));
    print(wanted.outputs, context);
    return failed;
  },
};

/** Prints one file as it is, or several with a line before each, as head(1) does. */
function print(outputs: readonly Output[], { stdout }: Context): void {
  const files = outputs.filter(output => output.kind === 'file');
  for (const [index, { path, text }] of files.entries())
    stdout.write(files.length === 1 ? text : `${index === 0 ? '' : '\n'}==> ${path} <==\n${text}`);
}

/** Returns 1 when one cannot be written. The others are written all the same. */
function write(base: string, outputs: readonly Output[], context: Context): number {
  let written = 0;
  const failed = each(outputs, context, output => {
    if (isCurrent(find(base, output.path), output)) return;
    put(base, output);
    context.stdout.write(`wrote ${place(base, output)}\n`);
    written++;
  });
  if (written === 0 && failed === 0)
    context.stdout.write(`nothing to write: ${count(outputs.length, 'file')} as they should be\n`);
  return failed;
}

/** Returns 1 when one differs, or cannot be looked at. */
function compare(base: string, outputs: readonly Output[], context: Context): number {
  let differing = 0;
  const failed = each(outputs, context, output => {
    const found = find(base, output.path);
    if (isCurrent(found, output)) return;
    differing = 1;
    const wanted = output.kind === 'file' ? output.text : `-> ${output.target}\n`;
    const diff = lineDiff(describe(found), wanted, place(base, output));
    context.stdout.write(escapeLines(diff === '' ? `${place(base, output)} cannot be executed\n` : diff));
  });
  return Math.max(differing, failed);
}

/** Does one after the other, also after a failure. Then it returns 1. */
function each(outputs: readonly Output[], context: Context, work: (output: Output) => void): number {
  let failed = 0;
  for (const output of outputs) {
    try {
      work(output);
    } catch (error) {
      failed = 1;
      context.stderr.write(errorText(context.program.name, messageOf(error), hintOf(error)));
    }
  }
  return failed;
}

function describe(found: Found): string {
  if (found.kind === 'file') return found.text;
  if (found.kind === 'missing') return '';
  return found.kind === 'link' ? `-> ${found.target}\n` : 'neither a file nor a link\n';
}

function place(base: string, { path }: Output): string {
  return `${base.replace(/\/+$/, '')}${path}`;
}
