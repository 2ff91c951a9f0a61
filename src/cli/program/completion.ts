// Completion scripts for hostctl and for hostd, made from their commands. Pure. The scripts ask hostctl for names of programs when Tab is
// pressed.

import { type Command, commonOptions, type Operands, type Option } from './command.ts';

type Options = Readonly<Record<string, Option>>;

/** By shell. */
export const completionScripts: Readonly<Record<string, typeof bash>> = { bash, zsh, fish };

function bash(program: string, commands: readonly Command[], own: Options): string {
  const common = { ...commonOptions, ...own };
  const cases = commands.map(({ name, options, operands }) => {
    const named = programWords(operands) ?? fixedWords(operands, commands);
    const programs = operands.complete === 'programs' ? ` $(_${program}_programs "\${asked[@]}")` : '';
    const choices = longOptions({ ...options, ...common }).join(' ');
    return `    ${name}) options="${choices}"; words="${named.join(' ')}${programs}" ;;\n`;
  });
  const withValue = valueOptions([common, ...commands.map(command => command.options)]).join('|');
  // COMP_WORDS is split at the colons of "hello:celery" (COMP_WORDBREAKS), so the word is taken from the line itself.
  return `# bash completion of ${program}, printed by: ${program} completion bash

_${program}_programs() {
  local name rest
  hostctl "$@" status 2>/dev/null | while read -r name rest; do printf '%s\\n' "$name"; done
}

_${program}() {
  local line=\${COMP_LINE:0:COMP_POINT} command='' words='' options='' skip='' word
  local -a asked=()
  local current=\${line##* }
  for word in \${line%"$current"}; do
    if [ -n "$skip" ]; then
      # Programs are those of the hostd that the line is about.
      case $skip in
        -c | --config | --socket) asked+=("$skip" "$word") ;;
      esac
      skip=''
      continue
    fi
    case $word in
      ${withValue}) skip=$word ;;
      -* | ${program} | */${program}) ;;
      *) [ -n "$command" ] || command=$word ;;
    esac
  done
  if [ -n "$skip" ]; then
    case $skip in
      -c | --config | --socket) COMPREPLY=($(compgen -f -- "$current")) ;;
    esac
    return
  fi
  case $command in
    '') options="${longOptions(common).join(' ')}"; words="${commands.map(command => command.name).join(' ')}" ;;
${cases.join('')}  esac
  # Options where one is begun, or where there is nothing else.
  case $current in
    -*) words=$options ;;
    *) [ -n "$words" ] || words=$options ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  case $current in
    *:*)
      case $COMP_WORDBREAKS in
        *:*) COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*:}"}"}") ;;
      esac ;;
  esac
}

complete -F _${program} ${program}
`;
}

function zsh(program: string, commands: readonly Command[], own: Options): string {
  const list = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n');
  const cases = commands.map(({ name, options, operands }) => {
    const specs = optionSpecs(options);
    const { complete } = operands;
    const also = operands.also ?? [];
    if (complete === 'programs' && also.length > 0)
      specs.push(quote(`*: :{_${program}_programs; compadd ${also.join(' ')}}`));
    else if (complete === 'programs') specs.push(quote(`*:program:_${program}_programs`));
    else if (complete !== undefined)
      specs.push(quote(`*:word:(${fixedWords(operands, commands).join(' ')})`));
    return `        ${name}) _arguments ${['$common', ...specs].join(' ')} ;;\n`;
  });
  return `#compdef ${program}
# zsh completion of ${program}, printed by: ${program} completion zsh

_${program}_programs() {
  local -a programs
  programs=(\${\${(f)"$(hostctl status 2>/dev/null)"}%% *} all)
  compadd -a programs
}

_${program}() {
  local state line
  local -a common commands
  common=(${optionSpecs({ ...commonOptions, ...own }).join(' ')})
  commands=(
${list}
  )
  _arguments -C $common '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${cases.join('')}      esac ;;
  esac
}

_${program} "$@"
`;
}

function fish(program: string, commands: readonly Command[], own: Options): string {
  const first = commands.map(
    ({ name, summary }) =>
      `complete -c ${program} -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}\n`,
  );
  const rest = commands.flatMap(({ name, options, operands }) => {
    const when = `-n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    const lines = Object.entries(options).map(([long, option]) => fishOption(program, when, long, option));
    if (operands.complete === 'programs')
      lines.push(
        `complete -c ${program} ${when} -f -a '(__${program}_programs) ${(programWords(operands) ?? []).join(' ')}'\n`,
      );
    else if (operands.complete !== undefined)
      lines.push(`complete -c ${program} ${when} -f -a ${quote(fixedWords(operands, commands).join(' '))}\n`);
    return lines;
  });
  const common = Object.entries({ ...commonOptions, ...own }).map(([long, option]) =>
    fishOption(program, '', long, option),
  );
  return `# fish completion of ${program}, printed by: ${program} completion fish

function __${program}_programs
    hostctl status 2>/dev/null | string replace -r ' .*' ''
end

${common.join('')}${first.join('')}${rest.join('')}`;
}

function fishOption(program: string, when: string, long: string, { short, value, help }: Option): string {
  const words = [
    `complete -c ${program}`,
    when,
    `-l ${long}`,
    short === undefined ? '' : `-s ${short}`,
    value === undefined ? '' : value === 'FILE' || value === 'PATH' ? '-r -F' : '-x',
    `-d ${quote(help)}`,
  ];
  return `${words.filter(word => word !== '').join(' ')}\n`;
}

/** What zsh's _arguments takes: '--lines[how many]:N:'. */
function optionSpecs(options: Options): string[] {
  return Object.entries(options).flatMap(([long, { short, value, help }]) => {
    const files = value === 'FILE' || value === 'PATH' ? '_files' : '';
    const tail = `[${help}]${value === undefined ? '' : `:${value}:${files}`}`;
    return [`--${long}`, ...(short === undefined ? [] : [`-${short}`])].map(name => quote(`${name}${tail}`));
  });
}

function longOptions(options: Options): string[] {
  return Object.keys(options).map(name => `--${name}`);
}

/** Options whose next word is their value. */
function valueOptions(all: readonly Options[]): string[] {
  const names = all.flatMap(options =>
    Object.entries(options).flatMap(([long, { type, short }]) =>
      type === 'boolean' ? [] : [`--${long}`, ...(short === undefined ? [] : [`-${short}`])],
    ),
  );
  return [...new Set(names)];
}

/** The words besides the programs; null: the command takes no programs. */
function programWords({ complete, also = [] }: Operands): readonly string[] | null {
  return complete === 'programs' ? ['all', ...also] : null;
}

/** The words that an operand may be, where they are known without hostd. */
function fixedWords({ complete }: Operands, commands: readonly Command[]): readonly string[] {
  if (complete === 'commands') return commands.map(({ name }) => name);
  return complete === undefined || complete === 'programs' ? [] : complete;
}

/** One word for a shell: POSIX's for bash and zsh. fish reads \\' and \\\\ in quotes, so neither is used. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
