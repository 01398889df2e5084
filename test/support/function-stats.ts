/** Figures of functions as the dataset computes them, for tests of what is concluded from them. */
import type { PriceBook } from "../../src/model/billing.ts";
import type { Config } from "../../src/model/records.ts";
import type { FunctionStats } from "../../src/model/sizing.ts";
import { sizing, type SizingQuestion } from "../../src/analyzer/sizing/index.ts";
import { rooms } from "../../src/clouds/index.ts";

export const DAY = 86_400_000;
export const START = Date.UTC(2026, 9, 1);

export const place = { cloud: "aws", account: "111122223333", region: "eu-west-1" } as const;

/** Ten thousand calm runs of 100 ms at 1024 MiB over a week, 80 MiB in use, many environments. */
export function statsOf(over: Partial<FunctionStats> & { meanMs?: number } = {}): FunctionStats {
  const { meanMs = 100, ...rest } = over;
  const count = rest.warm?.count ?? 10_000;
  return {
    ...place,
    fn: "orders",
    version: "$LATEST",
    memoryMib: 1024,
    architecture: null,
    plan: null,
    probe: false,
    emulator: false,
    from: START,
    to: START + 7 * DAY,
    invocations: count,
    warm: { count, trimmedMeanMs: meanMs, winsorizedSdMs: meanMs / 5, meanMs },
    cold: { count: 0, meanDurationMs: null, meanInitMs: null, unknown: 0 },
    durationMs: { p50: meanMs, p95: meanMs * 1.3, p99: meanMs * 1.5, p999: meanMs * 1.8, max: meanMs * 2 },
    meanRanMs: meanMs,
    meanBilledMs: meanMs + 0.5,
    errors: 0,
    timeouts: 0,
    ooms: 0,
    maxUsedMib: 80,
    sandboxes: 50,
    triggers: [],
    ...rest,
  };
}

/** A configuration of the function. */
export function functionConfig(settings: Config["settings"] = {}, over: Partial<Config> = {}): Config {
  return {
    type: "config",
    ...place,
    kind: "function",
    resource: "arn:aws:lambda:eu-west-1:111122223333:function:orders",
    name: "orders",
    revision: "r1",
    observedAt: START,
    from: null,
    to: null,
    settings: { runtime: "python3.13", timeoutS: 10, architecture: "x86_64", ...settings },
    ...over,
  };
}

/** An event source mapping of a queue to the function. */
export const queueTrigger: Config = {
  ...functionConfig(),
  kind: "trigger",
  resource: "mapping-1",
  name: "mapping-1",
  from: "arn:aws:sqs:eu-west-1:111122223333:orders",
  to: "arn:aws:lambda:eu-west-1:111122223333:function:orders",
  settings: { state: "Enabled" },
};

/** One dollar per million requests and 1e-5 per GB-second on x86, 20 % less on arm64: easy to reckon with. */
export const easyPrices: PriceBook = {
  asOf: "2026-10-01",
  find: (_cloud, meter, variant) => {
    const usd = meter === "lambda.requests" ? 1e-6 : meter === "lambda.duration" ? (variant === "arm64" ? 0.8e-5 : 1e-5) / 1_024_000 : null;
    return usd === null ? null : { usdPerUnit: usd, basis: "modelled", source: "test" };
  },
};

/** Advice on these figures, at the easy prices; asks for cost and no least saving unless told. */
export async function adviceOn(stats: readonly FunctionStats[], over: Partial<SizingQuestion> = {}) {
  return (await allOn(stats, over)).functions[0]!;
}

/** The same of all functions. */
export function allOn(stats: readonly FunctionStats[], over: Partial<SizingQuestion> = {}) {
  return sizing({
    stats,
    configs: [functionConfig()],
    codes: [],
    cpu: [],
    daily: [],
    from: Math.min(...stats.map((one) => one.from)),
    to: Math.max(...stats.map((one) => one.to)),
    functions: null,
    objective: { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 },
    rates: { billing: { aws: rooms.aws.billing }, prices: easyPrices },
    memory: { leastMib: 128, mostMib: 10_240 },
    pricesAsOf: "2026-10-01",
    hours: async () => [],
    ...over,
  });
}
