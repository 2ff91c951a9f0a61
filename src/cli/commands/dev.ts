// hostd dev

import type { ReadStream } from 'node:tty';
import type { DevOptions } from '../../dev/run.ts';
import { HostdError } from '../../errors.ts';
import type { Command, Context, Input } from '../program/command.ts';
import { errorText } from '../program/print.ts';

const servers = ['runserver', 'gunicorn', 'uvicorn'] as const;

export const dev: Command = {
  name: 'dev',
  summary: 'run projects on this machine, each at http://NAME.localhost:8000',
  usage: '[DIR | NAME=DIR | FILE.toml ...] [--proxy NAME=URL ...]',
  help: `
Finds manage.py, virtualenvs, node front ends and Procfiles in each DIR (the working directory, when none is given),
runs them as you, and fronts them with the proxy that production has. A hostd.toml in DIR says more than DIR.
Names in ~/.config/hostd/dev are served too: files with a port, a URL or a socket's path, and links to projects.
In a terminal, h shows the keys; Ctrl-C stops everything.`,
  options: {
    proxy: {
      type: 'string',
      multiple: true,
      value: 'NAME=URL',
      help: 'front a server that somebody else runs',
    },
    port: { type: 'string', short: 'p', value: 'N', help: 'the port (8000, or the next that is free)' },
    https: { type: 'boolean', help: 'HTTPS too, with a certificate authority of your own' },
    server: { type: 'string', value: 'KIND', help: 'runserver, gunicorn or uvicorn' },
    lazy: { type: 'boolean', help: 'start apps at their first request, stop idle ones' },
    idle: { type: 'string', value: 'MIN', help: 'with --lazy: minutes without a request (15)' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'DIR' },
  async run(input, context) {
    const options = readOptions(input);
    const { runDev } = await import('../../dev/run.ts');
    const { stdout, stderr } = context;
    const { stdin, stdout: out } = process;
    return runDev(options, {
      env: context.env,
      screen: {
        isTerminal: stdout.isTerminal,
        hasColours: stdout.hasColours,
        write: text => stdout.write(text),
        size: () => ({ columns: stdout.columns, rows: out.rows || 24 }),
      },
      keys: stdin.isTTY && stdout.isTerminal ? (stdin as ReadStream) : null,
      onResize: listener => out.on('resize', listener),
      complain: error => complain(error, stderr, context),
    });
  },
};

function complain(error: HostdError, stderr: Context['stderr'], { program }: Context): void {
  stderr.write(errorText(program.name, error.message, error.hint));
}

function readOptions({ operands, options }: Input): DevOptions {
  const { proxy, port, server, idle } = options;
  const kind = servers.find(known => known === server) ?? null;
  if (server !== undefined && kind === null)
    throw new HostdError('usage', `cannot use --server "${server}"`, { hint: servers.join(', ') });
  return {
    operands,
    proxies: Array.isArray(proxy) ? proxy : [],
    port: port === undefined ? null : numberOf('--port', port, 65_535),
    https: options['https'] === true,
    server: kind,
    lazy: options['lazy'] === true,
    idleMinutes: idle === undefined ? 15 : minutes(idle),
  };
}

function numberOf(option: string, value: unknown, most: number): number {
  const text = String(value);
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text);
  throw new HostdError('usage', `option "${option}" needs a whole number from 1 to ${most}, not "${text}"`);
}

function minutes(value: unknown): number {
  if (/^\d{1,4}(\.\d{1,4})?$/.test(String(value)) && Number(value) > 0) return Number(value);
  throw new HostdError('usage', `option "--idle" needs a number of minutes, not "${value}"`, {
    hint: '--idle 15',
  });
}
