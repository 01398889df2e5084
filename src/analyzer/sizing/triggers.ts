/** Whether anybody waits for a function, told from what starts it. Pure. */
import type { Config } from "../../model/records.ts";
import type { FunctionStats } from "../../model/sizing.ts";

/** Started by a poller, a stream, an event or a clock: the sender has long gone on. */
const ASYNCHRONOUS = new Set<string>([
  "sqs",
  "sns",
  "s3",
  "eventbridge",
  "schedule",
  "kinesis",
  "dynamodb",
  "kafka",
  "mq",
  "firehose",
  "lambda-destination",
  // Azure Functions, by the host's words for what started a run
  "servicebus",
  "queue",
  "eventhub",
  "eventgrid",
  "blob",
  "cosmosdb",
  "timer",
  // Google Cloud
  "pubsub",
  "storage",
  "firestore",
  "scheduler",
]);

/** Region, account, name. */
const LAMBDA_ARN = /^arn:[\w-]+:lambda:([^:]*):([^:]*):function:([^:]+)/;

/** What a probe starts says nothing of who waits in live traffic. */
const SAYS_NOTHING = new Set(["probe"]);

/** Services that a trigger may come from without anybody waiting. */
const SOURCES = /^arn:[\w-]+:(sqs|kinesis|dynamodb|kafka|mq|sns|s3|events|pipes|scheduler|docdb|rds):/;

/** Configurations that start something, by the name of the function: what `isAsynchronous` needs to look at. */
export function callersByName(configs: readonly Config[]): ReadonlyMap<string, readonly Config[]> {
  const callers = new Map<string, Config[]>();
  for (const config of configs) {
    const targets = config.kind === "workflow" ? callsOf(config) : config.to === null ? [] : [config.to];
    for (const name of new Set(targets.map(targetName))) {
      const known = callers.get(name);
      if (known) known.push(config);
      else callers.set(name, [config]);
    }
  }
  return callers;
}

/** A service's own URL: its name, then a hash (and the region), then `run.app`. https://cloud.google.com/run/docs/triggering/https-request */
const RUN_URL = /^https:\/\/([a-z][a-z0-9-]*?)(?:-[a-z0-9]{10}-[a-z]{2}\.a|-\d+\.[a-z0-9-]+)\.run\.app(?:\/|$)/;

/** The function that an ARN, a URL or a resource path names. */
function targetName(target: string): string {
  return LAMBDA_ARN.exec(target)?.[3] ?? RUN_URL.exec(target)?.[1] ?? /\/(?:services|functions)\/([^/]+)$/.exec(target)?.[1] ?? target;
}

/**
 * True: all known triggers are asynchronous. False: one of them waits (HTTP, a workflow, another function). null: no trigger is known.
 * A direct call by another function leaves no trace in configurations: a function with a queue can still have a caller who waits.
 */
export function isAsynchronous(
  of: Pick<FunctionStats, "cloud" | "account" | "region" | "fn">,
  seen: readonly string[],
  configs: readonly Config[],
): boolean | null {
  const triggers = seen.filter((trigger) => !SAYS_NOTHING.has(trigger)).map((trigger) => ASYNCHRONOUS.has(trigger));
  for (const config of configs) {
    if (config.cloud !== of.cloud) continue;
    if (config.kind === "workflow" && callsOf(config).some((arn) => isTo(arn, of))) triggers.push(false);
    if ((config.kind === "trigger" || config.kind === "rule") && config.to !== null && isTo(config.to, of) && !isOff(config))
      triggers.push(config.kind === "rule" || isFromEvents(config));
  }
  return triggers.length === 0 ? null : triggers.every(Boolean);
}

function callsOf(workflow: Config): string[] {
  const functions = workflow.settings["functions"];
  return Array.isArray(functions) ? functions.filter((arn) => typeof arn === "string") : [];
}

function isOff(config: Config): boolean {
  const state = config.settings["state"];
  return typeof state === "string" && /^disabl|^stopped/i.test(state);
}

/** A mapping, pipe, subscription or bucket notification; a bucket is known by its bare name. */
function isFromEvents({ from, resource }: Config): boolean {
  return resource.startsWith("notification:") || (from !== null && (SOURCES.test(from) || !from.startsWith("arn:")));
}

/** The ARN (with or without qualifier) or name is that of the function. */
function isTo(target: string, of: Pick<FunctionStats, "account" | "region" | "fn">): boolean {
  const arn = LAMBDA_ARN.exec(target);
  if (arn === null) return targetName(target) === of.fn;
  const [, region, account, name] = arn;
  return name === of.fn && (of.region === null || region === of.region) && (of.account === null || account === of.account);
}
