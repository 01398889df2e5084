/** Bills worked by hand in Markdown: read, made records of a dataset, and priced by the real path. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ledger } from "../../src/analyzer/cost/index.ts";
import { costOf } from "../../src/app/cost.ts";
import { ratesWith } from "../../src/app/rates.ts";
import { loadSettings } from "../../src/app/settings.ts";
import type { CostBy, Ledger } from "../../src/model/cost.ts";
import { silentHost } from "../../src/model/host.ts";
import type { ChannelKind, Cloud, Config, Invocation, Json, MetricPoint, Rec } from "../../src/model/records.ts";
import { writeRecords } from "./dataset.ts";

const NOON = Date.UTC(2026, 0, 15, 12);
const HOUR_MS = 3_600_000;

/** Rows of each section's table, cell by cell. */
export function tablesOf(url: URL): string[][][] {
  const sections = readFileSync(url, "utf8").split(/^## /m).slice(1);
  return sections.map((section) =>
    section
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .slice(2)
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

/** `a/b x c + d x e`: what the working comes to; nothing comes to 0. */
export function worked(text: string): number {
  const factor = (part: string): number =>
    part
      .split("/")
      .map(Number)
      .reduce((a, b) => a / b);
  const term = (part: string): number =>
    part
      .split(" x ")
      .map(factor)
      .reduce((a, b) => a * b);
  return text === "" ? 0 : text.split(" + ").reduce((sum, part) => sum + term(part), 0);
}

/** How one cloud writes what a table says. */
export interface Telling {
  cloud: Cloud;
  /** Settings of the service or app from the `configuration` cell, without its region. */
  settings(words: readonly string[]): { [name: string]: Json };
  /** Metric named in the table, on this service or app; its points cover the hour from 0 ms on. */
  metric(name: string, service: string): Pick<MetricPoint, "name" | "statistic" | "resource" | "fn" | "at">;
  /** Name of a service's function in telemetry; null: the service itself. */
  functionOf(service: string, fn: string): string;
}

let requests = 0;

/** `*80`: so many equal runs. */
const timesTold = (text: string): unknown[] => Array.from({ length: Number(/ \*(\d+)$/.exec(text)?.[1] ?? 1) });

/** `A/order 0+800 m=129 x5 init=850 500 refused` */
function runOf(text: string, service: string, region: string, telling: Telling): Invocation {
  const [where, when, ...said] = text.split(" ");
  const [instance, fn = "f"] = where!.split("/");
  const [at, durationMs] = when!.split("+").map(Number);
  const numberAfter = (sign: string): number | null => {
    const word = said.find((one) => one.startsWith(sign));
    return word === undefined ? null : Number(word.slice(sign.length));
  };
  const refused = said.includes("refused");
  return {
    type: "invocation",
    cloud: telling.cloud,
    account: "p",
    region,
    fn: telling.functionOf(service, fn),
    version: null,
    requestId: `request-${(requests += 1)}`,
    startedAt: NOON + at!,
    endedAt: NOON + at! + durationMs!,
    durationMs: durationMs!,
    billedMs: null,
    memoryMib: null,
    maxMemoryMib: numberAfter("m="),
    vcpu: null,
    initMs: numberAfter("init="),
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: null,
    outcome: refused || said.includes("429") ? "throttled" : said.includes("500") ? "error" : "ok",
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: instance === "-" || refused ? null : `${service}-${instance}`,
    architecture: null,
    plan: refused ? "run-refused" : null,
    trigger: "http",
    weight: numberAfter("x") ?? 1,
    emulator: false,
    seenIn: "request-log",
    ids: [],
  };
}

function configOf(service: string, name: string, region: string, settings: Config["settings"], telling: Telling): Config {
  return {
    type: "config",
    cloud: telling.cloud,
    account: "p",
    region,
    kind: "function",
    resource: `resource/${service}/${name}`,
    name,
    revision: null,
    observedAt: NOON,
    from: null,
    to: null,
    settings,
  };
}

/** Records of one row: its configuration, its runs, its metrics. */
function recordsOf(service: string, row: readonly string[], hasMetrics: boolean, telling: Telling): Rec[] {
  const words = row[2]!.split(" ");
  const region = words.at(-1)!;
  const runs = row[3] === "" ? [] : row[3]!.split("; ").flatMap((text) => timesTold(text).map(() => runOf(text, service, region, telling)));
  const functions = new Set(runs.map((run) => run.fn).filter((fn) => fn !== service));
  const points = hasMetrics ? row[4]!.split("; ") : [];
  return [
    configOf(service, service, region, { app: service, ...telling.settings(words.slice(0, -1)) }, telling),
    ...[...functions].map((fn) => configOf(service, fn, region, { app: service }, telling)),
    ...runs,
    ...points.map((text, i): MetricPoint => {
      const [name, value] = text.split("=");
      const metric = telling.metric(name!, service);
      // two points of one metric: half an hour each
      const halves = points.filter((other) => other.startsWith(`${name}=`)).length;
      const second = points.slice(0, i).some((other) => other.startsWith(`${name}=`));
      const periodMs = HOUR_MS / halves;
      const at = NOON + (second ? periodMs : 0) + metric.at * periodMs;
      return {
        ...metric,
        type: "metric",
        cloud: telling.cloud,
        account: "p",
        region,
        at,
        periodMs,
        unit: null,
        value: Number(value),
      };
    }),
  ];
}

/** Ledgers of rows that are told as records of one dataset. Service n of the rows is `service-n`. */
export interface Bills {
  ledgers: { [by in CostBy]: Ledger };
  /** USD and count of the runs of row n, over its functions. */
  ofRow(index: number): { usd: number; count: number; unknown: { count: number; why: string }[] };
}

export async function billsOf(rows: readonly string[][], telling: Telling, hasMetrics = false): Promise<Bills> {
  const dir = mkdtempSync(join(tmpdir(), "evscope-bills-"));
  const dataDir = join(dir, "dataset");
  const { signal } = new AbortController();
  const settings = loadSettings(null, dir);
  try {
    await writeRecords(
      dataDir,
      rows.flatMap((row, i) => recordsOf(`service-${i}`, row, hasMetrics, telling)),
    );
    const by = async (key: CostBy): Promise<Ledger> => (await costOf(dataDir, [], { by: key }, settings, silentHost, signal)).ledger;
    const ledgers = {
      function: await by("function"),
      service: await by("service"),
      cloud: await by("cloud"),
      route: await by("route"),
      chain: await by("chain"),
    };
    return {
      ledgers,
      ofRow(index) {
        const own = ledgers.function.rows.filter(({ key }) => key === `service-${index}` || key.startsWith(`service-${index}.`));
        return {
          usd: own.reduce((sum, row) => sum + (row.usd ?? Number.NaN), 0),
          count: own.reduce((sum, row) => sum + (row.invocations ?? 0), 0),
          unknown: own.flatMap((row) => row.unknown),
        };
      },
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** `topic published 2048` or `logs 1000`: its bill. */
export function otherBill(what: string, region: string, cloud: Cloud): number {
  const [kind, ...words] = what.split(" ");
  const place = { cloud, account: "p", region };
  const sizeBytes = Number(words.at(-1));
  const input =
    kind === "logs"
      ? { usage: [], logBytes: [{ ...place, fn: null, bytes: sizeBytes, lines: 1 }] }
      : {
          usage: [],
          messages: [
            {
              ...place,
              channel: "c",
              channelKind: kind as ChannelKind,
              direction: words[0] as "published" | "received",
              sizeBytes,
              count: 1,
            },
          ],
        };
  return ledger(input, { ...ratesWith(null), by: "service" }).totalUsd!;
}
