// hostctl adopt-supervisor

import { HostdError } from '../../errors.ts';
import { formatProblem } from '../../model/problem.ts';
import { escapeLine, escapeLines } from '../../words/escape.ts';
import { configFile, connect } from '../client/socket.ts';
import type { Command, Context } from '../program/command.ts';
import { errorText } from '../program/print.ts';

export const adoptSupervisor: Command = {
  name: 'adopt-supervisor',
  summary: 'move the programs of a running Supervisor over to hostd',
  usage: '[NAME ...] [--supervisor FILE] [--nginx FILE|DIR] [--dry-run]',
  help: `
Imports Supervisor's configuration, and moves what runs there, or the apps and programs named, one by one: it is
stopped there and started here at once. What cannot be moved stays where it is, and you are told why; what does not
come up here is started there again. Prints the way back.

  --supervisor FILE   default /etc/supervisor/supervisord.conf
  --nginx FILE|DIR    default /etc/nginx/sites-enabled: host names, static and media files of the apps
  --dry-run           shows what would be moved, and writes nothing

Exit code: 0, or 1 when something was not moved.`,
  options: {
    supervisor: { type: 'string', value: 'FILE', help: "Supervisor's configuration" },
    nginx: { type: 'string', value: 'PATH', help: "nginx's virtual hosts" },
    'dry-run': { type: 'boolean', help: 'only show what would be done' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'NAME' },
  async run(input, context) {
    const { adoption, move, wayBack } = await import('../files/adoption.ts');
    const client = await connect(input, context);
    const given = (name: string, usual: string) => {
      const value = input.options[name];
      return typeof value === 'string' ? value : usual;
    };
    const plan = await adoption({
      names: input.operands,
      config: configFile(input, context),
      supervisor: given('supervisor', '/etc/supervisor/supervisord.conf'),
      nginx: input.options['nginx'] === undefined ? null : given('nginx', ''),
      client,
    });
    for (const problem of plan.problems) context.stderr.write(`${escapeLines(formatProblem(problem))}\n`);
    for (const { name, why } of plan.left) refuse(context, name, why);
    let code = plan.left.length > 0 ? 1 : 0;
    for (const one of plan.movable) {
      if (input.options['dry-run'] === true) {
        context.stdout.write(
          `${escapeLine(one.name)}: would be moved (${escapeLine(one.processes.join(', '))})\n`,
        );
        continue;
      }
      const moved = await move(one, client);
      if (moved.kind === 'moved')
        context.stdout.write(
          `${escapeLine(one.name)}: moved, ${(moved.ms / 1000).toFixed(1)} s without it\n`,
        );
      else {
        code = 1;
        refuse(context, one.name, moved.why);
      }
      if (moved.kind !== 'moved') continue;
      for (const log of moved.logs)
        context.stdout.write(`  log: ${escapeLine(log)} was root's, and is the app's now\n`);
      context.stdout.write(escapeLines(wayBack(one)));
    }
    if (plan.movable.length === 0 && plan.left.length === 0)
      throw new HostdError(
        'failed',
        'cannot move anything: Supervisor runs no program that is not here already',
      );
    return code;
  },
};

function refuse({ stderr, program }: Context, name: string, why: string): void {
  stderr.write(errorText(program.name, `cannot move "${name}": ${why}`, undefined));
}
