// [emit]: keeps the files of other tools current. Writes what differs, has nginx test the whole, and reloads it only then;
// when the test fails, what was there before is put back.

import { execFile } from 'node:child_process';
import { messageOf } from '../errors.ts';
import type { Output } from '../formats/format.ts';
import type { Host } from '../model/host.ts';
import { formatProblem } from '../model/problem.ts';
import type { Context } from './command.ts';
import { emission } from './emission.ts';
import { escapeLines } from './escape.ts';
import { errorText } from './print.ts';
import { type Found, find, isCurrent, put, take } from './tree.ts';

interface Replaced {
  readonly output: Output;
  readonly before: Found;
}

/** The exit code. */
export async function apply(host: Host, context: Context, base: string): Promise<number> {
  const { formats, plain, nginxTest, nginxReload } = host.settings.emit;
  const wanted = emission(host, formats, [], plain);
  for (const problem of wanted.problems) context.stderr.write(`${escapeLines(formatProblem(problem))}\n`);
  const replaced: Replaced[] = [];
  try {
    for (const output of wanted.outputs) {
      const before = find(base, output.path);
      if (isCurrent(before, output)) continue;
      replaced.push({ output, before });
      put(base, output);
    }
  } catch (error) {
    putBack(base, replaced);
    throw error;
  }
  const isNginx = replaced.some(({ output }) => output.path.startsWith('/etc/nginx/'));
  const failure = isNginx ? await failureOf(nginxTest) : null;
  if (failure !== null) {
    putBack(base, replaced);
    const message = `cannot use the new files of nginx: ${nginxTest.join(' ')} says: ${failure}`;
    context.stderr.write(
      errorText(context.program, message, 'hostctl emit nginx --check; the old files are back'),
    );
    return 1;
  }
  for (const { output } of replaced) context.stdout.write(`wrote ${output.path}\n`);
  const reload = isNginx ? await failureOf(nginxReload) : null;
  if (reload === null) return 0;
  context.stderr.write(
    errorText(context.program, `cannot reload nginx: ${reload}`, 'systemctl status nginx'),
  );
  return 1;
}

/** Last written, first put back. */
function putBack(base: string, replaced: readonly Replaced[]): void {
  for (const { output, before } of replaced.toReversed()) {
    const { path, owner } = output;
    if (before.kind === 'missing') take(base, path);
    else if (before.kind === 'link') put(base, { kind: 'link', path, target: before.target, owner });
    else if (before.kind === 'file')
      put(base, { kind: 'file', path, text: before.text, mode: before.mode, owner });
  }
}

/** What a command says when it fails; null when it does not. */
function failureOf([file, ...args]: readonly string[]): Promise<string | null> {
  if (file === undefined) return Promise.resolve(null);
  return new Promise(resolve => {
    execFile(file, args, { timeout: 60_000 }, (error, _stdout, stderr) =>
      resolve(error === null ? null : stderr.trim() || messageOf(error)),
    );
  });
}
