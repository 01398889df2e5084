/** Checks -> JUnit XML, as CI servers read it (github.com/testmoapp/junitxml describes what they agree on). */
import type { Checks } from "../report.ts";

/** One test case per check. What is crossed at level `warn` passes, with a note in its output; what is not known is an error where it must be known, else skipped. */
export function formatJunit({ title, checks }: Checks): string {
  const count = (status: Checks["checks"][number]["status"]): number => checks.filter((one) => one.status === status).length;
  const totals = `tests="${checks.length}" failures="${count("failed")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="${escapeXml(title)}" ${totals}>`,
    ...checks.map(caseOf),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function caseOf({ name, status, message }: Checks["checks"][number]): string {
  const open = `    <testcase classname="evscope" name="${escapeXml(name)}"`;
  const said = escapeXml(message);
  switch (status) {
    case "failed":
      return `${open}><failure message="${said}"/></testcase>`;
    case "error":
      return `${open}><error message="${said}"/></testcase>`;
    case "skipped":
      return `${open}><skipped message="${said}"/></testcase>`;
    case "warned":
      return `${open}><system-out>${said}</system-out></testcase>`;
    case "passed":
      return `${open}/>`;
  }
}

/** What XML 1.0 has no character for (controls, half surrogate pairs, U+FFFE) becomes U+FFFD; bidirectional marks too. */
const NOT_IN_XML =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

function escapeXml(text: string): string {
  const named: { [char: string]: string } = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
    "\n": "&#10;",
    "\r": "&#13;",
    "\t": "&#9;",
  };
  return text
    .replace(NOT_IN_XML, "\ufffd")
    .replace(/[&<>"'\n\r\t]/g, (char) => named[char]!)
    .replace(/##(?=(?:vso)?\[)/gi, "#&#35;"); // printed in a job, Azure Pipelines would obey `##vso[`
}
