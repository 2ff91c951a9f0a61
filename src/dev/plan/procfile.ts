// Procfiles: a name and a shell command on each line, as foreman and honcho read them. Pure.

export interface ProcfileLine {
  readonly name: string;
  /** For /bin/sh. */
  readonly command: string;
}

export interface Procfile {
  readonly lines: readonly ProcfileLine[];
  /** "3: ..." for each line that cannot be read. */
  readonly mistakes: readonly string[];
}

export function parseProcfile(text: string): Procfile {
  const lines: ProcfileLine[] = [];
  const mistakes: string[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (/^\s*(#|$)/.test(line)) return;
    const [, name, command] = /^\s*([A-Za-z0-9_-]+)\s*:\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || command === undefined)
      mistakes.push(`${index + 1}: "${line.trim()}" is not NAME: COMMAND`);
    else if (lines.some(other => other.name === name))
      mistakes.push(`${index + 1}: there is a "${name}" already`);
    else lines.push({ name, command });
  });
  return { lines, mistakes };
}
