import { Args } from "@oclif/core";
import { BaseCommand, prose } from "../src/cli/base-command.ts";
import { completionScript, SHELLS } from "../src/cli/completion.ts";

export default class Completion extends BaseCommand {
  static override summary = "print a script that completes commands, flags and their values in your shell";
  static override description =
    prose(`The script is made of this version's commands and does not call evscope: print it again after an update.

bash: evscope completion bash > ~/.local/share/bash-completion/completions/evscope

zsh: evscope completion zsh > ~/.evscope-completion.zsh, and in ~/.zshrc: source ~/.evscope-completion.zsh

fish: evscope completion fish > ~/.config/fish/completions/evscope.fish

PowerShell: evscope completion powershell >> $PROFILE`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> bash > ~/.local/share/bash-completion/completions/evscope",
    "<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/evscope.fish",
  ];
  static override args = { shell: Args.string({ required: true, options: [...SHELLS], description: "which shell" }) };

  override async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    const commands = this.config.commands
      .filter((command) => command.hidden !== true)
      .map((command) => ({
        words: command.id.replaceAll(":", " "),
        summary: command.summary ?? "",
        flags: Object.values(command.flags).map((flag) => ({
          name: flag.name,
          char: flag.char ?? null,
          takesValue: flag.type === "option",
          options: (flag.type === "option" ? flag.options : undefined) ?? [],
          description: (flag.summary ?? flag.description ?? "").split("\n")[0]!,
        })),
      }))
      .sort((a, b) => (a.words < b.words ? -1 : 1));
    this.print(completionScript(args.shell as (typeof SHELLS)[number], commands));
  }
}
