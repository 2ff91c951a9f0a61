// The process around a command line: its streams, its signals, its exit code. hostctl.ts and hostd.ts only add a name.

import { messageOf } from '../../errors.ts';
import { nameProcess } from '../../process-name.ts';
import type { Context, Program } from './command.ts';
import { Output } from './output.ts';
import { errorText } from './print.ts';
import { run } from './program.ts';

/** Runs this process's command line, and sets its exit code. */
export async function main(program: Program): Promise<void> {
  nameProcess(program.name);
  const context: Context = {
    program,
    stdout: new Output(process.stdout, process.env),
    stderr: new Output(process.stderr, process.env),
    env: process.env,
    onInterrupt(stop) {
      process.once('SIGINT', stop);
      return () => process.off('SIGINT', stop);
    },
  };
  process.exitCode = await run(program, process.argv.slice(2), context);
  failIfLost(context);
  // A write that goes on may fail after the command has ended.
  context.stdout.onClosed(() => failIfLost(context));
}

/** Reports output that did not arrive (a full disk). A reader that went away, such as `| head`, is no failure. */
function failIfLost({ program, stdout, stderr }: Context): void {
  if (stdout.failure === null) return;
  stderr.write(errorText(program.name, `cannot write: ${messageOf(stdout.failure)}`, undefined));
  process.exitCode ||= 1;
}
