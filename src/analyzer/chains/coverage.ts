/** Which runs carry an ID, per function, and which ways from function to function lose it. */
import type { Chain, ChainRecords } from "../../model/chains.ts";
import type { Coverage, CoveredFunction, FunctionCoverage, Language } from "../../model/coverage.ts";
import type { Config } from "../../model/records.ts";
import { contextOf } from "./context.ts";
import { type Carried, hopCoverage } from "./coverage-hops.ts";
import { DEFAULT_HUB_LIMIT } from "./evidence.ts";
import { type Node, topOf } from "./nodes.ts";

/** Log lines held of one function, as the dataset counts them. */
export interface LineCount {
  cloud: string;
  account: string | null;
  region: string | null;
  fn: string | null;
  lines: number;
}

/**
 * Coverage of the records that `chains` were rebuilt from. `lines`: null where nobody counted them. A constant (a hub) is no
 * correlation ID; runs that name no function are left out.
 */
export function coverage(
  records: ChainRecords,
  chains: readonly Chain[],
  lines: readonly LineCount[] | null,
): Omit<Coverage, "from" | "to"> {
  const runs = placed(runsOf(records));
  const readable = new Set(records.logs.flatMap((one) => (one.kind === "function" && one.fn !== null ? [`${one.cloud} ${one.fn}`] : [])));
  const functions = [...Map.groupBy(runs.values(), ({ of }) => keyOf(of)).values()].map((own) =>
    functionCoverage(own, records.configs, lines, readable),
  );
  const sum = (field: "runs" | "withCorrelation" | "withTrace" | "withAny"): number => functions.reduce((all, one) => all + one[field], 0);
  return {
    runs: sum("runs"),
    withCorrelation: sum("withCorrelation"),
    withTrace: sum("withTrace"),
    withAny: sum("withAny"),
    functions: functions.sort(worstFirst),
    hops: hopCoverage(records, chains, runs),
  };
}

/** One text per function. */
function keyOf({ cloud, account, region, fn }: CoveredFunction): string {
  return JSON.stringify([cloud, account, region, fn]);
}

/** By hop ID. */
function runsOf(records: ChainRecords): Map<string, Carried> {
  const { nodes, members } = contextOf(records, DEFAULT_HUB_LIMIT);
  const runs = new Map<string, Carried>();
  for (const node of nodes.all) {
    if (node.kind !== "function" || node.fn === null || topOf(node) !== node) continue;
    const { cloud, account, region, fn } = node;
    const seen = [node, ...(nodes.partsOf.get(node) ?? [])].flatMap(idsOf);
    const ids = new Set(seen.filter((id) => id.kind === "correlation" && members.tokens.get(id.value)?.hub !== true).map((id) => id.value));
    const traced = node.traces.length > 0 || node.lineTraces.length > 0 || seen.some((id) => id.kind === "trace");
    runs.set(node.id, { of: { cloud, account, region, fn }, ids, traced });
  }
  return runs;
}

/** A run known from a history or a message may lack account or region: it is the function's that alone fits. */
function placed(runs: Map<string, Carried>): Map<string, Carried> {
  const whole = [...runs.values()].filter(({ of }) => of.account !== null && of.region !== null);
  const places = Map.groupBy(new Map(whole.map(({ of }) => [keyOf(of), of])).values(), ({ cloud, fn }) => `${cloud} ${fn}`);
  for (const run of runs.values()) {
    if (run.of.account !== null && run.of.region !== null) continue;
    const fitting = (places.get(`${run.of.cloud} ${run.of.fn}`) ?? []).filter((one) => isSamePlace(one, run.of));
    if (fitting.length === 1) run.of = fitting[0]!;
  }
  return runs;
}

function idsOf({ invocations, spans, lines, received, published }: Node): Node["lines"][number]["ids"] {
  return [...invocations, ...spans, ...lines, ...received, ...published].flatMap((one) => one.ids);
}

function functionCoverage(
  runs: readonly Carried[],
  configs: readonly Config[],
  counts: readonly LineCount[] | null,
  readable: ReadonlySet<string>,
): FunctionCoverage {
  const { of } = runs[0]!;
  const count = (has: (run: Carried) => boolean): number => runs.filter(has).length;
  const lines = counts
    ?.filter((one) => one.fn === of.fn && one.cloud === of.cloud && isSamePlace(one, of))
    .reduce((all, one) => all + one.lines, 0);
  const runtime = runtimeOf(of, configs);
  return {
    ...of,
    runtime,
    language: languageOf(runtime),
    runs: runs.length,
    withCorrelation: count((run) => run.ids.size > 0),
    withTrace: count((run) => run.traced),
    withAny: count((run) => run.traced || run.ids.size > 0),
    lines: lines ?? null,
    readable: readable.has(`${of.cloud} ${of.fn}`) ? true : lines === 0 ? false : null,
  };
}

/** Unknown (null) contradicts nothing. */
function isSamePlace(a: Pick<LineCount, "account" | "region">, b: Pick<LineCount, "account" | "region">): boolean {
  const same = (one: string | null, other: string | null): boolean => one === null || other === null || one === other;
  return same(a.account, b.account) && same(a.region, b.region);
}

/** Of its own description, or of the app that it is in (Azure). */
function runtimeOf(of: CoveredFunction, configs: readonly Config[]): string | null {
  const named = (name: unknown): Config[] => configs.filter((one) => one.cloud === of.cloud && one.name === name && isSamePlace(one, of));
  const own = named(of.fn);
  const apps = own.flatMap((one) => (one.settings["app"] === undefined ? [] : named(one.settings["app"])));
  const found = [...own, ...apps].find((one) => one.kind === "function" && typeof one.settings["runtime"] === "string");
  return (found?.settings["runtime"] as string | undefined) ?? null;
}

/** `nodejs22.x`, `node`, `python3.13`, `dotnet-isolated`, `java21`; anything else (`provided.al2023`, `go1.x`, `ruby3.4`) is null. */
function languageOf(runtime: string | null): Language | null {
  const found = /^(node|python|dotnet|java)(?!script)/i.exec(runtime ?? "")?.[1]?.toLowerCase();
  return (found as Language | undefined) ?? null;
}

function worstFirst(a: FunctionCoverage, b: FunctionCoverage): number {
  const share = (one: FunctionCoverage): number => one.withCorrelation / one.runs;
  return share(a) - share(b) || b.runs - a.runs || (keyOf(a) < keyOf(b) ? -1 : 1);
}
