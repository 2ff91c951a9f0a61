// What `hostctl status APP` shows besides its programs' states: where they come from, whom they run as, their sockets, logs and processes.

import { HostdError } from '../../errors.ts';
import { commandLine } from '../../linux/command-line.ts';
import { descendants } from '../../linux/procfs.ts';
import { addressText } from '../../model/address.ts';
import type { Host } from '../../model/host.ts';
import type { AboutReply, ProcessAbout, ProgramAbout, SiteAbout } from '../../protocol/control.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import type { Unit } from '../fleet/unit.ts';

/** Processes of one program that are shown. */
const mostProcesses = 40;
/** Bytes of a command line. */
const longestCommand = 300;

/** Of an app with all its programs, or of the programs that a name means. */
export function about(supervisor: Supervisor, name: string): AboutReply {
  const host = supervisor.host();
  const isApp = host.apps.some(app => app.name === name);
  const units = isApp
    ? supervisor.units().filter(({ program }) => program.app === name)
    : supervisor.select(name);
  if (units.length === 0 && !isApp)
    throw new HostdError('unknown-name', `cannot find "${name}": no such program or group`, {
      hint: 'hostctl status',
    });
  return {
    programs: units.map(unit => programAbout(unit, supervisor)),
    site: isApp ? siteAbout(host, name) : null,
  };
}

function programAbout(unit: Unit, { sockets }: Supervisor): ProgramAbout {
  const { program, run } = unit;
  const { socket, stdout, stderr } = program;
  const pid = run?.process.pid ?? null;
  const all = pid === null ? [] : [pid, ...descendants([pid]).map(one => one.pid)];
  return {
    name: program.name,
    file: program.source.file,
    user: program.user,
    group: program.unixGroup,
    directory: program.directory,
    command: program.command,
    socket: socket === null ? null : { path: socket.path, held: sockets.held().has(socket.path) },
    logs: [...new Set([stdout.path, stderr?.path ?? null])].filter(path => path !== null),
    processes: all.slice(0, mostProcesses).map(commandOf),
    more_processes: Math.max(0, all.length - mostProcesses),
  };
}

function siteAbout(host: Host, name: string): SiteAbout | null {
  const site = host.sites.find(one => one.name === name);
  if (site === undefined) return null;
  return {
    server_names: site.serverNames,
    locations: site.locations.map(({ prefix, alias }) => ({ prefix, alias })),
    ...(site.upstreams == null ? {} : { upstreams: site.upstreams.addresses.map(addressText) }),
    certificate: site.certificate?.certificate ?? null,
    access_log: site.accessLog,
    error_log: site.errorLog,
  };
}

function commandOf(pid: number): ProcessAbout {
  return { pid, command: commandLine(pid, longestCommand) };
}
