// hostctl import

import { HostdError } from '../../errors.ts';
import { formatProblem } from '../../model/problem.ts';
import { escapeLines } from '../../words/escape.ts';
import { quoteWord } from '../../words/shlex.ts';
import { noWiderThan } from '../files/closed.ts';
import { find, put } from '../files/tree.ts';
import type { Command } from '../program/command.ts';

export const importCommand: Command = {
  name: 'import',
  summary: 'turn the configuration of Supervisor and nginx into TOML',
  usage: 'supervisor|gunicorn-start|nginx FILE|DIR ... [--out DIR]',
  help: `
Prints what the files say as TOML for apps.d/. Several kinds may be given at once, and what describes one app becomes
one table:

  hostctl import supervisor /etc/supervisor/supervisord.conf nginx /etc/nginx/sites-enabled

Start scripts that Supervisor's programs run are read too; nothing is ever run. What was not understood is listed with
its place, and kept as a comment.

  --out DIR   writes NAME.toml files into DIR instead, as closed as what was read; none that is there is overwritten

Exit code: 0 when the tables say all that the files said, 3 when something was left out or guessed, which is said,
1 when something could not be imported at all.`,
  options: { out: { type: 'string', value: 'DIR', help: 'write files into this directory' } },
  operands: {
    min: 2,
    max: Number.POSITIVE_INFINITY,
    what: 'a format and a file',
    complete: ['supervisor', 'gunicorn-start', 'nginx'],
  },
  async run(input, context) {
    const { readForeign } = await import('../files/foreign.ts');
    const { importDrafts } = await import('../../formats/import/import.ts');
    const { drafts, problems, files, around } = readForeign(input.operands);
    const imported = importDrafts(drafts, around);
    const all = [...problems, ...imported.problems];
    for (const problem of all) context.stderr.write(`${escapeLines(formatProblem(problem))}\n`);
    const { out } = input.options;
    if (typeof out !== 'string') {
      context.stdout.write(imported.files.map(({ text }) => text).join('\n'));
    } else {
      for (const { name, text } of imported.files) {
        const path = `/${name}.toml`;
        const found = find(out, path);
        if (found.kind === 'file' && found.text === text) continue;
        if (found.kind !== 'missing')
          throw new HostdError('conflict', `cannot write "${out}${path}": it is there already`, {
            hint: `compare with: hostctl import ${input.operands.map(quoteWord).join(' ')}`,
          });
        put(out, { kind: 'file', path, text, mode: noWiderThan(0o644, files, 'directories'), owner: name });
        context.stdout.write(`wrote ${out}${path}\n`);
      }
    }
    if (all.some(({ severity }) => severity === 'error')) return 1;
    return imported.whole && problems.length === 0 ? 0 : 3;
  },
};
