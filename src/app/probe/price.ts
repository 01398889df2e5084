/** What a probe costs: before, at most, and in the end. List prices without free tier. */
import { priceReadings, type Rates, readingsOf, usdOf } from "../../analyzer/cost/index.ts";
import type { UsageGroup } from "../../model/billing.ts";
import { UserError } from "../../model/errors.ts";
import type { Settings as LiveSettings } from "../../model/plan.ts";
import type { ProbeRuns } from "../../model/sizing.ts";
import type { Mib, Ms, Usd } from "../../model/units.ts";

/** Init of a new environment before a run: 10 s at most, https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
const LONGEST_INIT_MS = 10_000;

export interface ProbePrice {
  /** One run with this billed time. */
  run(memoryMib: Mib, billedMs: Ms): Usd;
  /** The discarded runs, if each lasts to the timeout. */
  mostForFirst: Usd;
  /** A measured round, if each run lasts to the timeout. */
  mostPerRound: Usd;
  /** What these runs cost so far, with the discarded ones. */
  spent(runs: readonly ProbeRuns[]): Usd;
}

/** Throws UserError where the room knows no price for the region. */
export function probePrice(
  rates: Rates,
  place: { account: string; region: string },
  live: LiveSettings,
  sizesMib: readonly Mib[],
): ProbePrice {
  const architecture = live["architecture"] === "arm64" ? "arm64" : "x86_64";
  const run = (memoryMib: Mib, billedMs: Ms): Usd => {
    const group: UsageGroup = {
      cloud: "aws",
      account: place.account,
      region: place.region,
      fn: "",
      architecture,
      plan: null,
      memoryMib,
      maxMemoryMib: null,
      vcpu: null,
      billedMs,
      durationMs: billedMs,
      initMs: null,
      emulator: false,
      seenIn: "platform-log",
      outcome: "ok",
      coldStart: false,
      count: 1,
      ephemeralMib: typeof live["ephemeralMib"] === "number" ? live["ephemeralMib"] : null,
    };
    const usd = usdOf(priceReadings(readingsOf(rates, group), group, rates.prices));
    if (usd === null)
      throw new UserError(`no price is known for Lambda in ${place.region}: a probe there could not keep its budget`, {
        suggestions: ["name the prices in a file: --prices FILE"],
      });
    return usd;
  };
  const timeoutMs = (typeof live["timeoutS"] === "number" ? live["timeoutS"] : 900) * 1000;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    run,
    mostForFirst: sum(sizesMib.map((size) => run(size, timeoutMs + LONGEST_INIT_MS))),
    mostPerRound: sum(sizesMib.map((size) => run(size, timeoutMs))),
    spent: (runs) =>
      sum(
        runs.flatMap(({ memoryMib, billedMs, discardedBilledMs: first }) =>
          [...billedMs, ...(first === null ? [] : [first])].map((ms) => run(memoryMib, ms)),
        ),
      ),
  };
}
