// Names of apps that are served elsewhere: no program of theirs is here, and whoever asks for one is told so. Pure.

import { HostdError } from '../../errors.ts';
import { isElsewhere } from '../../model/elsewhere.ts';
import type { Host } from '../../model/host.ts';
import type { Progress } from '../../protocol/control.ts';

/** Whether a name of the command line means this app: its own, its group's, or all. */
export function isMeant(name: string, app: string): boolean {
  return name === 'all' || name === app || name === `${app}:*`;
}

/** Why a name means no program of this machine. */
export function nobody({ apps }: Host, name: string): HostdError {
  const app = apps.find(app => isElsewhere(app) && isMeant(name, app.name));
  return app === undefined
    ? new HostdError('unknown-name', `${name}: no such program`, { hint: 'hostctl status' })
    : new HostdError('failed', `${name}: nothing of it runs here: it has upstreams`, {
        hint: `hostctl status ${app.name}; hostctl logs ${app.name} --errors`,
      });
}

/** The same as one name's end of a command that takes several. */
export function toldNobody(host: Host, name: string): Progress {
  const { code, message, hint } = nobody(host, name);
  // Supervisor's words have no next line.
  return code === 'unknown-name'
    ? { kind: 'done', name, outcome: 'unknown', message }
    : { kind: 'done', name, outcome: 'failed', message: `${message}\n  try: ${hint}` };
}
