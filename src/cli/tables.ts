// The commands of hostctl and of hostd, by name. Each is loaded only when it is used.

import { type Program, socketOption } from './program/command.ts';

const load = {
  check: async () => (await import('./commands/check.ts')).check,
  help: async () => (await import('./commands/help.ts')).help,
  version: async () => (await import('./commands/version.ts')).version,
  completion: async () => (await import('./commands/completion.ts')).completion,
};

export const hostctl: Program = {
  name: 'hostctl',
  summary: 'operates the programs that hostd runs',
  options: socketOption,
  // supervisorctl's words, and systemctl's.
  elsewhere: {
    tail: 'hostctl logs NAME, or: hostctl logs NAME -f',
    maintail: "hostd's own log: journalctl -u hostd, or the logfile of [hostd]",
    avail: 'hostctl status, or what the files say: hostctl reread',
    fg: 'hostctl attach NAME',
    clear: 'hostctl logs NAME --rotate',
    add: 'hostctl update: it adds, changes and removes what the files say',
    open: 'hostctl --socket PATH status',
    enable: 'autostart = true in the file, then: hostctl update',
    disable: 'autostart = false in the file, then: hostctl stop NAME',
    stats: 'hostctl top, or: hostctl sites',
    ps: 'hostctl status',
    monit: 'hostctl top',
    traffic: 'hostctl sites',
    metrics: 'curl --unix-socket /run/hostd/hostd.sock http://hostd/metrics, or [metrics] of hostd.toml',
    dev: 'hostd dev',
    supervisord: 'hostd supervisord',
    journal: 'hostctl events',
    diagnose: 'hostctl doctor',
    why: 'hostctl doctor NAME',
    history: 'hostctl events',
    deploy: 'hostctl reload NAME, once the new code is there',
  },
  groups: [
    {
      title: 'Run',
      commands: [
        { name: 'start', load: async () => (await import('./commands/start.ts')).start },
        { name: 'stop', load: async () => (await import('./commands/stop.ts')).stop },
        { name: 'restart', load: async () => (await import('./commands/restart.ts')).restart },
        { name: 'reload', load: async () => (await import('./commands/reload.ts')).reload },
        { name: 'scale', load: async () => (await import('./commands/scale.ts')).scale },
        { name: 'signal', load: async () => (await import('./commands/signal.ts')).signal },
        {
          name: 'maintenance',
          load: async () => (await import('./commands/maintenance.ts')).maintenance,
        },
        { name: 'exec', load: async () => (await import('./commands/exec.ts')).exec },
        { name: 'shell', load: async () => (await import('./commands/shell.ts')).shell },
        { name: 'attach', load: async () => (await import('./commands/attach.ts')).attach },
        { name: 'upgrade', load: async () => (await import('./commands/upgrade.ts')).upgrade },
        { name: 'shutdown', load: async () => (await import('./commands/shutdown.ts')).shutdown },
      ],
    },
    {
      title: 'Inspect',
      commands: [
        { name: 'status', load: async () => (await import('./commands/status.ts')).status },
        { name: 'top', load: async () => (await import('./commands/top.ts')).top },
        { name: 'sites', load: async () => (await import('./commands/sites.ts')).sites },
        { name: 'pid', load: async () => (await import('./commands/pid.ts')).pid },
        { name: 'events', load: async () => (await import('./commands/events.ts')).events },
        { name: 'logs', load: async () => (await import('./commands/logs.ts')).logs },
        { name: 'doctor', load: async () => (await import('./commands/doctor.ts')).doctor },
      ],
    },
    {
      title: 'Configure',
      commands: [
        { name: 'check', load: load.check },
        { name: 'notify', load: async () => (await import('./commands/notify.ts')).notify },
        { name: 'web', load: async () => (await import('./commands/web.ts')).web },
        { name: 'reread', load: async () => (await import('./commands/reread.ts')).reread },
        { name: 'update', load: async () => (await import('./commands/update.ts')).update },
        { name: 'create', load: async () => (await import('./commands/create.ts')).create },
        { name: 'remove', load: async () => (await import('./commands/remove.ts')).remove },
      ],
    },
    {
      title: 'In and out',
      commands: [
        { name: 'emit', load: async () => (await import('./commands/emit.ts')).emit },
        { name: 'import', load: async () => (await import('./commands/import.ts')).importCommand },
        { name: 'nginx', load: async () => (await import('./commands/nginx.ts')).nginxCommand },
        {
          name: 'adopt-supervisor',
          load: async () => (await import('./commands/adopt-supervisor.ts')).adoptSupervisor,
        },
      ],
    },
    {
      title: 'Other',
      commands: [
        { name: 'help', load: load.help },
        { name: 'version', load: load.version },
        { name: 'completion', load: load.completion },
      ],
    },
  ],
};

export const hostd: Program = {
  name: 'hostd',
  summary: 'hosts many Django sites on one machine',
  options: {},
  groups: [
    {
      title: 'Run',
      commands: [
        { name: 'start', load: async () => (await import('./commands/hostd-start.ts')).hostdStart },
        {
          name: 'supervisord',
          load: async () => (await import('./commands/hostd-supervisord.ts')).hostdSupervisord,
        },
        { name: 'dev', load: async () => (await import('./commands/dev.ts')).dev },
      ],
    },
    { title: 'Configure', commands: [{ name: 'check', load: load.check }] },
    {
      title: 'Other',
      commands: [
        { name: 'help', load: load.help },
        { name: 'version', load: load.version },
        { name: 'completion', load: load.completion },
      ],
    },
  ],
};
