// supervisorctl: the command that a link of that name to bin/hostctl is. Speaks XML-RPC with the server that it is told, hostd's or a
// genuine supervisord's.

import { nameProcess } from '../../process-name.ts';
import { Exit } from '../../supervisord/config/options.ts';
import { thisMachine } from '../../supervisord/machine.ts';
import { joinName } from '../../words/process-names.ts';
import { actions, runLine } from './actions.ts';
import { Controller, textIn } from './controller.ts';
import { type Options, readOptions } from './options.ts';
import { openShell } from './terminal.ts';

async function run(): Promise<number> {
  nameProcess('supervisorctl');
  process.stdout.on('error', () => process.exit(1));
  const program = process.env['HOSTD_PROGRAM'] ?? 'supervisorctl';
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2), program, thisMachine());
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    process.stdout.write(error.stdout);
    process.stderr.write(error.stderr);
    return error.code;
  }
  const { args, interactive, historyFile, prompt, ...login } = options;
  const terminal = openShell(historyFile, line => complete(ctl, line));
  const ctl = new Controller(login, interactive, terminal);
  try {
    if (args.length > 0) {
      await runLine(ctl, args.join(' '));
      return ctl.exit;
    }
    await runLine(ctl, 'status');
    for (;;) {
      const line = await terminal.ask(`${prompt}> `);
      if (await runLine(ctl, line ?? 'EOF')) return 0;
    }
  } finally {
    terminal.close();
  }
}

/** The words that a line can be completed with. */
async function complete(ctl: Controller, line: string): Promise<string[]> {
  const words = line.trimStart().split(/\s+/);
  const [action = ''] = words;
  if (words.length <= 1 || action === 'help') return Object.keys(actions).map(name => `${name} `);
  const infos = await ctl.structs('getAllProcessInfo');
  const groups = [...new Set(infos.map(info => textIn(info, 'group')))];
  if (['add', 'remove', 'update'].includes(action)) return groups.map(group => `${group} `);
  const several = infos.filter(info => textIn(info, 'group') !== textIn(info, 'name'));
  const names = [
    ...infos.map(info => joinName({ group: textIn(info, 'group'), name: textIn(info, 'name') })),
    ...[...new Set(several.map(info => textIn(info, 'group')))].map(group => `${group}:*`),
  ];
  return names.map(name => `${name} `);
}

process.exitCode = await run();
