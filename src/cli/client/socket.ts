// Finds the control socket for a command.

import { HostdError } from '../../errors.ts';
import { formatProblem } from '../../model/problem.ts';
import type { Context, Input } from '../program/command.ts';
import { Client } from './client.ts';

// As in process-name.ts.
const { existsSync } = process.getBuiltinModule('node:fs');

const defaultSocket = '/run/hostd/hostd.sock';
export const defaultConfig = '/etc/hostd/hostd.toml';

/** By --socket, -c, HOSTD_SOCKET, HOSTD_CONFIG, in this order; else the usual socket, or the one that the usual file names. */
export async function connect(input: Input, context: Context): Promise<Client> {
  return new Client(await findSocket(input, context));
}

async function findSocket(input: Input, { env }: Context): Promise<string> {
  const { socket, config } = input.options;
  if (typeof socket === 'string') return socket;
  if (typeof config === 'string') return socketIn(config);
  if (env['HOSTD_SOCKET']) return env['HOSTD_SOCKET'];
  if (env['HOSTD_CONFIG']) return socketIn(env['HOSTD_CONFIG']);
  // The file is read only if the usual socket is not there, since reading it takes time.
  if (existsSync(defaultSocket) || !existsSync(defaultConfig)) return defaultSocket;
  return socketIn(defaultConfig);
}

/** The file whose problems `check` prints. */
export function configFile(input: Input, { env }: Context): string {
  const { config } = input.options;
  return typeof config === 'string' ? config : env['HOSTD_CONFIG'] || defaultConfig;
}

async function socketIn(file: string): Promise<string> {
  const { load } = await import('../../config/load.ts');
  const { host, broken, problems } = load(file, { machine: null });
  // A mistake elsewhere in the file keeps nobody from asking hostd.
  if (!broken.control) return host.settings.control.socket;
  const first = problems.find(problem => problem.severity === 'error');
  if (first === undefined) throw new HostdError('config', `cannot read "${file}"`);
  const { hint = '--socket PATH', ...problem } = first;
  throw new HostdError('config', formatProblem(problem), { hint });
}
