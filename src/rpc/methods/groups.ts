// The configuration: what it has, what differs, and groups that come and go.

import type { ConfigInfo, LogConfig } from '../../protocol/rpc.ts';
import { byCodePoints } from '../../words/process-names.ts';
import type { Struct, Value } from '../../xmlrpc/values.ts';
import type { Session } from '../session.ts';
import { keyOf, RpcFault } from './errors.ts';
import { named } from './orders.ts';

export async function reloadConfig(session: Session): Promise<Value> {
  const { added, changed, removed } = await session.ask('reread', {});
  return [[added, changed, removed]];
}

export async function addProcessGroup(session: Session, name: Value): Promise<boolean> {
  if (typeof name !== 'string') throw new RpcFault('BAD_NAME', name);
  return named(session.ask('addGroup', { group: name }), name);
}

export async function removeProcessGroup(session: Session, name: Value): Promise<boolean> {
  const key = keyOf(name);
  if (typeof key !== 'string') throw new RpcFault('BAD_NAME', name);
  return named(session.ask('removeGroup', { group: key }), key);
}

export async function getAllConfigInfo(session: Session): Promise<Struct[]> {
  const all = await session.ask('configurations', {});
  return [...all].sort((a, b) => byCodePoints(a.name, b.name)).map(describeConfig);
}

function describeConfig(config: ConfigInfo): Struct {
  const log = (channel: 'stdout' | 'stderr', keys: LogConfig): [string, Value][] => [
    [`${channel}_capture_maxbytes`, keys.captureMaxbytes],
    [`${channel}_events_enabled`, keys.eventsEnabled],
    [`${channel}_logfile`, keys.logfile ?? 'none'],
    [`${channel}_logfile_backups`, keys.backups],
    [`${channel}_logfile_maxbytes`, keys.maxbytes],
    [`${channel}_syslog`, keys.syslog],
  ];
  return new Map<string, Value>([
    ['autostart', config.autostart],
    ['directory', config.directory ?? 'none'],
    ['uid', config.uid ?? 'none'],
    ['command', config.command],
    ['exitcodes', config.exitcodes],
    ['group', config.group],
    ['group_prio', config.groupPriority],
    ['inuse', config.inuse],
    ['killasgroup', config.killasgroup],
    ['name', config.name],
    ['process_prio', config.priority],
    ['redirect_stderr', config.redirectStderr],
    ['startretries', config.startretries],
    ['startsecs', config.startsecs],
    ...log('stdout', config.stdout),
    ['stopsignal', config.stopsignal],
    ['stopwaitsecs', config.stopwaitsecs],
    ...log('stderr', config.stderr),
    ['serverurl', config.serverurl ?? 'none'],
  ]);
}
