/** What commands that change something share: the question before, and how it is put. */
import { createInterface } from "node:readline/promises";
import type { Manner } from "../app/carry-out.ts";
import type { Reach } from "../app/apply.ts";
import type { LiveFlags } from "../app/targets.ts";
import { UserError } from "../model/errors.ts";
import { again } from "./again.ts";
import { applyText } from "../report/render.ts";
import { BaseCommand } from "./base-command.ts";

interface MannerFlags {
  yes: boolean;
  "dry-run": boolean;
  parallel: number;
  continue: boolean;
}

export abstract class ChangeCommand extends BaseCommand {
  /** Shows what will be done on stderr, and asks on a terminal unless --yes was given. */
  protected manner(flags: MannerFlags): Manner {
    return {
      dryRun: flags["dry-run"],
      parallel: flags.parallel,
      keepGoing: flags.continue,
      confirm: async (preview) => {
        this.host.show(applyText(preview, "table", this.terminal()));
        return flags.yes || this.ask("Make these changes?");
      },
    };
  }

  protected reach(flags: LiveFlags & { data: string; config: string | undefined; prices?: string | undefined }): Reach {
    const settings = this.settings(flags);
    return {
      settings: { ...settings, pricesFile: flags.prices ?? settings.pricesFile },
      flags,
      env: process.env,
      world: this.world(settings),
      again: again(flags),
    };
  }

  /** Anything but yes is no. Throws UserError where nobody can be asked. */
  private async ask(question: string): Promise<boolean> {
    if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
      throw new UserError("nobody can be asked here, so nothing was changed", {
        suggestions: ["--yes makes the changes without asking", "--dry-run only shows them"],
      });
    }
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: this.abort.signal })).trim());
    } finally {
      terminal.close();
    }
  }
}
