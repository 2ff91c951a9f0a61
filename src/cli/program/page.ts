// What `hostctl status APP` looks like below the lines of its programs. Pure: text in, text out.

import type { AboutReply, ProgramAbout } from '../../protocol/control.ts';
import { escapeLine } from '../../words/escape.ts';

const width = 11;

/** The part before the events and the log. */
export function pageOf({ programs, site }: AboutReply): string {
  const [first] = programs;
  const lines: string[] = [];
  const row = (title: string, text: string) => lines.push(`  ${title.padEnd(width)} ${escapeLine(text)}`);
  if (first !== undefined) row('File', first.file);
  if (site !== null) {
    const names = site.server_names.length === 0 ? 'none but NAME.localhost' : site.server_names.join(', ');
    row('Host names', names);
    if (site.upstreams !== undefined) row('Upstreams', site.upstreams.join(', '));
    if (site.certificate !== null) row('Certificate', site.certificate);
    for (const { prefix, alias } of site.locations) row(prefix, alias);
    row('Access log', site.access_log);
    row('Error log', site.error_log);
  }
  for (const program of programs) lines.push('', ...programLines(program));
  return `${lines.join('\n')}\n`;
}

function programLines(program: ProgramAbout): string[] {
  const { name, user, group, directory, command, socket, logs, processes, more_processes: more } = program;
  const row = (title: string, text: string) => `  ${title.padEnd(width)} ${escapeLine(text)}`;
  const whom = `${user ?? "hostd's own"}${group === null ? '' : `, group ${group}`}`;
  const shown = processes.map(({ pid, command: words }) => `${pid} ${words}`.trim());
  return [
    `  ${escapeLine(name)}`,
    row('User', whom),
    ...(directory === null ? [] : [row('Directory', directory)]),
    row('Command', command.join(' ')),
    ...(socket === null ? [] : [row('Socket', `${socket.path}${socket.held ? '' : ' (closed)'}`)]),
    ...logs.map(path => row('Log', path)),
    ...shown.map((text, at) => row(at === 0 ? 'Processes' : '', text)),
    ...(more > 0 ? [row('', `and ${more} more`)] : []),
  ];
}
