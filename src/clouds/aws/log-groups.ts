/** Which log groups hold the lines of which functions and state machines, and what is known of their size. */
import type { Config, Gap } from "../../model/records.ts";
import type { Bytes, EpochMs, Ms } from "../../model/units.ts";
import type { Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { logGroupConfig } from "./config-channels.ts";
import { gap, gapOf } from "./live-gaps.ts";
import { list, num, obj, text } from "./schema.ts";

export interface LogGroup {
  name: string;
  /** Functions whose configuration names it; several share it. Empty: state machines only. */
  functions: string[];
  /** A state machine writes its history into it: every line counts. */
  histories: boolean;
  /** Class other than STANDARD decides which calls work; null: not told. */
  class: string | null;
  /** Bytes stored when it was last counted (AWS counts now and then); null: not told. */
  storedBytes: Bytes | null;
  /** null: kept for ever, or not told. */
  retentionD: number | null;
  createdAt: EpochMs | null;
  /** Longest that one of its functions may run; null: not told. */
  timeoutMs: Ms | null;
}

const LAMBDA_GROUPS = "/aws/lambda/";

/** More names than this in one message are counted instead. */
const NAMED = 5;

/** `a, b, c and 17 more` */
export function someOf(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return rest <= 0 ? names.join(", ") : `${names.slice(0, NAMED).join(", ")} and ${rest} more`;
}

/**
 * `LoggingConfig.LogGroup`, else `/aws/lambda/NAME` (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html), and the
 * groups of EXPRESS state machines, whose only history is their log. Groups that the configuration does not describe are looked up; `since`
 * says that it was read some time ago, and what ran first since then has a group by now. `window`: what the groups are wanted for, and so what
 * is in doubt where they cannot be listed; null: their description alone.
 */
export async function logGroupsOf(
  api: AwsApi,
  configs: readonly Config[],
  since = false,
  window: Span | null = null,
): Promise<{ groups: LogGroup[]; gaps: Gap[] }> {
  const wanted = wantedGroups(configs.filter((one) => isOf(api, one)));
  const known = new Map(configs.filter((one) => one.kind === "log-group" && isOf(api, one)).map((one) => [one.name, one]));
  const gaps: Gap[] = [];
  const refusal = await lookUp(api, [...wanted.keys()], known, since);
  if (refusal !== null) gaps.push(gapOf(api, refusal, "log groups", window));
  const groups: LogGroup[] = [];
  const absent: LogGroup[] = [];
  for (const group of wanted.values()) {
    const settings = known.get(group.name)?.settings;
    if (settings === undefined && refusal === null) absent.push(group);
    else
      groups.push({
        ...group,
        class: text(settings?.["class"]),
        storedBytes: num(settings?.["storedBytes"]),
        retentionD: num(settings?.["retentionD"]),
        createdAt: num(settings?.["createdAt"]),
      });
  }
  if (absent.length > 0) {
    const names = absent.flatMap((group) => (group.functions.length > 0 ? group.functions : [group.name])).sort();
    gaps.push(gap(api, "logs", `no log group yet, so no lines (never ran, or may not write logs): ${someOf(names)}`));
  }
  return { groups: groups.sort((a, b) => (a.name < b.name ? -1 : 1)), gaps };
}

/** A configuration of this account and region, or of one that was not told. */
function isOf(api: AwsApi, one: Config): boolean {
  return one.cloud === "aws" && (one.account ?? api.account) === api.account && (one.region ?? api.region) === api.region;
}

function wantedGroups(configs: readonly Config[]): Map<string, LogGroup> {
  const wanted = new Map<string, LogGroup>();
  const group = (name: string): LogGroup => {
    let found = wanted.get(name);
    if (found === undefined) {
      found = { name, functions: [], histories: false, class: null, storedBytes: null, retentionD: null, createdAt: null, timeoutMs: null };
      wanted.set(name, found);
    }
    return found;
  };
  for (const one of configs) {
    if (one.kind === "function") {
      const its = group(text(one.settings["logGroup"]) ?? `${LAMBDA_GROUPS}${one.name}`);
      if (!its.functions.includes(one.name)) its.functions.push(one.name);
      const timeoutS = num(one.settings["timeoutS"]);
      if (timeoutS !== null) its.timeoutMs = Math.max(its.timeoutMs ?? 0, timeoutS * 1000);
    } else if (one.kind === "workflow" && one.settings["kind"] === "EXPRESS") {
      for (const name of list(one.settings["logGroups"])) if (typeof name === "string") group(name).histories = true;
    }
  }
  return wanted;
}

/** Look-ups by full name: for more, all groups of Lambda are listed. */
const BY_NAME = 20;

/** Adds descriptions of wanted groups that the inventory did not bring. Not null: why they cannot be listed, so that nobody knows which exist. */
async function lookUp(api: AwsApi, wanted: readonly string[], known: Map<string, Config>, since: boolean): Promise<AwsError | null> {
  const isLambdas = (name: string): boolean => name.startsWith(LAMBDA_GROUPS);
  // the inventory lists these together: one that is not among them was not there
  const complete = !since && [...known.keys()].some(isLambdas);
  const unknown = wanted.filter((name) => !known.has(name) && !(complete && isLambdas(name)));
  const prefixes = new Set(unknown.length > BY_NAME ? unknown.map((name) => (isLambdas(name) ? LAMBDA_GROUPS : name)) : unknown);
  const observed = { account: api.account, region: api.region, at: null };
  try {
    for (const logGroupNamePrefix of prefixes)
      for await (const page of api.pages("logs:DescribeLogGroups", { logGroupNamePrefix }))
        for (const one of list(page["logGroups"]))
          for (const config of logGroupConfig(obj(one) ?? {}, observed)) known.set(config.name, config);
    return null;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return error;
  }
}
