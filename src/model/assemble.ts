// Puts a Host together: programs into their groups, everything in its order, sites from apps. Reports no problems.

import { appSite, makeApp } from './app.ts';
import { toldKinds } from './happenings.ts';
import type { App, Group, Host, Program, Settings } from './host.ts';
import { completed } from './supervision.ts';

export interface Parts {
  readonly settings: Settings;
  readonly apps: readonly App[];
  readonly programs: readonly Program[];
  /** See Host. */
  readonly resting?: readonly Program[];
  readonly groups: readonly Group[];
}

export function assemble(parts: Parts): Host {
  return {
    settings: parts.settings,
    apps: parts.apps,
    programs: parts.programs.toSorted(byStartOrder),
    resting: (parts.resting ?? []).toSorted(byStartOrder),
    groups: parts.groups,
    sites: parts.apps.map(appSite),
  };
}

/** A configuration from an earlier hostd's record, in which newer fields have their usual values. */
export function completedHost({ settings, apps, programs, resting = [], groups }: Parts): Host {
  return assemble({
    settings,
    apps: apps.map(makeApp),
    programs: programs.map(completed),
    resting: resting.map(completed),
    groups,
  });
}

/** Supervisor's order: lower priorities first, then by name; groups before what is in them. */
function byStartOrder(a: Program, b: Program): number {
  return (
    a.groupPriority - b.groupPriority ||
    compare(a.group, b.group) ||
    a.priority - b.priority ||
    compare(a.name, b.name)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The settings of an empty hostd.toml. */
export function defaultSettings(file: string): Settings {
  return {
    file,
    include: ['apps.d/*.toml'],
    runtimeDir: '/run/hostd',
    stateDir: '/var/lib/hostd',
    logDir: '/var/log/hostd',
    logFile: null,
    control: { socket: '/run/hostd/hostd.sock', group: 'hostd' },
    proxy: {
      enabled: true,
      listen: [
        { host: '0.0.0.0', port: 80 },
        { host: '::', port: 80 },
      ],
      tlsListen: [
        { host: '0.0.0.0', port: 443 },
        { host: '::', port: 443 },
      ],
      user: 'www-data',
      workers: 1,
      trustedProxies: [],
      defaultSite: null,
      accessLogFormat: 'combined',
      errorPages: null,
      clientBodyTempPath: null,
      acmeWebroot: null,
      types: {},
    },
    emit: {
      formats: [],
      plain: false,
      out: '/',
      nginxTest: ['nginx', '-t'],
      nginxReload: ['nginx', '-s', 'reload'],
    },
    metrics: null,
    notify: { command: [], user: null, url: null, caFile: null, events: toldKinds },
    supervisor: [],
    web: null,
  };
}
