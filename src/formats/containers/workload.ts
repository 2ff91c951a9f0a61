// An app as engines see it: an image, and a part for each of its programs. Pure.

import type { App, Host, Program, Requirement } from '../../model/host.ts';
import { servesApp } from '../../model/kind.ts';
import type { ContainerOptions } from '../format.ts';
import { definitionName } from '../layout.ts';
import { labelled } from './names.ts';
import { nicedCommand, port } from './scripts.ts';
import { type Variables, variablesOf } from './variables.ts';

/** A user and a group that no machine has by chance. */
const usualId = 10001;

/** Who an app is in its container. A number in the configuration is one that others' files may belong to; root is nobody here. */
export function containerIds({ user, group }: Pick<App, 'user' | 'group'>): {
  readonly uid: number;
  readonly gid: number;
} {
  const number = (text: string | null) => (text !== null && /^[1-9]\d*$/.test(text) ? Number(text) : usualId);
  return { uid: number(user), gid: number(group) };
}

export interface Workload {
  readonly app: App;
  /** A label of its own among all apps. */
  readonly name: string;
  readonly image: string;
  readonly web: Part;
  readonly others: readonly Part[];
}

export interface Part {
  readonly program: Program;
  /** A label of its own in its app: "hello", "celery". */
  readonly name: string;
  readonly command: readonly string[];
  readonly variables: Variables;
  /** "HOST:PORT" of what it requires. */
  readonly waitsFor: readonly string[];
}

/** Labels that something else in an app's file has. */
const taken = ['migrate', 'requires', 'wait', 'media', 'default'];

/** All apps that the file says how to run: here, or where their upstreams are. */
export function workloadsOf(host: Host, options: ContainerOptions): readonly Workload[] {
  const names = labelled(host.apps.map(({ name }) => name));
  return host.apps.flatMap(app => {
    const programs = [...host.programs, ...host.resting].filter(program => program.app === app.name);
    const serving = programs.find(servesApp);
    if (serving === undefined) return [];
    const name = names.get(app.name) ?? app.name;
    const others = programs.filter(program => program !== serving);
    const labels = labelled(others.map(shortName), [...taken, name]);
    const image = `${options.registry === null ? '' : `${options.registry}/`}${name}:${options.tag}`;
    const part = (program: Program, label: string, command: readonly string[]): Part => ({
      program,
      name: label,
      command: niced(app, program, command),
      variables: variablesOf({ ...accountOf(program), ...program.environment, HOME: '/tmp' }),
      waitsFor: program.requires.flatMap(requirement => endpointOf(requirement) ?? []),
    });
    return [
      {
        app,
        name,
        image,
        web: part(serving, name, servingCommand(serving)),
        others: others.map(program =>
          part(program, labels.get(shortName(program)) ?? program.name, program.command),
        ),
      },
    ];
  });
}

/** As hostd sets them for each run. */
function accountOf({ user }: Program): Readonly<Record<string, string>> {
  return user === null ? {} : { USER: user, LOGNAME: user };
}

function shortName(program: Program): string {
  return program.name.includes(':')
    ? program.name.slice(program.name.indexOf(':') + 1)
    : definitionName(program);
}

/** gunicorn by a bind of its own, since nobody hands it a socket. */
function servingCommand(program: Program): readonly string[] {
  if (program.kind !== 'gunicorn') return program.command;
  return [...program.command, '--bind', `0.0.0.0:${port}`, '--forwarded-allow-ips', '*'];
}

/** A positive niceness needs no right; a negative one is said. */
function niced(app: App, { nice }: Program, command: readonly string[]): readonly string[] {
  return nice !== null && nice > 0 ? nicedCommand(pythonOf(app), nice, command) : command;
}

/** Ports of the services that hostd knows by name. In an engine they are found by that name. */
const ports: Readonly<Record<string, number>> = {
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  memcached: 11211,
};

/** Whether the service is one of this machine's that is known by name. */
export function isNamed({ name }: Requirement): boolean {
  return Object.hasOwn(ports, name);
}

/** Where a container reaches what is required; null: nowhere, since it is a socket or an address of this machine alone. */
export function endpointOf(requirement: Requirement): string | null {
  const { name, address } = requirement;
  if (isNamed(requirement)) return `${name}:${ports[name]}`;
  if ('path' in address || /^(127\.|::1$|0\.0\.0\.0$|::$)/.test(address.host)) return null;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The app's Python, which every image of it has. */
export function pythonOf({ root }: App): string {
  return `${root}/bin/python`;
}

export function managePath({ project }: App): string {
  return `${project.replace(/\/+$/, '')}/manage.py`;
}

/** Where the volume of uploaded files is; null: there is none, or no engine mounts one at such a path. */
export function mediaOf({ media }: App): string | null {
  return media === null || media.includes(':') || /^\/(tmp|run)?\/*$/.test(media) ? null : media;
}

/** How clients speak to the app, as far as it is told. */
export function schemeOf({ certificate, redirectHttps }: App): 'http' | 'https' {
  return certificate !== null || redirectHttps ? 'https' : 'http';
}

/** Files that an engine's user finds in the project's directory, with the app's name where several apps share one. */
export function fileOf(host: Host, app: App, base: string, ending = ''): string {
  const isShared = host.apps.some(other => other !== app && other.project === app.project);
  const name = base === '' ? '' : `${base}${isShared ? `.${app.name}` : ''}`;
  return `${app.project.replace(/\/+$/, '')}/${name}${ending}`;
}
