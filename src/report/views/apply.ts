/** What an apply or undo will do, or did -> its document and table. */
import type { Change, Danger } from "../../model/plan.ts";
import { humanUsd, plural } from "../formats/values.ts";
import type { Report } from "../report.ts";
import { changeText, nameText, type SettingDocument, settingsOf } from "./changes.ts";

export interface ApplyFacts {
  state: "applied" | "nothing" | "dry-run" | "declined" | "refused";
  run: string | null;
  undoes: string | null;
  planHash: string | null;
  resumed: boolean;
  /** Flags that printed commands need, with a space before; empty: none. */
  again: string;
  changes: readonly {
    change: Change;
    state: "planned" | "done" | "already" | "failed" | "refused" | "not-tried";
    note: string | null;
    publishedVersion: string | null;
    owners: readonly string[];
  }[];
}

/** `apply|undo --format json`; its shape is `schemas/apply.schema.json`. */
export interface ApplyDocument {
  schemaVersion: 1;
  state: ApplyFacts["state"];
  run: string | null;
  undoes: string | null;
  planHash: string | null;
  resumed: boolean;
  /** null: nothing was changed. */
  undo: string | null;
  changes: {
    id: string;
    name: string;
    resource: string;
    account: string;
    region: string;
    state: ApplyFacts["changes"][number]["state"];
    settings: SettingDocument[];
    alias: string | null;
    publishedVersion: string | null;
    danger: Danger;
    owners: string[];
    savingUsdPerMonth: { p10: number; p50: number; p90: number } | null;
    note: string | null;
  }[];
}

export function applyDocument(facts: ApplyFacts): ApplyDocument {
  const { state, run, undoes, planHash, resumed } = facts;
  return {
    schemaVersion: 1,
    state,
    run,
    undoes,
    planHash,
    resumed,
    undo: undoOf(facts),
    changes: facts.changes.map(({ change, state: ended, note, publishedVersion, owners }) => ({
      id: change.id,
      name: change.name,
      resource: change.resource,
      account: change.account,
      region: change.region,
      state: ended,
      settings: settingsOf(change),
      alias: change.alias,
      publishedVersion,
      danger: change.danger,
      owners: [...owners],
      savingUsdPerMonth: change.expected?.savingUsdPerMonth ?? null,
      note,
    })),
  };
}

export function applyView(facts: ApplyFacts): Report {
  return {
    schemaVersion: 1,
    title: facts.undoes === null ? "Apply" : "Undo",
    sections: [
      {
        title: facts.undoes === null ? "Apply" : `Undo of ${facts.undoes}`,
        columns: [
          { key: "name", label: "name", type: "text" },
          { key: "region", label: "region", type: "text", optional: true },
          { key: "change", label: "change", type: "text" },
          { key: "saving", label: "saves a month", type: "usd", basis: "modelled", optional: true },
          { key: "danger", label: "danger", type: "text", optional: true },
          { key: "owners", label: "owned by", type: "list", optional: true },
          { key: "state", label: "state", type: "text" },
          { key: "note", label: "note", type: "text", below: true },
        ],
        rows: facts.changes.map(({ change, state, note, publishedVersion, owners }) => ({
          name: nameText(change),
          region: change.region,
          change: changeText(change),
          saving: change.expected?.savingUsdPerMonth?.p50 ?? null,
          danger: change.danger,
          owners: [...owners],
          state,
          note: [...(publishedVersion === null ? [] : [`version ${publishedVersion}`]), ...(note === null ? [] : [note])].join("; "),
        })),
        notes: notesOf(facts),
      },
    ],
  };
}

function notesOf(facts: ApplyFacts): string[] {
  const count = (state: string): number => facts.changes.filter((one) => one.state === state).length;
  const saving = facts.changes
    .filter((one) => one.state === "planned" || one.state === "done")
    .reduce((sum, one) => sum + (one.change.expected?.savingUsdPerMonth?.p50 ?? 0), 0);
  const worth = facts.undoes === null ? ` Expected saving ${humanUsd(saving)} a month.` : "";
  const undo = undoOf(facts);
  switch (facts.state) {
    case "dry-run":
      return [`${plural(count("planned"), "change")} to make.${worth}`];
    case "nothing":
      return ["Nothing to do."];
    case "declined":
      return ["Nothing was changed."];
    case "refused":
      return ["Nothing was changed: something speaks against it. --continue does the others."];
    case "applied":
      return [
        `Run ${facts.run}: ${plural(count("done"), "change")} made.${worth}`,
        ...(undo === null ? [] : [`${undo}   takes it back.`]),
        ...(undo === null || facts.undoes !== null
          ? []
          : [`evscope verify ${facts.run}${facts.again}   compares what happens now with what was promised.`]),
      ];
  }
}

function undoOf(facts: ApplyFacts): string | null {
  return facts.run !== null && facts.changes.some((one) => one.state === "done") ? `evscope undo ${facts.run}${facts.again}` : null;
}
