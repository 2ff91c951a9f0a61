// Shared by the formats that are written: where an app's start script is, and what a program adds to the usual environment.

import { appEnvironment, appSupervision, baseEnvironment } from '../model/app.ts';
import { isElsewhere } from '../model/elsewhere.ts';
import type { App, Host, Program } from '../model/host.ts';
import { servesApp } from '../model/kind.ts';
import type { Problem } from '../model/problem.ts';
import { cannotSay } from './format.ts';

/** The usual place of the script that starts an app's gunicorn. */
export function startScript(app: App): string {
  return `${app.root}/bin/gunicorn_start`;
}

/** Whether the app runs gunicorn by a command that hostd makes. Without hostd it then needs a script. */
export function isScripted(app: App): boolean {
  return app.command === null;
}

/** Warnings for apps that are served elsewhere, of which the format writes nothing. */
export function elsewhereProblems(host: Host, format: string): readonly Problem[] {
  return host.apps
    .filter(isElsewhere)
    .map(app =>
      cannotSay(
        app.name,
        { ...app.source, key: [...app.source.key, 'upstreams'] },
        `${format}: app "${app.name}" has upstreams, and nothing of it runs here: there is nothing to write`,
        'hostctl emit nginx, for its site',
      ),
    );
}

/** The variables of a program that not every program has. */
export function ownEnvironment(program: Program): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(program.environment).filter(([name, value]) => baseEnvironment[name] !== value),
  );
}

/** The variables that somebody has written for a program. SECRET_KEY may be among them. */
export function givenEnvironment(host: Host, program: Program): Readonly<Record<string, string>> {
  const app = host.apps.find(({ name }) => name === program.app);
  const usual = app === undefined ? baseEnvironment : appEnvironment({ ...app, env: {} });
  return Object.fromEntries(
    Object.entries(program.environment).filter(([name, value]) => usual[name] !== value),
  );
}

/** Seconds that an app's gunicorn has to stop, by default. */
export function defaultStopSeconds(app: App): number {
  return appSupervision(app).stopwaitsecs;
}

/** The app whose gunicorn this program is, or null. */
export function appOf(host: Host, program: Program): App | null {
  if (!servesApp(program)) return null;
  return host.apps.find(app => app.name === program.app) ?? null;
}

/** The name of the table that defines a program: "celery" for [app.hello.program.celery]. */
export function definitionName(program: Program): string {
  return String(program.source.key.at(-1) ?? program.name);
}

const signature = 'Written by hostctl emit, from ';

/** The first line of a file, after its comment sign. */
export function writtenBy(what: string): string {
  return `${signature}${what} of hostd's configuration: change it there.`;
}

export function isWrittenByUs(text: string): boolean {
  return text.startsWith(`# ${signature}`) || text.startsWith(`; ${signature}`);
}
