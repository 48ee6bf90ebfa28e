import { type Command, InvalidArgumentError } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The shell of that name. Throws commander's error for another. */
export function shellOf(text: string): Shell {
  const found = SHELLS.find(shell => shell === text);
  if (found) return found;
  throw new InvalidArgumentError(`Expected one of ${SHELLS.join(', ')}.`);
}

/** A script that completes the program's commands, flags and their choices; what else is typed is a file. */
export function completionScript(program: Command, shell: Shell): string {
  return shell === 'fish' ? fishScript(program) : bashScript(program, shell);
}

interface Flag {
  readonly names: readonly string[];
  readonly about: string;
  readonly choices: readonly string[];
  readonly takesValue: boolean;
}

const flagsOf = (command: Command): Flag[] =>
  command.options.map(({ short, long, description, argChoices, required }) => ({
    names: [short, long].filter(name => name !== undefined),
    about: description,
    choices: argChoices ?? [],
    takesValue: required,
  }));

const namesOf = (program: Command): string[] => ['help', ...program.commands.map(command => command.name())];

function bashScript(program: Command, shell: 'bash' | 'zsh'): string {
  const cases = program.commands.map(command => {
    const flags = flagsOf(command);
    const words = flags.flatMap(({ names }) => names).concat('--help');
    const choices = flags
      .filter(flag => flag.choices.length > 0)
      .map(
        ({ names, choices }) =>
          `      case "$before" in ${names.join('|')}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$word")); return;; esac\n`,
      );
    return `    ${command.name()})\n${choices.join('')}      flags="${words.join(' ')}";;\n`;
  });
  const load = shell === 'zsh' ? 'autoload -Uz compinit bashcompinit && compinit && bashcompinit\n' : '';
  return `${load}_police() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" flags=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${namesOf(program).join(' ')}" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('')}  esac
  if [ "\${word#-}" != "$word" ]; then COMPREPLY=($(compgen -W "$flags" -- "$word")); return; fi
  COMPREPLY=($(compgen -f -- "$word"))
}
complete -F _police police
`;
}

function fishScript(program: Command): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = program.commands.flatMap(command => [
    `complete -c police -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.description())}`,
    ...flagsOf(command).map(({ names, about, choices, takesValue }) => {
      const written = names.map(name =>
        name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
      );
      const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
      return `complete -c police -n '__fish_seen_subcommand_from ${command.name()}' ${written.join(' ')}${value} -d ${quoted(about)}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}
