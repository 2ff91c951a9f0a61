// From the processes of a supervisord.conf to programs, as the rest of hostd knows them. Pure, but for the paths of AUTO logs, which
// the caller finds.

import { nameOfSignal } from '../../linux/signals.ts';
import { programName } from '../../model/about.ts';
import type { LogFile, Program, Through } from '../../model/host.ts';
import { usualSupervision } from '../../model/supervision.ts';
import type { Channel, GroupConfig, ProcessConfig } from '../../supervisord/config/config.ts';
import { splitWords } from '../../words/shlex.ts';

/** The path in childlogdir for the log of a channel. */
export type AutoLog = (process: ProcessConfig, program: string, channel: 'stdout' | 'stderr') => string;

/** Settings for the output of all processes. */
export interface Passing {
  readonly stripAnsi: boolean;
  /** Whether output also goes to the main log. */
  readonly echo: boolean;
}

/** The programs of a group, in Supervisor's order. Of several processes with one name, the last counts. */
export function programsOf(
  group: GroupConfig,
  file: string,
  passing: Passing,
  autoLog: AutoLog,
): readonly Program[] {
  const programs = group.processes.map(process => toProgram(group, process, file, passing, autoLog));
  return [...new Map(programs.map(program => [program.name, program])).values()];
}

function toProgram(
  group: GroupConfig,
  process: ProcessConfig,
  file: string,
  passing: Passing,
  autoLog: AutoLog,
): Program {
  // Files are named after the program. A slash in the name, from an expansion, must not lead into another directory.
  const name = programName({ group: group.name, process: process.name }).replaceAll('/', '%2F');
  const words = splitWords(process.command);
  const log = (channel: 'stdout' | 'stderr'): LogFile => {
    const own = process[channel];
    const { log, maxBytes, backups } = own;
    const path =
      log.kind === 'none' ? null : log.kind === 'file' ? log.path : autoLog(process, name, channel);
    return { path, maxBytes, backups, maxAge: null, through: throughOf(own, passing) };
  };
  return {
    name,
    group: group.name,
    groupPriority: group.priority,
    app: null,
    kind: group.kind === 'eventlistener' ? 'listener' : 'command',
    listener: group.kind === 'eventlistener' ? { events: group.events, bufferSize: group.bufferSize } : null,
    source: { file, key: ['program', name] },
    instance: null,
    command: words.ok && words.words.length > 0 ? words.words : [process.command],
    directory: process.directory,
    environment: Object.fromEntries(process.environment),
    user: process.uid === null ? null : String(process.uid),
    unixGroup: null,
    socket: null,
    health: null,
    ...usualSupervision,
    noNewPrivileges: false,
    priority: process.priority,
    autostart: process.autostart,
    autorestart: process.autorestart,
    startsecs: process.startsecs,
    startretries: process.startretries,
    exitcodes: process.exitcodes,
    stopsignal: nameOfSignal(process.stopsignal),
    stopwaitsecs: process.stopwaitsecs,
    stopasgroup: process.stopasgroup,
    killasgroup: process.killasgroup,
    stdout: log('stdout'),
    stderr: process.redirectStderr ? null : log('stderr'),
    schedule: null,
    supervisord: {
      process: process.name,
      command: process.command,
      umask: process.umask,
      stopsignal: process.stopsignal,
      serverUrl: process.serverurl,
      fastCgi: group.kind === 'fcgi' ? group.socket.url : null,
    },
  };
}

/** null: the process writes to its log itself. */
function throughOf(channel: Channel, { stripAnsi, echo }: Passing): Through | null {
  const { eventsEnabled: events, captureMaxBytes: captureBytes, syslog } = channel;
  const isPassed = events || captureBytes > 0 || syslog || stripAnsi || echo;
  return isPassed ? { events, captureBytes, syslog, stripAnsi, echo } : null;
}
