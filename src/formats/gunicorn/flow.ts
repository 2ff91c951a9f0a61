// Branches, loops, functions and chains of a shell script: which of its commands may not be run at all.

export interface ShellCommand {
  readonly line: number;
  /** As written, on one line. */
  readonly text: string;
  /** NAME=value in front of the command, or alone. */
  readonly assignments: readonly { readonly name: string; readonly value: string | null }[];
  /** null: the word depends on something that only a running shell knows. */
  readonly words: readonly (string | null)[];
  /** The same words, with `unknown` in the place of a part that only a running shell knows. */
  readonly parts: readonly string[];
  /** "2>&1", ">> /var/log/x.log". */
  readonly redirections: readonly string[];
  /** What stands before it: "" at the beginning of a line, else ";", "&&", "||", "|", "&". */
  readonly after: string;
  /** Whether it may not be run at all: in a branch, a loop, a function, or after a test. */
  readonly conditional: boolean;
}

/** Commands that test something. The outcome decides whether the command after && or || is run. */
const tests = new Set(['[', '[[', 'test', 'grep', 'which', 'command', 'type', 'hash', 'pgrep', '!']);

/** Follows branches, loops and functions. */
export class Flow {
  /** For each open block, whether it may not be run. */
  readonly #blocks: boolean[] = [];
  /** Whether the chain of && and || so far depends on a test. */
  #hangs = false;

  /** The command without the words of the script's structure; null: no word is left. */
  enter(read: ShellCommand): ShellCommand | null {
    if (read.after !== '&&' && read.after !== '||') this.#hangs = false;
    let command = read;
    const drop = () => {
      command = { ...command, words: command.words.slice(1), parts: command.parts.slice(1) };
    };
    let isConditional = this.#blocks.includes(true);
    for (let word = command.words[0]; command.assignments.length === 0; word = command.words[0]) {
      if (word === 'fi' || word === 'done' || word === 'esac' || word === '}') this.#blocks.pop();
      else if (word === '{') this.#blocks.push(read.after === ')');
      else if (word !== 'then' && word !== 'else' && word !== 'do' && word !== 'time') break;
      drop();
      isConditional = this.#blocks.includes(true);
    }
    const [first = ''] = command.words;
    if (['if', 'while', 'until', 'for', 'case', 'select'].includes(first ?? '')) this.#blocks.push(true);
    if (first === 'function') this.#blocks.push(true);
    const hangs = this.#hangs || read.after === '||';
    this.#hangs = hangs || tests.has(first ?? '');
    const isEmpty = command.words.length + command.assignments.length + command.redirections.length === 0;
    return isEmpty ? null : { ...command, conditional: isConditional || hangs };
  }
}
