/** Flags of `report`. */
import { Flags } from "@oclif/core";
import { UserError } from "../model/errors.ts";
import { ciFlags } from "./report-ci.ts";
import { tableFlags } from "./table-flags.ts";
import { accountFlags, liveFlags, priceFlag } from "./live-flags.ts";

/** Forms of the report, and the ends of file names that mean them. */
export const REPORT_FORMS = ["table", "markdown", "html", "json", "csv", "junit", "codequality"] as const;
export type ReportForm = (typeof REPORT_FORMS)[number];

const BY_EXTENSION: { [extension: string]: ReportForm } = {
  md: "markdown",
  html: "html",
  htm: "html",
  json: "json",
  csv: "csv",
  xml: "junit",
  txt: "table",
};

/** The form that a file's name asks for. Throws UserError: none is known by it. */
export function formOf(path: string): ReportForm {
  // GitLab's own name for it is gl-code-quality-report.json
  if (/code-?quality[^/\\]*\.json$/i.test(path)) return "codequality";
  const form = BY_EXTENSION[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ""];
  if (form !== undefined) return form;
  throw new UserError(`--out ${path}: its name does not say in which form to write it`, {
    suggestions: ["a name that ends with .html, .md, .json, .csv, .xml (JUnit), code-quality.json (GitLab) or .txt"],
  });
}

export const reportFlags = {
  since: Flags.string({
    helpValue: "TIME",
    description: "start of the window: 2026-11-01 (UTC), or a span back from the newest record (default: 7d; of PATHs: all)",
  }),
  until: Flags.string({ helpValue: "TIME", description: "end of the window" }),
  baseline: Flags.string({
    helpValue: "FILE",
    description:
      "report.json of an earlier run to compare with, or previous-run (kept with the dataset), previous-window (the time before in it), none; default: the first of them that is there",
  }),
  budget: Flags.string({ helpValue: "USD", description: "fail when the month is expected to cost more; warn when it may" }),
  "fail-on": Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "RULE",
    description:
      "fail (exit code 6) when this holds: 'increase>10%', 'cost>500', 'waste>5%', 'function:checkout p95>800ms', 'chain broken>0'; may be given several times",
  }),
  "warn-on": Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: "RULE", description: "the same, but only say so" }),
  "by-tag": Flags.string({ helpValue: "KEY", description: "also divide by the value of this tag (label), such as team" }),
  advice: Flags.option({
    options: ["all", "none", "memory", "filters", "batching", "ttl"] as const,
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ",",
  })({
    default: ["all"],
    description: "kinds of recommendations",
  }),
  "min-saving": Flags.string({ default: "1", helpValue: "USD", description: "least saving per month worth a recommendation" }),
  chains: Flags.boolean({
    default: true,
    allowNo: true,
    description: "routes and business transactions, which take memory on large datasets",
  }),
  keep: Flags.boolean({
    allowNo: true,
    description: "keep the report with the dataset for the next one to compare with (default: yes, of PATHs: no)",
  }),
  out: Flags.string({
    char: "o",
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "FILE",
    description:
      "write a file, in the form that its name ends with: .html .md .json .csv code-quality.json (GitLab) .xml (JUnit) .txt; may be given several times",
  }),
  top: Flags.integer({ min: 1, description: "rows of each table (default: 10 on a terminal and in Markdown, 500 in HTML, all elsewhere)" }),
  prices: Flags.file({ helpValue: "FILE", description: "prices that replace the built-in ones (YAML or JSON)" }),
  format: Flags.option({ options: REPORT_FORMS })({ default: "table", description: "form of what is printed" }),
  ...tableFlags,
  ...ciFlags,
  ...liveFlags,
  ...accountFlags,
  ...priceFlag,
};
