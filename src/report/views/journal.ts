/** The journal, as runs -> its document and table. */
import type { Change } from "../../model/plan.ts";
import type { EpochMs } from "../../model/units.ts";
import type { Report } from "../report.ts";
import { changeText, nameText, type SettingDocument, settingsOf } from "./changes.ts";
import { isoTime } from "./time.ts";

export interface JournalFacts {
  torn: boolean;
  /** Flags that printed commands need, with a space before; left out: none. */
  again?: string;
  runs: readonly {
    run: string;
    beganAt: EpochMs;
    endedAt: EpochMs | null;
    undoes: string | null;
    undoneBy: string | null;
    planHash: string | null;
    verdict: string | null;
    note: string | null;
    steps: ReadonlyMap<
      string,
      { change: Change; end: { step: "done" | "failed" | "refused"; note: string | null; publishedVersion: string | null } | null }
    >;
  }[];
}

/** `journal --format json`; its shape is `schemas/journal.schema.json`. */
export interface JournalDocument {
  schemaVersion: 1;
  /** The last line was cut by a crash, or is being written now. */
  torn: boolean;
  runs: {
    run: string;
    kind: "apply" | "undo";
    beganAt: string | null;
    /** null: it was interrupted, or is under way. */
    endedAt: string | null;
    undoes: string | null;
    undoneBy: string | null;
    planHash: string | null;
    verdict: string | null;
    note: string | null;
    changes: {
      id: string;
      name: string;
      resource: string;
      /** open: begun, and no end is known. */
      state: "done" | "failed" | "refused" | "open";
      settings: SettingDocument[];
      alias: string | null;
      publishedVersion: string | null;
      note: string | null;
    }[];
  }[];
}

export function journalDocument(facts: JournalFacts): JournalDocument {
  return {
    schemaVersion: 1,
    torn: facts.torn,
    runs: facts.runs.map(({ run, beganAt, endedAt, undoes, undoneBy, planHash, verdict, note, steps }) => ({
      run,
      kind: undoes === null ? "apply" : "undo",
      beganAt: isoTime(beganAt),
      endedAt: isoTime(endedAt),
      undoes,
      undoneBy,
      planHash,
      verdict,
      note,
      changes: [...steps.values()].map(({ change, end }) => ({
        id: change.id,
        name: change.name,
        resource: change.resource,
        state: end?.step ?? "open",
        settings: settingsOf(change),
        alias: change.alias,
        publishedVersion: end?.publishedVersion ?? null,
        note: end?.note ?? null,
      })),
    })),
  };
}

/** All runs, a row each; a single one with its changes. */
export function journalView(facts: JournalFacts): Report {
  const [only] = facts.runs;
  const changes = facts.runs.length === 1 && only ? [...only.steps.values()] : null;
  return {
    schemaVersion: 1,
    title: "Journal",
    sections: [
      {
        title: "Runs",
        columns: [
          { key: "run", label: "run", type: "id" },
          { key: "kind", label: "kind", type: "text" },
          { key: "began", label: "began", type: "time" },
          { key: "ended", label: "ended", type: "time", optional: true },
          { key: "result", label: "changes", type: "text" },
          { key: "verdict", label: "verdict", type: "text" },
          { key: "undoneBy", label: "taken back by", type: "id" },
        ],
        rows: facts.runs.map((run) => ({
          run: run.run,
          kind: run.undoes === null ? "apply" : `undo of ${run.undoes}`,
          began: isoTime(run.beganAt),
          ended: isoTime(run.endedAt),
          result: run.endedAt === null ? "interrupted" : run.note,
          verdict: run.verdict,
          undoneBy: run.undoneBy,
        })),
        notes: [
          ...(facts.runs.some((run) => run.endedAt === null && run.undoes === null)
            ? [`evscope apply --resume${facts.again ?? ""}   finishes an interrupted run.`]
            : []),
          ...(facts.torn ? ["The last line was cut by a crash before it counted."] : []),
        ],
      },
      ...(changes === null
        ? []
        : [
            {
              title: "Changes",
              columns: [
                { key: "name", label: "name", type: "text" as const },
                { key: "change", label: "change", type: "text" as const },
                { key: "state", label: "state", type: "text" as const },
                { key: "note", label: "note", type: "text" as const },
              ],
              rows: changes.map(({ change, end }) => ({
                name: nameText(change),
                change: changeText(change),
                state: end?.step ?? "open",
                note: [end?.publishedVersion == null ? null : `version ${end.publishedVersion}`, end?.note ?? null]
                  .filter((one) => one !== null)
                  .join("; "),
              })),
              notes: [],
            },
          ]),
    ],
  };
}
