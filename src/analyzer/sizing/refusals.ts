/** Functions for which no size can be advised, whatever they did. Pure. */
import { UNNAMED } from "../../model/records.ts";
import { type FunctionFacts, numberSetting, textSetting } from "./facts.ts";

/** Why nothing can be said of this function's memory; null: it can be looked at. */
export function refusalFor(facts: FunctionFacts): string | null {
  const { cloud, stats, config } = facts;
  const live = stats.filter((one) => !one.probe);
  if (cloud === "azure") return azureRefusal(facts);
  if (cloud === "gcp") return googleRefusal(facts);
  if (cloud !== "aws") return "it runs on no cloud that is known: sizes and prices are not known either";
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

/** Runs at once on an instance up to which its CPU is taken as divided evenly; beyond it depends on what they wait for. */
export const MOST_CROWDED = 2;

/** Flex alone lets memory be chosen per app and bills by it: https://learn.microsoft.com/azure/azure-functions/functions-scale */
function azureRefusal(facts: FunctionFacts): string | null {
  const { config, stats, members, durable, unplaced = [] } = facts;
  const plan = textSetting(config, "plan") ?? stats.at(-1)?.plan ?? null;
  if (plan === "consumption") return "memory is not configurable here: Consumption bills observed memory";
  if (plan === "premium" || plan === "dedicated")
    return `its plan (${plan}) pays for instances, not for runs: memory comes with the size of the instances`;
  if (members === null || plan === null)
    return "its Function App is not known, whose memory it shares: its description is not in the dataset, or several apps have a function of this name";
  if (plan !== "flex") return `memory is sized on the Flex Consumption plan, and this app is on ${plan}`;
  if (unplaced.length > 0)
    return `another app has a function of the same name (${unplaced.join(", ")}): whose runs they are, and so what this app runs, is not known`;
  if (durable) return "it has Durable Functions, which wait for each other: their durations do not say what they compute";
  const ready = config?.settings["alwaysReady"];
  if (Array.isArray(ready) && ready.length > 0) return "it has always-ready instances, whose bill does not follow duration alone";
  return stats.length > 0 && stats.every((one) => one.memoryMib === null)
    ? "the memory of its instances is not known: its description is not in the dataset"
    : null;
}

function googleRefusal(facts: FunctionFacts): string | null {
  const { config, stats } = facts;
  const plan = textSetting(config, "plan") ?? stats.at(-1)?.plan ?? null;
  if (plan === "run-instance") return "it is billed by instances (CPU always allocated), which cost while they live, whatever runs take";
  if (plan === "run-job") return "it is a job, which is billed by its tasks, whose CPU and memory each run of it can set";
  const ready = numberSetting(config, "minInstances") ?? 0;
  if (ready > 0) return `it keeps ${ready} instance${ready === 1 ? "" : "s"} ready, whose bill does not follow duration alone`;
  if (config === null) return "its CPU and memory are not known: its description is not in the dataset";
  const containers = numberSetting(config, "containers");
  if (containers !== null)
    return `it has ${containers} containers, each with memory and CPU of its own: which of them need what is not known`;
  if (plan === "gen1")
    return numberSetting(config, "memoryMib") === 8192 ? "8192 MiB has the CPU of 4096 MiB: only its memory differs" : null;
  return numberSetting(config, "vcpu") === null || numberSetting(config, "memoryMib") === null
    ? "its CPU and memory are not known: its description does not say them"
    : null;
}

function isProvisioned({ stats, config }: FunctionFacts): boolean {
  const count = config?.settings["provisionedConcurrency"];
  return stats.some((one) => one.plan === "provisioned-concurrency") || (typeof count === "number" && count > 0);
}
