// What the kinds of programs have in common.

import type { Kind, Program } from './host.ts';

/** Whether the program serves its app's site. */
export function servesApp({ kind }: Pick<Program, 'kind'>): boolean {
  return kind === 'gunicorn' || kind === 'app';
}

/** The kind of a program from a record that has none, since an older hostd wrote it: by its names and its command. */
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
