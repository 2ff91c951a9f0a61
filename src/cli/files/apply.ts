// [emit]: keeps the files of other tools current. Writes what differs, app by app: an app whose files cannot be written (some are in
// directories of its own) does not affect the others. nginx tests the result, and is reloaded only if the test succeeds. Otherwise the
// files are put back as they were.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hintOf, messageOf } from '../../errors.ts';
import type { Output } from '../../formats/format.ts';
import { isWrittenByUs } from '../../formats/layout.ts';
import type { Host } from '../../model/host.ts';
import { formatProblem } from '../../model/problem.ts';
import { escapeLines } from '../../words/escape.ts';
import type { Context } from '../program/command.ts';
import { errorText } from '../program/print.ts';
import { emission } from './emission.ts';
import { type Found, find, isCurrent, put, take } from './tree.ts';

/** What was done to a path, and what was there before. `output` null: the file was removed. */
interface Step {
  readonly path: string;
  readonly output: Output | null;
  readonly before: Found;
}

/** Returns the exit code. `isWhole`: the configuration has no errors, so what is not in it is really gone. */
export async function apply(host: Host, isWhole: boolean, base: string, context: Context): Promise<number> {
  const { formats, plain, nginxTest, nginxReload } = host.settings.emit;
  const wanted = emission(host, formats, [], plain);
  for (const problem of wanted.problems) context.stderr.write(`${escapeLines(formatProblem(problem))}\n`);
  const complain: Complain = error => {
    failed = 1;
    context.stderr.write(errorText(context.program.name, messageOf(error), hintOf(error)));
  };
  let failed = 0;
  const outputs = Map.groupBy(wanted.outputs, ({ owner }) => owner);
  const plans = [...outputs.values()].map(own => () => changed(base, own));
  if (isWhole) plans.push(...stale(base, formats, wanted.outputs, complain).map(steps => () => steps));
  const steps = plans.flatMap(plan => carryOut(base, plan, complain));
  const isNginx = steps.some(({ path }) => path.startsWith('/etc/nginx/'));
  const failure = isNginx ? await failureOf(nginxTest) : null;
  if (failure !== null) {
    putBack(base, steps, complain);
    const message = `cannot use the new files of nginx: ${nginxTest.join(' ')} says: ${failure}`;
    context.stderr.write(
      errorText(context.program.name, message, 'hostctl emit nginx --check; the old files are back'),
    );
    return 1;
  }
  for (const { path, output } of steps)
    context.stdout.write(`${output === null ? 'removed' : 'wrote'} ${path}\n`);
  const reload = isNginx ? await failureOf(nginxReload) : null;
  if (reload === null) return failed;
  context.stderr.write(
    errorText(context.program.name, `cannot reload nginx: ${reload}`, 'systemctl status nginx'),
  );
  return 1;
}

type Complain = (error: unknown) => void;

/** Carries out the whole plan, or nothing. Returns what was done. */
function carryOut(base: string, plan: () => readonly Step[], complain: Complain): readonly Step[] {
  const done: Step[] = [];
  try {
    for (const step of plan()) {
      if (step.output === null) take(base, step.path);
      else put(base, step.output);
      done.push(step);
    }
    return done;
  } catch (error) {
    complain(error);
    putBack(base, done, complain);
    return [];
  }
}

function changed(base: string, outputs: readonly Output[]): readonly Step[] {
  return outputs
    .map(output => ({ path: output.path, output, before: find(base, output.path) }))
    .filter(({ output, before }) => !isCurrent(before, output) && !isDisabled(base, output, before));
}

/** Whether a site has its file, but no link to it: somebody has disabled it (hostctl nginx disable). */
function isDisabled(base: string, output: Output, before: Found): boolean {
  if (output.kind !== 'link' || before.kind !== 'missing') return false;
  return find(base, join(dirname(output.path), output.target)).kind === 'file';
}

/** Where each format has its files. A start script is in the app's own directory, and stays. */
const places: Readonly<Record<string, string>> = {
  supervisor: '/etc/supervisor/conf.d',
  nginx: '/etc/nginx/sites-available',
  systemd: '/etc/systemd/system',
};

/** Files and links of an earlier emit, for apps that are gone. Links come first. One list for each file. */
function stale(
  base: string,
  formats: readonly string[],
  outputs: readonly Output[],
  complain: Complain,
): readonly (readonly Step[])[] {
  const wanted = new Set(outputs.map(({ path }) => path));
  return formats.flatMap(format => {
    const directory = places[format];
    if (directory === undefined) return [];
    return namesIn(join(base, directory)).flatMap(name => {
      const path = `${directory}/${name}`;
      try {
        return wanted.has(path) ? [] : [staleSteps(base, format, name, path)];
      } catch (error) {
        complain(error);
        return [];
      }
    });
  });
}

function staleSteps(base: string, format: string, name: string, path: string): readonly Step[] {
  const before = find(base, path);
  if (before.kind !== 'file' || !isWrittenByUs(before.text)) return [];
  const link = `/etc/nginx/sites-enabled/${name}`;
  const linked = format === 'nginx' ? find(base, link) : null;
  const links = linked?.kind === 'link' ? [{ path: link, output: null, before: linked }] : [];
  return [...links, { path, output: null, before }];
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return []; // there is no such directory
  }
}

/** Undoes the steps, the last one first. A step that cannot be undone does not stop the others. */
function putBack(base: string, steps: readonly Step[], complain: Complain): void {
  for (const step of steps.toReversed()) {
    try {
      undo(base, step);
    } catch (error) {
      complain(error);
    }
  }
}

function undo(base: string, { path, before, output }: Step): void {
  const owner = output?.owner ?? '';
  if (before.kind === 'missing') take(base, path);
  else if (before.kind === 'link') put(base, { kind: 'link', path, target: before.target, owner });
  else if (before.kind === 'file')
    put(base, { kind: 'file', path, text: before.text, mode: before.mode, owner });
}

/** The message of a command that fails; null: it succeeds. */
function failureOf([file, ...args]: readonly string[]): Promise<string | null> {
  if (file === undefined) return Promise.resolve(null);
  return new Promise(resolve => {
    execFile(file, args, { timeout: 60_000 }, (error, _stdout, stderr) =>
      resolve(error === null ? null : stderr.trim() || messageOf(error)),
    );
  });
}
