/** Functions for which no size can be advised, whatever they did. Pure. */
import { UNNAMED } from "../../model/records.ts";
import { type FunctionFacts, textSetting } from "./facts.ts";

/** Why nothing can be said of this function's memory; null: it can be looked at. */
export function refusalFor(facts: FunctionFacts): string | null {
  const { cloud, stats, config } = facts;
  const live = stats.filter((one) => !one.probe);
  if (cloud !== "aws") return `memory is sized on AWS Lambda only, and this function runs on ${NAMES[cloud]}`;
  if (live.length > 0 && live.every((one) => one.emulator)) return "a local emulator ran it: its memory and CPU are not Lambda's";
  if (textSetting(config, "capacityProvider") !== null || live.some((one) => one.plan === "lambda-managed-instances"))
    return "it runs on Lambda Managed Instances, which bill instances and share CPU between requests";
  if (isProvisioned(facts)) return "it has provisioned concurrency, whose bill does not follow duration alone";
  if (live.length > 0 && live.every((one) => one.memoryMib === null))
    return "no run says its memory size: there is no REPORT line among its telemetry";
  if (facts.fn === UNNAMED && new Set(live.map((one) => one.memoryMib)).size > 1)
    return "the export names no function, and its memory sizes may be those of several: import it with --function NAME";
  return null;
}

const NAMES = { aws: "AWS", azure: "Azure", gcp: "Google Cloud", other: "no cloud that is known" } as const;

function isProvisioned({ stats, config }: FunctionFacts): boolean {
  const count = config?.settings["provisionedConcurrency"];
  return stats.some((one) => one.plan === "provisioned-concurrency") || (typeof count === "number" && count > 0);
}
