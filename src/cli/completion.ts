/** Completion scripts for shells, made of the commands as they are. Static: they run without evscope. */

/** A command as completion sees it. */
export interface CompletedCommand {
  /** `dataset info`. */
  words: string;
  summary: string;
  flags: {
    name: string;
    char: string | null;
    /** Takes a value. */ takesValue: boolean;
    options: readonly string[];
    description: string;
  }[];
}

export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

export function completionScript(shell: (typeof SHELLS)[number], commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return `autoload -Uz compinit bashcompinit\ncompinit\nbashcompinit\n${bash(commands)}`;
    case "fish":
      return fish(commands);
    case "powershell":
      return powershell(commands);
  }
}

/** Words that may come after these words: names of commands and topics. */
function nextWords(commands: readonly CompletedCommand[]): Map<string, string[]> {
  const next = new Map<string, Set<string>>();
  for (const { words } of commands) {
    const parts = words.split(" ");
    for (const [index, part] of parts.entries()) {
      const before = parts.slice(0, index).join(" ");
      next.set(before, (next.get(before) ?? new Set()).add(part));
    }
  }
  return new Map([...next].map(([before, after]) => [before, [...after].sort()]));
}

/** Flags as typed: `--since`, `-o`. */
const typed = ({ flags }: CompletedCommand): string[] =>
  flags.flatMap(({ name, char }) => [`--${name}`, ...(char === null ? [] : [`-${char}`])]);

function bash(commands: readonly CompletedCommand[]): string {
  const words = [...nextWords(commands)].map(([before, after]) => `    ${quoted(before)}) words=${quoted(after.join(" "))} ;;`);
  const flags = commands.map((command) => `    ${quoted(command.words)}) flags=${quoted(typed(command).join(" "))} ;;`);
  const values = commands.flatMap(({ words: name, flags: all }) =>
    all
      .filter((flag) => flag.options.length > 0)
      .map(
        (flag) =>
          `    ${quoted(`${name} --${flag.name}`)}) COMPREPLY=($(compgen -W ${quoted(flag.options.join(" "))} -- "$cur")); return ;;`,
      ),
  );
  return `# evscope: completion for bash. Install: evscope completion bash > ~/.local/share/bash-completion/completions/evscope
_evscope() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" cmd="" words="" flags="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in -*) break ;; esac
    case " ${commands.map((one) => one.words.replaceAll(" ", "_")).join(" ")} ${[...nextWords(commands).keys()].filter((one) => one !== "").join(" ")} " in
      *" \${cmd:+\${cmd// /_}_}\${COMP_WORDS[i]} "*) cmd="\${cmd:+$cmd }\${COMP_WORDS[i]}" ;;
      *) break ;;
    esac
  done
  COMPREPLY=()
  case "$cmd $prev" in
${values.join("\n")}
  esac
  case "$cmd" in
${words.join("\n")}
  esac
  case "$cmd" in
${flags.join("\n")}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags --help" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$cur")); [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
}
complete -o filenames -o bashdefault -F _evscope evscope
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = ["# evscope: completion for fish. Install: evscope completion fish > ~/.config/fish/completions/evscope.fish"];
  lines.push(
    "function __evscope_at",
    "  set -l words (commandline -opc)[2..-1]",
    "  set -l at",
    "  for word in $words; string match -q -- '-*' $word; and break; set -a at $word; end",
    '  test "$at" = "$argv[1]"; or string match -q -- "$argv[1] *" "$at "',
    "end",
    "function __evscope_exactly",
    "  set -l words (commandline -opc)[2..-1]",
    '  test "$words" = "$argv[1]"',
    "end",
  );
  const summaries = new Map(commands.map((one) => [one.words, one.summary]));
  for (const [before, after] of nextWords(commands)) {
    for (const word of after) {
      const summary = summaries.get(before === "" ? word : `${before} ${word}`) ?? "";
      lines.push(`complete -c evscope -n ${quoted(`__evscope_exactly ${quoted(before)}`)} -a ${quoted(word)} -d ${quoted(summary)}`);
    }
  }
  for (const { words, flags } of commands) {
    for (const { name, char, takesValue, options, description } of flags) {
      const short = char === null ? "" : ` -s ${char}`;
      const value = options.length > 0 ? ` -x -a ${quoted(options.join(" "))}` : takesValue ? " -r" : "";
      lines.push(`complete -c evscope -n ${quoted(`__evscope_at ${quoted(words)}`)} -l ${name}${short}${value} -d ${quoted(description)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function powershell(commands: readonly CompletedCommand[]): string {
  const entries = [...nextWords(commands)].map(([before, after]) => `    ${ps(before)} = @(${after.map(ps).join(", ")})`);
  const flags = commands.map((command) => `    ${ps(command.words)} = @(${typed(command).map(ps).join(", ")})`);
  const values = commands.flatMap(({ words, flags: all }) =>
    all
      .filter((flag) => flag.options.length > 0)
      .map((flag) => `    ${ps(`${words} --${flag.name}`)} = @(${flag.options.map(ps).join(", ")})`),
  );
  return `# evscope: completion for PowerShell. Install: evscope completion powershell >> $PROFILE
Register-ArgumentCompleter -Native -CommandName evscope -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${entries.join("\n")}
  }
  $flags = @{
${flags.join("\n")}
  }
  $values = @{
${values.join("\n")}
  }
  $given = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -ne '' -and $given.Count -gt 0) { $given = @($given | Select-Object -SkipLast 1) }
  $at = ''
  foreach ($word in $given) {
    $next = if ($at -eq '') { $word } else { "$at $word" }
    if ($words.ContainsKey($next) -or $flags.ContainsKey($next)) { $at = $next } else { break }
  }
  $last = if ($given.Count -gt 0) { $given[-1] } else { '' }
  $found = if ($values.ContainsKey("$at $last")) { $values["$at $last"] } elseif ($wordToComplete -like '-*') { $flags[$at] } else { $words[$at] }
  $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;
}

/** In single quotes of a POSIX shell, which fish reads too but for the backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function ps(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
