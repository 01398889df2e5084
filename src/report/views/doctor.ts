/** The result of `doctor` -> its document and tables. */
import { placeName, plural } from "../formats/values.ts";
import type { Coverage } from "../../model/coverage.ts";
import type { Report, Section } from "../report.ts";
import { type CoverageDocument, coverageDocument, coverageSections } from "./coverage.ts";

/** What was found out about one target. */
export interface DoctorTargetFacts {
  cloud: string;
  name: string;
  region: string;
  account: string | null;
  principal: string | null;
  error: string | null;
  functions: number;
  permissions: readonly {
    action: string;
    feature: string;
    why: string;
    required: boolean;
    state: "granted" | "denied" | "unknown";
    note: string | null;
  }[];
  findings: readonly { code: string; what: string; names: readonly string[]; advice: string }[];
}

export interface DoctorFacts {
  targets: readonly DoctorTargetFacts[];
  blocked: boolean;
  /** Why no cloud was asked; null: they were. */
  unasked: string | null;
  /** null: there is no dataset to tell it from. */
  coverage: Coverage | null;
}

/** `doctor --format json`; its shape is `schemas/doctor.schema.json`. */
export interface DoctorDocument {
  schemaVersion: 1;
  targets: readonly DoctorTargetFacts[];
  blocked: boolean;
  unasked: string | null;
  coverage: CoverageDocument | null;
}

export function doctorDocument({ targets, blocked, unasked, coverage }: DoctorFacts): DoctorDocument {
  const permission = ({ action, feature, why, required, state, note }: DoctorTargetFacts["permissions"][number]) => ({
    action,
    feature,
    why,
    required,
    state,
    note,
  });
  const finding = ({ code, what, names, advice }: DoctorTargetFacts["findings"][number]) => ({ code, what, names: [...names], advice });
  return {
    schemaVersion: 1,
    blocked,
    unasked,
    coverage: coverage === null ? null : coverageDocument(coverage),
    targets: targets.map(({ cloud, name, region, account, principal, error, functions, permissions, findings }) => ({
      cloud,
      name,
      region,
      account,
      principal,
      error,
      functions,
      permissions: permissions.map(permission),
      findings: findings.map(finding),
    })),
  };
}

/** Names listed per finding. */
const SHOWN_NAMES = 5;

export function doctorView(facts: DoctorFacts): Report {
  const { targets, unasked, coverage } = facts;
  const sections = [...targets.flatMap(sectionsOf), ...(coverage === null ? [] : coverageSections(coverage))];
  if (unasked !== null) {
    sections[0]?.notes.unshift(
      `Permissions and settings were not looked at: ${unasked}. evscope doctor --region REGION (--subscription, --project) looks at them.`,
    );
  }
  return { schemaVersion: 1, title: "Doctor", sections };
}

function sectionsOf(target: DoctorTargetFacts): Section[] {
  const place = placeName(target);
  const columns: Section["columns"] = [
    { key: "action", label: "action", type: "id" },
    { key: "features", label: "for", type: "text" },
    { key: "state", label: "state", type: "text" },
    { key: "required", label: "required", type: "text", optional: true },
    { key: "why", label: "without it", type: "text" },
  ];
  if (target.error !== null) return [{ title: place, columns, rows: [], notes: [`Not reached: ${target.error}`] }];
  const { permissions, findings } = target;
  const notGranted = permissions.filter((one) => one.state !== "granted");
  const denied = permissions.filter((one) => one.state === "denied").length;
  const untried = notGranted.filter((one) => one.note === ONLY_A_WRITE);
  return [
    {
      title: `${place}: permissions not granted`,
      columns,
      rows: actionRows(notGranted.filter((one) => one.note !== ONLY_A_WRITE)),
      notes: [
        `Account ${target.account ?? "not told"}, as ${target.principal ?? "an identity not told"}; ${plural(target.functions, "function")}.`,
        `${plural(permissions.length - notGranted.length, "permission")} granted, ${denied} denied, ${notGranted.length - denied} not known.`,
        ...(untried.length === 0
          ? []
          : [`Only a write can tell of ${[...new Set(untried.map((one) => one.action))].sort().join(", ")}, which apply and probe need.`]),
        ...findings.map(({ what, names, advice }) => `${what}${listed(names)}. ${advice[0]?.toUpperCase() ?? ""}${advice.slice(1)}.`),
        ...(denied > 0
          ? [
              `evscope doctor --policy --cloud ${target.cloud} prints ${target.cloud === "aws" ? "a policy" : "a role"} that allows all of it and nothing more.`,
            ]
          : []),
      ],
    },
  ];
}

/** What the room says of permissions that cannot be tried without writing. */
const ONLY_A_WRITE = "only a write can tell";

/** One row per action, denied ones first; several features may need it. */
function actionRows(permissions: DoctorTargetFacts["permissions"]): Section["rows"] {
  const rows = [...new Set(permissions.map((one) => one.action))].map((action) => {
    const same = permissions.filter((one) => one.action === action);
    const [{ state, note, why }] = same as [DoctorTargetFacts["permissions"][number]];
    // the reason begins with the action, which has a column of its own
    const reason = note?.startsWith(`${action}: `) ? note.slice(action.length + 2) : note;
    return {
      action,
      features: same.map((one) => one.feature).join(", "),
      state: reason === null ? state : `${state}: ${reason}`,
      required: same.some((one) => one.required) ? "yes" : "no",
      why,
    };
  });
  return rows.sort((a, b) => Number(b.state.startsWith("denied")) - Number(a.state.startsWith("denied")));
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : "";
  return ` (${names.slice(0, SHOWN_NAMES).join(", ")}${more})`;
}
