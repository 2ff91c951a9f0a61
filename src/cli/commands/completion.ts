// hostctl completion, and hostd completion

import { HostdError } from '../../errors.ts';
import { type Command, entries } from '../program/command.ts';
import { completionScripts } from '../program/completion.ts';

export const completion: Command = {
  name: 'completion',
  summary: 'print a completion script for a shell',
  usage: 'bash|zsh|fish',
  help: `
Prints a script that completes commands, options and the names of programs:

  bash  hostctl completion bash > /etc/bash_completion.d/hostctl
  zsh   hostctl completion zsh > /usr/local/share/zsh/site-functions/_hostctl
  fish  hostctl completion fish > /etc/fish/completions/hostctl.fish

hostd completion prints the one for hostd.`,
  options: {},
  operands: { min: 1, max: 1, what: 'a shell: bash, zsh or fish', complete: ['bash', 'zsh', 'fish'] },
  async run({ operands }, { program, stdout }) {
    const [shell = ''] = operands;
    const write = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined;
    if (write === undefined)
      throw new HostdError('usage', `unknown shell "${shell}"`, { hint: 'bash, zsh or fish' });
    const commands = await Promise.all(entries(program).map(entry => entry.load()));
    stdout.write(write(program.name, commands, program.options));
    return 0;
  },
};
