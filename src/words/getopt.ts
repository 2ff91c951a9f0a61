// Python's getopt.getopt, with which Supervisor's programs read their command lines. It ends at the first word that is no option. Pure.

export interface Spelling {
  /** One letter; "": the option has no short form. */
  readonly short: string;
  /** Without "--"; "": the option has no long form. */
  readonly long: string;
  readonly takes: boolean;
}

/** One option of the command line. */
export interface Cut<S extends Spelling> {
  readonly option: S;
  /** "-c" or "--configuration". */
  readonly spelled: string;
  /** Its argument; "" where it takes none. */
  readonly text: string;
}

/** `message` is getopt.GetoptError's. */
export class GetoptError extends Error {}

/** `rest`: the words after the options. @throws GetoptError */
export function getopt<S extends Spelling>(
  args: readonly string[],
  options: readonly S[],
): { readonly cuts: readonly Cut<S>[]; readonly rest: readonly string[] } {
  const cuts: Cut<S>[] = [];
  const rest = [...args];
  while (rest[0]?.startsWith('-') && rest[0] !== '-') {
    const word = rest.shift() ?? '';
    if (word === '--') break;
    if (word.startsWith('--')) cuts.push(cutLong(word.slice(2), rest, options));
    else cuts.push(...cutLetters(word.slice(1), rest, options));
  }
  return { cuts, rest };
}

function cutLetters<S extends Spelling>(letters: string, rest: string[], options: readonly S[]): Cut<S>[] {
  const cuts: Cut<S>[] = [];
  for (let left = letters; left !== ''; ) {
    const [letter = ''] = left;
    left = left.slice(letter.length);
    const option = options.find(({ short }) => short === letter);
    if (option === undefined) throw new GetoptError(`option -${letter} not recognized`);
    let text = '';
    if (option.takes) {
      if (left === '' && rest.length === 0) throw new GetoptError(`option -${letter} requires argument`);
      text = left === '' ? (rest.shift() ?? '') : left;
      left = '';
    }
    cuts.push({ option, spelled: `-${letter}`, text });
  }
  return cuts;
}

/** Finds an option by its whole name, or by a beginning that no other has. */
function cutLong<S extends Spelling>(word: string, rest: string[], options: readonly S[]): Cut<S> {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const fitting = options.filter(({ long }) => long !== '' && long.startsWith(name));
  const exact = fitting.find(({ long }) => long === name);
  const option = exact ?? fitting[0];
  if (option === undefined) throw new GetoptError(`option --${name} not recognized`);
  if (exact === undefined && fitting.length > 1)
    throw new GetoptError(`option --${name} not a unique prefix`);
  const spelled = `--${option.long}`;
  if (!option.takes) {
    if (equals >= 0) throw new GetoptError(`option ${spelled} must not have an argument`);
    return { option, spelled, text: '' };
  }
  if (equals >= 0) return { option, spelled, text: word.slice(equals + 1) };
  if (rest.length === 0) throw new GetoptError(`option ${spelled} requires argument`);
  return { option, spelled, text: rest.shift() ?? '' };
}
