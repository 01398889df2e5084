/** The shape of evscope.yaml; `schemas/evscope-yaml.schema.json` is this as JSON Schema, for editors. */
import * as z from "zod";
import { unsafeWhy } from "./safe-expression.ts";

/** A time span as people write it: `90s`, `15m`, `24h`, `14d`, `2w`. */
const SPAN_ADVICE = "a span of time such as 10s, 15m, 24h, 14d or 2w";
const SpanText = z.string(SPAN_ADVICE).regex(/^\d+[smhdw]$/, SPAN_ADVICE);
const Name = z.string().min(1);

const Functions = z
  .strictObject({
    names: z.array(Name).nullish().describe("patterns with *; a function must match one of them"),
    tags: z.record(Name, z.string()).nullish().describe("tags (labels on Google Cloud) that a function must all have"),
  })
  .nullish()
  .describe("which functions; default: all");

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
    functions: Functions,
  })
  .describe("one account; credentials come from the AWS SDK's chain, never from this file");

const Endpoint = z.string().regex(/^(https?:\/\/)?[\w.-]+(:\d+)?(\/[^\s?#]*)?$/, "a host, host:port or URL without query");
const endpoints = (names: readonly string[]) =>
  z
    .strictObject(Object.fromEntries(names.map((name) => [name, Endpoint.nullish()])))
    .nullish()
    .describe("other endpoints than the vendor's public ones (private links, emulators)");

const AzureSubscription = z
  .strictObject({
    name: Name.describe("what messages and --account call it"),
    subscription: z.guid("a subscription ID such as 11111111-2222-3333-4444-555555555555").describe("subscription ID"),
    tenant: z.guid("a tenant ID").nullish().describe("tenant to log in to; default: the credentials' own"),
    cloud: z.enum(["public", "usgovernment", "china"]).nullish().describe("which Azure; default: public"),
    regions: z.array(Name).min(1).nullish().describe("only resources in these regions (westeurope); default: all"),
    workspaces: z
      .array(z.string().regex(/^\/subscriptions\/.+\/workspaces\/[^/]+$/i, "a resource ID that ends in /workspaces/NAME"))
      .min(1)
      .nullish()
      .describe("resource IDs of Log Analytics workspaces; default: those of the apps' Application Insights"),
    endpoints: endpoints(["management", "logs", "metrics", "authority"]),
    functions: Functions,
  })
  .describe(
    "one subscription; credentials are those of DefaultAzureCredential (az login, environment, managed identity), never from this file",
  );

const GcpProject = z
  .strictObject({
    name: Name.describe("what messages and --account call it"),
    project: z
      .string()
      .regex(/^([a-z][a-z0-9.-]*\.[a-z]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "a project ID such as shop-prod-123456 (not its number)")
      .describe("project ID"),
    regions: z.array(Name).min(1).nullish().describe("only resources in these regions (europe-west1); default: all"),
    impersonate: z
      .string()
      .regex(/^[\w.+-]+@[\w.-]+$/, "the e-mail address of a service account")
      .nullish()
      .describe("service account to act as, with those credentials"),
    endpoints: endpoints([
      "run",
      "functions",
      "logging",
      "monitoring",
      "pubsub",
      "eventarc",
      "firestore",
      "cloudtrace",
      "cloudresourcemanager",
      "iam",
    ]),
    functions: Functions,
  })
  .describe(
    "one project; credentials are the Application Default Credentials (gcloud auth application-default login), never from this file",
  );

/** How fast and how patiently a cloud is asked. */
const pace = {
  requestsPerSecond: z
    .number()
    .positive()
    .nullish()
    .describe("most requests per second to one family of calls; default: the service's quotas"),
  requestTimeout: SpanText.nullish().describe("no answer within this time is a failed attempt; default 10s"),
  retryFor: SpanText.nullish().describe(
    "how long one call is tried again (throttled, failed, no answer) before it counts as failed; default 60s",
  ),
};

const Expression = Name.superRefine((text, context) => {
  const why = unsafeWhy(text);
  if (why !== null) context.addIssue({ code: "custom", message: `${text}: ${why}` });
});
const Result = z.string().regex(/^[^=\s]+=.+$/, "a field and its value, such as status=skipped");
const said = (kind: z.ZodType<string>, what: string) =>
  z
    .strictObject({
      discarded: z.array(kind).nullish().describe(`${what} that says that nothing is done with the event`),
      wanted: z.array(kind).nullish().describe(`${what} that says that something is done with it; these win`),
    })
    .nullish();

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
  filters: z
    .strictObject({
      markers: said(Expression, "regular expression (any case) over the words of a log line"),
      results: said(Result, "field=value of a logged object"),
    })
    .nullish()
    .describe("how functions say what they do with an event, besides the usual words (ignored, skipped, discarded ...)"),
  retention: z
    .strictObject({
      floors: z
        .array(
          z.strictObject({
            name: Name.describe("stores and log groups that it holds for; * stands for anything"),
            keep: SpanText.describe("nothing of them may be deleted that is younger: 90d"),
          }),
        )
        .nullish()
        .describe("how long what must be kept; ttl proposes nothing shorter"),
    })
    .nullish(),
  aws: z.strictObject({ accounts: z.array(AwsAccount).nullish(), ...pace }).nullish(),
  azure: z.strictObject({ subscriptions: z.array(AzureSubscription).nullish(), ...pace }).nullish(),
  gcp: z.strictObject({ projects: z.array(GcpProject).nullish(), ...pace }).nullish(),
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
