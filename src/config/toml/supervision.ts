// From Supervisor's keys to how a program is supervised; shared by [app], [app.X.program.Y] and [program].

import { same } from '../../model/changes.ts';
import type { Channel, LogFile, Supervision, Through } from '../../model/host.ts';
import { ownOutputOf } from '../../model/own-output.ts';
import {
  eachField,
  type Field,
  plainThrough,
  supervisionRows,
  throughRows,
  usualLog,
} from '../../model/supervision.ts';
import type { supervisionKeys } from './keys.ts';
import { report, type Scope, type Values } from './table.ts';
import { tidyPath } from './values.ts';

type Given = Values<typeof supervisionKeys>;

/** Where a program's AUTO logs are, whether its stderr has a log of its own, and which directory a relative path may have been meant for. */
export interface LogPlaces {
  readonly stdout: string;
  readonly stderr: string;
  readonly redirect: boolean;
  readonly base: string;
}

/** `text` expands a path as written; null: it cannot, which it has reported. */
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

  function logOf(stream: Channel): LogFile {
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
      through: throughOf(given, stream, ownOutputOf(written) !== null),
    };
  }
}

/** What hostd does with a stream's output; null: nothing, since the program writes to its log itself. */
function throughOf(given: Given, stream: Channel, isOwn: boolean): Through | null {
  const through: Through = {
    events: given[`${stream}_events_enabled`] ?? throughRows.events.usual,
    captureBytes: given[`${stream}_capture_maxbytes`] ?? throughRows.captureBytes.usual,
    syslog: given[`${stream}_syslog`] ?? throughRows.syslog.usual,
    stripAnsi: given.strip_ansi ?? false,
    echo: false,
  };
  return isOwn || !same(through, plainThrough) ? through : null;
}

/** The path, tidied; null: it is not absolute, which is reported with the path below `base`. */
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
