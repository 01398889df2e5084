/** A plan -> its table. As JSON a plan is shown as it is written to its file. */
import type { Plan } from "../../model/plan.ts";
import { humanUsd, plural } from "../formats/values.ts";
import type { Report } from "../report.ts";
import { changeText, nameText } from "./changes.ts";

/** `file`: where it was written; null: nowhere. `again`: flags that printed commands need, with a space before. */
export function planView(plan: Plan, file: string | null, again = ""): Report {
  const saving = plan.changes.reduce((sum, one) => sum + (one.expected?.savingUsdPerMonth?.p50 ?? 0), 0);
  const owned = plan.changes.filter((one) => one.owners.length > 0).length;
  const blind = plan.changes.filter((one) => one.fingerprint === "").length;
  return {
    schemaVersion: 1,
    title: "Plan",
    sections: [
      {
        title: "Changes",
        columns: [
          { key: "name", label: "name", type: "text" },
          { key: "region", label: "region", type: "text", optional: true },
          { key: "change", label: "change", type: "text" },
          { key: "saving", label: "saves a month", type: "usd", basis: "modelled" },
          { key: "danger", label: "danger", type: "text" },
          { key: "owners", label: "owned by", type: "list" },
        ],
        rows: plan.changes.map((one) => ({
          name: nameText(one),
          region: one.region,
          change: changeText(one),
          saving: one.expected?.savingUsdPerMonth?.p50 ?? null,
          danger: one.danger,
          owners: one.owners,
        })),
        notes: [
          ...(plan.changes.length > 0 ? [`${plural(plan.changes.length, "change")}, ${humanUsd(saving)} a month expected.`] : []),
          ...(owned > 0
            ? [
                `${plural(owned, "resource is", "resources are")} owned by infrastructure as code: apply refuses these without --allow-drift.`,
              ]
            : []),
          ...(blind > 0 ? ["Made without connection: apply compares the settings alone, not the revision."] : []),
          whatNext(plan, file, again),
        ],
      },
      ...(plan.skipped.length === 0
        ? []
        : [
            {
              title: "Left out",
              columns: [
                { key: "name", label: "name", type: "text" as const },
                { key: "why", label: "why", type: "text" as const },
              ],
              rows: plan.skipped.map(({ name, why }) => ({ name, why })),
              notes: [],
            },
          ]),
    ],
  };
}

function whatNext(plan: Plan, file: string | null, again: string): string {
  if (plan.changes.length === 0) return file === null ? "There is nothing to apply." : `Written to ${file}; there is nothing to apply.`;
  return file === null
    ? `Nothing was written; --out FILE writes the plan, evscope apply FILE${again} does it.`
    : `Written to ${file}; evscope apply ${file}${again} does it.`;
}
