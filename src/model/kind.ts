// What the kinds of programs have in common.

import type { Kind, Program } from './host.ts';

/** Whether a program is what its app's site is served by. */
export function servesApp({ kind }: Pick<Program, 'kind'>): boolean {
  return kind === 'gunicorn' || kind === 'app';
}

/** The kind of a program that was written down before programs had one: by its names, and its command. */
export function kindByNames({
  name,
  group,
  app,
  command,
}: Pick<Program, 'name' | 'group' | 'app' | 'command'>): Kind {
  if (group === 'hostd-proxy') return 'proxy';
  if (app === null || app !== name) return 'command';
  return command[0]?.endsWith('/bin/gunicorn') === true ? 'gunicorn' : 'app';
}
