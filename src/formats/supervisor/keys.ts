// One program as the keys of its [program:x] section, in Supervisor's terms and with its defaults left out.

import type { App, Program } from '../../model/host.ts';
import { quoteWord } from '../../words/shlex.ts';
import { defaultStopSeconds, ownEnvironment, startScript } from '../layout.ts';
import { quotePair, quoteValue } from './quote.ts';

export type SectionKeys = ReadonlyMap<string, string>;

/** Supervisor has no "for ever". A million tries, each a second later than the last one, takes longer than a machine's life. */
export const foreverRetries = 1_000_000;

/** `app`: for the app's own gunicorn; else null. */
export function sectionKeys(program: Program, app: App | null, plain: boolean): SectionKeys {
  const keys = new Map<string, string>();
  const put = (key: string, value: string | number | boolean, usual: string | number | boolean) => {
    if (value !== usual) keys.set(key, String(value));
  };
  const usesScript = app !== null && app.command === null;
  const { command, environment } = commandAndEnvironment(program, usesScript ? app : null, plain);
  keys.set('command', command);
  if (!usesScript && program.directory !== null) keys.set('directory', quoteValue(program.directory));
  if (program.user !== null) keys.set('user', program.user);
  put('umask', program.umask.toString(8).padStart(3, '0'), '022');
  if (environment !== '') keys.set('environment', environment);
  if (program.listener !== null) {
    keys.set('events', program.listener.events.join(','));
    put('buffer_size', program.listener.bufferSize, 10);
  }
  put('priority', program.priority, program.listener === null ? 999 : -1);
  put('autostart', program.autostart && program.schedule === null, true);
  const leaves = (isUsual: boolean) => plain && app !== null && isUsual;
  if (!leaves(program.autorestart === 'always'))
    put('autorestart', { always: 'true', never: 'false', unexpected: '' }[program.autorestart], '');
  put('startsecs', Math.ceil(program.startsecs), 1);
  if (!leaves(program.startretries === null)) put('startretries', program.startretries ?? foreverRetries, 3);
  put('exitcodes', program.exitcodes.join(','), '0');
  put('stopsignal', program.stopsignal.slice(3), 'TERM');
  if (!leaves(app !== null && program.stopwaitsecs === defaultStopSeconds(app)))
    put('stopwaitsecs', Math.ceil(program.stopwaitsecs), 10);
  put('stopasgroup', program.stopasgroup, false);
  put('killasgroup', program.killasgroup, program.stopasgroup);
  putLogs(program, keys);
  return keys;
}

function putLogs({ stdout, stderr }: Program, keys: Map<string, string>): void {
  for (const [stream, log] of [
    ['stdout', stdout],
    ['stderr', stderr],
  ] as const) {
    if (log === null) keys.set('redirect_stderr', 'true');
    else {
      keys.set(`${stream}_logfile`, log.path === null ? 'NONE' : quoteValue(log.path, 2));
      if (log.path !== null && log.maxBytes !== 50 * 1024 ** 2)
        keys.set(`${stream}_logfile_maxbytes`, sizeText(log.maxBytes));
      if (log.path !== null && log.backups !== 10) keys.set(`${stream}_logfile_backups`, String(log.backups));
      const { events = false, captureBytes = 0, syslog = false } = log.through ?? {};
      if (events) keys.set(`${stream}_events_enabled`, 'true');
      if (captureBytes > 0) keys.set(`${stream}_capture_maxbytes`, sizeText(captureBytes));
      if (syslog) keys.set(`${stream}_syslog`, 'true');
    }
  }
}

/** Supervisor knows KB, MB and GB, and no K. */
function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1024 ** 3],
    ['MB', 1024 ** 2],
    ['KB', 1024],
  ] as const)
    if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  return String(bytes);
}

/** env(1) in front of the command sets variables whose values environment= cannot hold. */
function commandAndEnvironment(program: Program, scripted: App | null, plain: boolean) {
  if (scripted !== null) return { command: quoteValue(quoteWord(startScript(scripted))), environment: '' };
  const pairs: string[] = [];
  const before: string[] = [];
  for (const [name, value] of Object.entries(ownEnvironment(program))) {
    const pair = quotePair(name, value);
    if (pair === null) before.push(`${name}=${value}`);
    else pairs.push(pair);
  }
  const words = [
    ...(program.noNewPrivileges && !plain ? ['/usr/bin/setpriv', '--no-new-privs', '--'] : []),
    ...(before.length === 0 ? [] : ['/usr/bin/env', '--', ...before]),
    ...program.command,
  ];
  return {
    command: quoteValue(words.map(quoteWord).join(' ')),
    environment: quoteValue(pairs.join(',')),
  };
}
