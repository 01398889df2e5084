/** The shape of evscope.yaml; `schemas/evscope-yaml.schema.json` is this as JSON Schema, for editors. */
import * as z from "zod";

/** A time span as people write it: `90s`, `15m`, `24h`, `14d`, `2w`. */
const SPAN_ADVICE = "a span of time such as 10s, 15m, 24h, 14d or 2w";
const SpanText = z.string(SPAN_ADVICE).regex(/^\d+[smhdw]$/, SPAN_ADVICE);
const Name = z.string().min(1);

const AwsAccount = z
  .strictObject({
    name: Name.describe("what messages and --account call it"),
    account: z
      .string()
      .regex(/^\d{12}$/, "12 digits, in quotes")
      .nullish()
      .describe("account ID that the credentials must belong to; default: whatever they belong to"),
    profile: Name.nullish().describe("profile of ~/.aws/config; default: the SDK's own choice"),
    roleArn: z
      .string()
      .regex(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "an ARN such as arn:aws:iam::111122223333:role/evscope")
      .nullish()
      .describe("role to assume with those credentials"),
    externalId: Name.nullish().describe("external ID that the role asks for"),
    regions: z.array(Name).min(1).describe("regions to read"),
    functions: z
      .strictObject({
        names: z.array(Name).nullish().describe("patterns with *; a function must match one of them"),
        tags: z.record(Name, z.string()).nullish().describe("tags that a function must all have"),
      })
      .nullish()
      .describe("which functions; default: all"),
  })
  .describe("one account; credentials come from the AWS SDK's chain, never from this file");

/** A section whose lines are all commented out reads as null: as if it were not there. */
export const SettingsFile = z.strictObject({
  correlation: z
    .strictObject({
      keys: z.array(Name).nullish().describe("names of further fields that carry a correlation or business ID"),
    })
    .nullish(),
  prices: Name.nullish().describe("file with prices that replace the built-in ones, relative to this file"),
  window: SpanText.nullish().describe("how far back live commands look; default 14d"),
  settle: SpanText.nullish().describe(
    "the newest span of time is not collected, since logs and metrics arrive late and a window once held is not read again; default 2m",
  ),
  maxQueryUsd: z.number().min(0).nullish().describe("most that the paid queries of one command may cost, in US dollars; default 1"),
  signals: z
    .array(z.enum(["logs", "metrics", "traces", "histories"]))
    .min(1)
    .nullish()
    .describe("kinds of telemetry to collect; default: all"),
  logs: z
    .enum(["platform", "all"])
    .nullish()
    .describe(
      "platform: the platform's own lines (bills, durations, memory), the default; all: every line, as collecting whole chains needs",
    ),
  aws: z
    .strictObject({
      accounts: z.array(AwsAccount).nullish(),
      requestsPerSecond: z
        .number()
        .positive()
        .nullish()
        .describe("most requests per second to one family of calls; default: the service's quotas"),
      requestTimeout: SpanText.nullish().describe("no answer within this time is a failed attempt; default 10s"),
      retryFor: SpanText.nullish().describe(
        "how long one call is tried again (throttled, failed, no answer) before it counts as failed; default 60s",
      ),
    })
    .nullish(),
});

export type SettingsFile = z.infer<typeof SettingsFile>;

const SECRET_NAME = /access_?key|secret|session_?token|password|credential/i;
const SECRET_VALUE = /\b(AKIA|ASIA)[A-Z0-9]{16}\b/;

/** Path of the first key or value that looks like a credential; null: none. The value itself is never shown. */
export function secretIn(value: unknown, path: readonly (string | number)[] = []): (string | number)[] | null {
  if (typeof value === "string") return SECRET_VALUE.test(value) ? [...path] : null;
  if (typeof value !== "object" || value === null) return null;
  for (const [key, item] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    // names of correlation fields and of tags are the user's own
    const found = !Array.isArray(value) && SECRET_NAME.test(key) && !at.includes("tags") ? at : secretIn(item, at);
    if (found !== null) return found;
  }
  return null;
}
