// From Supervisor's keys to how a program is supervised; shared by [app], [app.X.program.Y] and [program].

import type { LogFile, Supervision } from '../../model/host.ts';
import { eachField, type Field, supervisionRows, usualLog } from '../../model/supervision.ts';
import type { supervisionKeys } from './keys.ts';
import { report, type Scope, type Values } from './table.ts';
import { tidyPath } from './values.ts';

type Given = Values<typeof supervisionKeys>;

/** Where the AUTO logs of a program are, whether its stderr has one of its own, and what a relative path may have meant. */
export interface LogPlaces {
  readonly stdout: string;
  readonly stderr: string;
  readonly redirect: boolean;
  readonly base: string;
}

/** `text` turns a path as written into what it stands for (expansion), or null when it has reported why it cannot. */
export function supervisionOf(
  scope: Scope,
  given: Given,
  defaults: Pick<Supervision, Field>,
  logs: LogPlaces,
  text: (key: string, written: string) => string | null,
): Supervision {
  const stopasgroup = given.stopasgroup ?? defaults.stopasgroup;
  if (stopasgroup && given.killasgroup === false)
    report(
      scope,
      ['killasgroup'],
      'cannot use killasgroup = false with stopasgroup = true: what ignores stopsignal would be left',
      'killasgroup = true',
    );
  return {
    ...eachField(field => given[supervisionRows[field].key] ?? defaults[field]),
    stopasgroup,
    killasgroup: given.killasgroup ?? (stopasgroup || defaults.killasgroup),
    stdout: logOf('stdout'),
    stderr: (given.redirect_stderr ?? logs.redirect) ? null : logOf('stderr'),
  };

  function logOf(stream: 'stdout' | 'stderr'): LogFile {
    const written = given[`${stream}_logfile`] ?? 'AUTO';
    const word = written.toUpperCase();
    return {
      path:
        word === 'AUTO'
          ? logs[stream]
          : word === 'NONE' || word === 'OFF' || written === '/dev/null'
            ? null
            : absolute(scope, `${stream}_logfile`, text(`${stream}_logfile`, written), logs.base),
      maxBytes: given[`${stream}_logfile_maxbytes`] ?? usualLog.maxBytes,
      backups: given[`${stream}_logfile_backups`] ?? usualLog.backups,
      maxAge: given[`${stream}_logfile_maxage`] || null,
    };
  }
}

/** The path, tidied; null after reporting one that is not absolute, with what it would be below `base`. */
export function absolute(scope: Scope, key: string, path: string | null, base: string): string | null {
  if (path === null) return null;
  if (path.startsWith('/')) return tidyPath(path);
  const meant = JSON.stringify(tidyPath(`${base}/${path}`));
  report(
    scope,
    [key],
    `cannot use ${key} = ${JSON.stringify(path)}: it is not an absolute path`,
    `${key} = ${meant}`,
  );
  return null;
}
