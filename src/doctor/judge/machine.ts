// What is wrong for all sites: hostd, the files, the proxy and whoever is in its place, memory. Pure.

import type { ProxySettings } from '../../model/host.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import type { Daemon, Front } from '../facts.ts';
import { type Finding, found, joined, type Looked, made, nothing, unseen } from '../finding.ts';
import type { LoggedError } from './log.ts';

/** `version`: of the files on disk, which this program is from. */
export function judgeDaemon(daemon: Daemon, onDisk: string): Looked {
  const { state, message, hint, version } = daemon;
  if (state === 'down') return found(made('daemon', 'error', message, hint));
  if (state === 'closed')
    return unseen(`${message}: needs root, or the group that may use hostctl`, 'daemon', 'proxy', 'program');
  return joined(
    version === null || version === onDisk
      ? nothing
      : found(
          made('daemon', 'warning', `hostd ${version} runs, and ${onDisk} is installed`, 'hostctl upgrade'),
        ),
    judgeFiles(daemon),
  );
}

/** What the files say and is not in force, of all that is no app's own. */
function judgeFiles({ changes, settings }: Daemon): Looked {
  const others = changes.filter(({ name, change }) => change !== 'changed' || name.startsWith('hostd-proxy'));
  const behind = [
    ...settings
      .filter(({ takes }) => takes === 'update')
      .map(({ table, keys }) => `[${table}] changed (${keys.join(', ')})`),
    ...others.map(({ name, change }) => `${name} ${change}`),
  ];
  const told = (message: string, hint: string) => made('configuration', 'warning', message, hint);
  return found(
    ...(behind.length === 0
      ? []
      : [
          told(
            `the files say something else than what is in force: ${behind.slice(0, 5).join(', ')}`,
            'hostctl update',
          ),
        ]),
    ...settings
      .filter(({ takes }) => takes !== 'update')
      .map(({ table, takes, keys }) =>
        told(
          `[${table}] has changes that a running hostd cannot put into force (${keys.join(', ')})`,
          takes === 'upgrade' ? 'hostctl upgrade' : 'put them back, or stop hostd and start it',
        ),
      ),
  );
}

export function judgeProxy(proxy: ProxySettings, daemon: Daemon, error: LoggedError | null): Looked {
  if (!proxy.enabled || daemon.state !== 'up') return nothing;
  const workers = daemon.programs.filter(isProxy);
  if (workers.length === 0)
    return found(made('proxy', 'error', 'the proxy is not in force', 'hostctl update', { explains: true }));
  const said = error === null ? '' : `; last in its log: ${error.text}`;
  return found(
    ...workers
      .filter(({ state }) => state !== 'RUNNING')
      .map((worker): Finding => {
        const why = worker.description === '' ? worker.spawnerr : worker.description;
        return made(
          'proxy',
          'error',
          `${worker.name} is ${worker.state}: ${why}${said}`,
          `hostctl start ${worker.name}; hostctl logs ${worker.name}`,
          { explains: true },
        );
      }),
  );
}

export function isProxy({ group }: Pick<ProgramStatus, 'group'>): boolean {
  return group === 'hostd-proxy';
}

/** Whether anybody serves the machine's visitors where hostd's proxy does not. */
export function judgeFronts({ enabled }: ProxySettings, fronts: readonly Front[], hasSites: boolean): Looked {
  if (enabled || fronts.length > 0 || !hasSites) return nothing;
  return found(
    made(
      'proxy',
      'warning',
      'nobody listens on port 80 or 443, and [proxy] enabled = false',
      'systemctl start nginx, or: enabled = true',
      { explains: true },
    ),
  );
}

/** Parts of all memory. */
const [little, hardly] = [0.1, 0.03];

export function judgeMachineMemory(memory: { readonly left: number; readonly all: number } | null): Looked {
  if (memory === null || memory.left > memory.all * little) return nothing;
  const isHardly = memory.left < memory.all * hardly;
  const message = `the machine has ${Math.round(memory.left / 1024 ** 2)} MiB of ${Math.round(memory.all / 1024 ** 2)} MiB of memory left`;
  return found(
    made(
      'memory',
      isHardly ? 'error' : 'warning',
      message,
      'ps axo pid,user,rss,args --sort -rss | head; fewer workers, or memory_max in the tables',
      { explains: isHardly },
    ),
  );
}
