// hostd becomes its newly installed version. execve(2) keeps the pid, so the programs stay hostd's children and the service
// manager notices nothing. The sockets stay open across it. Everything else is found by adoption.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HostdError } from '../errors.ts';
import { native } from '../native/index.ts';

/** The environment variable with the sockets that the former version has left open: {"/run/x.sock": 7}. */
const inheritedVariable = 'HOSTD_SOCKETS';
/** Milliseconds that a trial start may take. */
const longestTrial = 20_000;

/** The launcher picks the runtime anew, since the runtime may be what was upgraded. */
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'hostd');

/** Starts the version on disk as far as it gets without changing anything. @throws HostdError with what it said. */
export function tryNewVersion(config: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!existsSync(launcher)) {
      reject(new HostdError('failed', `cannot upgrade: "${launcher}" does not exist`));
      return;
    }
    const { execFile } = process.getBuiltinModule('node:child_process');
    const args = ['start', '--trial', '-c', config];
    execFile(launcher, args, { timeout: longestTrial, cwd: '/' }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else
        reject(
          new HostdError(
            'failed',
            `cannot upgrade: the new version does not start: ${stderr.trim() || error.message}`,
            {
              hint: 'hostd goes on as it is; put the files right and upgrade again',
            },
          ),
        );
    });
  });
}

/** Becomes the version on disk. If that fails it throws, and hostd is as it was. */
export function becomeNewVersion(config: string, sockets: ReadonlyMap<string, number>): never {
  const { execve } = process as { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => never };
  if (execve === undefined)
    throw new HostdError('failed', 'cannot upgrade in place: this Node has no process.execve');
  const env = { ...process.env, [inheritedVariable]: JSON.stringify(Object.fromEntries(sockets)) };
  for (const fd of sockets.values()) native.cloexec(fd, 0);
  try {
    return execve(launcher, ['hostd', 'start', '-c', config], env);
  } catch (error) {
    for (const fd of sockets.values()) native.cloexec(fd, 1);
    throw error;
  }
}

/** The sockets that the former version has left, closed to programs again. No program gets the variable. */
export function inheritedSockets(): Map<string, number> {
  const text = process.env[inheritedVariable];
  delete process.env[inheritedVariable];
  const sockets = new Map<string, number>();
  if (text === undefined) return sockets;
  for (const [key, fd] of Object.entries(JSON.parse(text) as { [key: string]: number })) {
    native.cloexec(fd, 1);
    sockets.set(key, fd);
  }
  return sockets;
}
