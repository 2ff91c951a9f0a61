// Finds the commands in a Markdown page's blocks: fenced as sh, or indented by four spaces. Knows nothing of what they do.

export interface ShownCommand {
  /** 1 for the page's first line. */
  readonly line: number;
  /** As a shell takes it: without the prompt, and without the page's remark. */
  readonly text: string;
}

/** The beginnings of commands in an indented block, which may also be a picture, a table or output. */
const begins =
  /^(?:(?:hostd|hostctl|supervisorctl|supervisord|npm) [a-z-]|(?:systemctl|certbot|curl|cp|mkdir|ln|echo|printf|cat|rm|groupadd|useradd|python3|pip|\$EDITOR|nginx|apt|apt-get|cd|update-alternatives) |\/\S+\/bin\/\S+ [a-z-])/;

/** All commands of a page, in order. Two blanks end a command, and a remark follows. */
export function shownCommands(markdown: string): ShownCommand[] {
  const found: ShownCommand[] = [];
  let fence: string | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    const mark = /^```(\w*)/.exec(line);
    if (mark !== null) {
      fence = fence === null ? (mark[1] ?? '') : null;
      continue;
    }
    const isIndented = fence === null && line.startsWith('    ');
    if (fence !== 'sh' && !isIndented) continue;
    const shown = isIndented ? line.slice(4).replace(/^[$#] (?=\S)/, '') : line;
    const text = shown.replace(/(?:\s{2,}|\s+# ).*$/, '');
    if (text === '' || text.startsWith('#')) continue;
    if (fence === 'sh' || begins.test(withoutSudo(text))) found.push({ line: index + 1, text });
  }
  return found;
}

/** The words of each hostd and hostctl in a command line: behind sudo, in a pipe, after another command. */
export function ownCommands(text: string): string[] {
  return text
    .split(/\s(?:&&|\|)\s/)
    .map(part => withoutSudo(part).replace(/\s+>\s.*$/, ''))
    .filter(part => /^(?:hostd|hostctl)\s/.test(part));
}

/** The command without `sudo` and the user that it names. */
export function withoutSudo(text: string): string {
  return text.replace(/^sudo (?:-u \S+ )?/, '');
}
