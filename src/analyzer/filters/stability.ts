/** Which fields a filter may rest on: those that will mean the same next month. Times, IDs, counters and fields of one part of the window do not. */
import type { Scalar } from "./clause.ts";
import type { Column } from "./columns.ts";

/** Names of things that are different for every event, or tell when it happened. */
const passingName =
  /(^|[._-])(id|ids|uuid|guid|hash|checksum|digest|etag|token|nonce|signature|md5|sha\d*|timestamp|time|datetime|date|ts|epoch|ttl|seq|sequence|offset|cursor|arn)$/i;
const passingCamel = /[a-z](Id|ID|Ids|Uuid|UUID|Guid|Hash|Token|Timestamp|Time|DateTime|Date|Ts|Seq|SequenceNumber|Offset|At|On|Arn|ARN)$/;

/** Texts that are an ID or a time by their look: UUID, ISO 8601, ten or more digits, long hex, ULID. */
const passingText =
  /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d([T ].*)?|\d{10,}|[0-9a-f]{16,}|[0-9A-HJKMNP-TV-Z]{26})$/i;

/** Longer texts are prose or nested documents. */
const longestText = 120;

/** Rows are looked at in this many parts of the window: a field must be there in each. */
const parts = 4;

/** The reason that holds of whether the field is there, too. */
export const missingPartWhy = "it is there in one part of the window only";

/** Leaves below which nothing is said of a column. */
const fewest = 20;

const share = (column: Column, is: (value: Scalar) => boolean): number => {
  let held = 0;
  let all = 0;
  for (const values of column.values) {
    for (const value of values ?? []) {
      all += 1;
      if (is(value)) held += 1;
    }
  }
  return all === 0 ? 0 : held / all;
};

/** Correlation of a column's numbers with the order of events: 1 for a counter or a clock. */
function withTime(column: Column): number {
  let n = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXx = 0;
  let sumYy = 0;
  let sumXy = 0;
  column.values.forEach((values, row) => {
    const value = Number(values?.[0]);
    if (values === undefined || !Number.isFinite(value)) return;
    n += 1;
    sumX += row;
    sumY += value;
    sumXx += row * row;
    sumYy += value * value;
    sumXy += row * value;
  });
  const spread = Math.sqrt((n * sumXx - sumX * sumX) * (n * sumYy - sumY * sumY));
  return n < fewest || !(spread > 0) ? 0 : (n * sumXy - sumX * sumY) / spread;
}

function missingPart(column: Column): boolean {
  const size = column.values.length / parts;
  const seen = new Set<number>();
  column.values.forEach((values, row) => {
    if (values !== undefined) seen.add(Math.min(parts - 1, Math.floor(row / size)));
  });
  return seen.size < parts;
}

/** Why a filter may not rest on the field, in words; null: it may. */
export function unstable(column: Column): string | null {
  const last = column.path[column.path.length - 1]!;
  if (column.present < fewest) return `only ${column.present} events have it`;
  // The value of a typed DynamoDB attribute is named by its type (`orderId.S`).
  const named = /^(S|N|B|BOOL|NULL|SS|NS)$/.test(last) && column.path.length > 1 ? column.path[column.path.length - 2]! : last;
  if (passingName.test(named) || passingCamel.test(named)) return "its name says it is an ID or a time";
  if (missingPart(column)) return missingPartWhy;
  const texts = share(column, (value) => typeof value === "string");
  const numbers = share(column, (value) => typeof value === "number");
  if (texts > 0 && numbers > 0) return "it is text at times and a number at others";
  if (share(column, (value) => typeof value === "string" && passingText.test(value)) > 0.2) return "its values are IDs or times";
  if (share(column, (value) => typeof value === "string" && (value.length > longestText || /^\s*[{[]/.test(value))) > 0.05)
    return "it holds long texts or documents";
  if (Math.abs(withTime(column)) > 0.5 && numbers > 0) return "it grows or falls with time";
  if (share(column, (value) => typeof value === "number" && value >= 1e9 && value < 4e12) > 0.5 && numbers > 0)
    return "its values look like times";
  return null;
}

/** How well a field suits a filter by its name: those that say what an event is come first. */
export function nameRank(column: Column): number {
  const name = column.path.filter((part) => !/^(S|N|BOOL)$/.test(part)).at(-1)!;
  if (/^(detail-?type|event-?type|event-?name|event|type|kind)$/i.test(name)) return 0;
  if (
    /^(action|operation|op|status|state|source|category|topic|label|subject|channel|reason)$/i.test(name) ||
    /(type|kind|status)$/i.test(name)
  )
    return 1;
  return 2;
}
