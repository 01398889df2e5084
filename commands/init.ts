import { homedir } from "node:os";
import { Flags } from "@oclif/core";
import { diagnose } from "../src/app/doctor.ts";
import { findPlaces, settingsText, writeSettings } from "../src/app/init.ts";
import { askNames, choose } from "../src/cli/confirm.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { EXIT } from "../src/model/errors.ts";
import { doctorText } from "../src/report/render.ts";

export default class Init extends BaseCommand {
  static override summary = "write evscope.yaml from what this machine knows, and check it";
  static override description =
    prose(`Finds the AWS profiles, Azure subscriptions (az login) and Google Cloud projects (gcloud) of this machine, asks which to read, writes a
commented evscope.yaml, then runs doctor on it. Finding reads the tools' own files and asks nobody; no secret is read out of them. doctor
asks the clouds, which costs nothing and writes nothing.

Where nobody can be asked, the file is printed and nothing is written; --yes takes everything that was found.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --yes --keys bookingRef,tenantOrder",
    "<%= config.bin %> <%= command.id %> --offline > evscope.yaml   # print it, ask no cloud",
  ];
  static override flags = {
    yes: Flags.boolean({ char: "y", description: "take everything that is found, without asking" }),
    force: Flags.boolean({ description: "replace the file that is there" }),
    keys: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ",",
      helpValue: "FIELD",
      description: "fields of your logs that carry your correlation or business ID, besides the usual ones",
    }),
    offline: Flags.boolean({ description: "do not run doctor: no cloud is asked" }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Init);
    const path = flags.config ?? "evscope.yaml";
    const places = findPlaces(homedir(), process.env, process.platform);
    this.host.note(places.length === 0 ? "found no profile, subscription or project on this machine; the file has examples" : "found:");
    for (const [index, place] of places.entries()) {
      this.host.note(
        `  ${index + 1}  ${place.cloud}  ${place.name}${place.account === null ? "" : `  ${place.account}`}  (${place.source})`,
      );
    }
    const canAsk = process.stdin.isTTY === true && process.stderr.isTTY === true;
    if (!flags.yes && !canAsk) {
      this.print(settingsText(places, flags.keys ?? []));
      this.host.note(`nothing was written: evscope init --yes writes ${path}`);
      return;
    }
    const chosen =
      flags.yes || places.length === 0
        ? places
        : await choose("Which of them to read? (all, none, or numbers such as 1,3)", places, this.abort.signal);
    const keys =
      flags.keys ??
      (flags.yes
        ? []
        : await askNames(
            "Log fields that carry your business ID, besides correlationId, orderId, ...? (names, or Enter)",
            this.abort.signal,
          ));
    writeSettings(path, settingsText(chosen, keys), flags.force);
    this.host.note(`written: ${path}`);
    const settings = this.settings({ config: path });
    if (flags.offline || settings.live.accounts.length === 0) return;
    this.host.note(
      `evscope doctor asks ${settings.live.accounts.map((one) => one.name).join(", ")} now (it writes nothing, and costs nothing)`,
    );
    const result = await diagnose(flags.data, settings, {}, process.env, this.world(settings));
    this.print(doctorText(result, "table", this.terminal()));
    this.exitWith(result.blocked ? EXIT.credentials : EXIT.done);
  }
}
