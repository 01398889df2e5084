/** A cloud that answers from lists: for tests of use cases that need live sessions and no network. */
import type { CollectPlan, CollectTask, LiveSession, PermissionCheck, Signal, Target } from "../../src/clouds/room.ts";
import type { Clock } from "../../src/model/clock.ts";
import type { Id } from "../../src/model/ids.ts";
import type { Config, Gap, Rec } from "../../src/model/records.ts";

/** What the fake cloud holds; every part may be left out. */
export interface FakeCloud {
  account?: string;
  configs?: readonly (Config | Gap)[];
  /** By source name: its kind and records with times, of which a task yields those in its window, `page` at a time. */
  sources?: Readonly<Record<string, FakeSource>>;
  planGaps?: readonly Gap[];
  /** Records that a search for an ID finds, by ID. */
  found?: Readonly<Record<string, readonly Rec[]>>;
  searchUsd?: number | null;
  permissions?: readonly PermissionCheck[];
}

export interface FakeSource {
  signal: Signal;
  records: readonly Rec[];
  usd?: number | null;
  page?: number;
  alsoCovers?: readonly string[];
  /** Called before each page; may wait or throw. */
  before?: (page: number, task: CollectTask) => void | Promise<void>;
}

export interface FakeSession extends LiveSession {
  /** What was asked, in order. */
  readonly asked: {
    inventories: number;
    planned: Signal[][];
    run: CollectTask[];
    searched: { ids: string[]; from: number; to: number }[];
    closed: number;
  };
}

export function fakeSession(target: Target, cloud: FakeCloud): FakeSession {
  const asked: FakeSession["asked"] = { inventories: 0, planned: [], run: [], searched: [], closed: 0 };
  const sources = Object.entries(cloud.sources ?? {});
  let usd = 0;
  return {
    asked,
    target,
    account: cloud.account ?? "111122223333",
    principal: "arn:aws:iam::111122223333:user/test",
    collector: {
      async *inventory() {
        asked.inventories += 1;
        yield [...(cloud.configs ?? [])];
      },
      async plan(_configs, request, missing): Promise<CollectPlan> {
        asked.planned.push([...request.signals]);
        const tasks = sources
          .filter(([, source]) => request.signals.includes(source.signal))
          .flatMap(([name, source]) => missing(name, request.window).map((window): CollectTask => taskOf(name, source, window)));
        return { tasks, gaps: [...(cloud.planGaps ?? [])] };
      },
      async *run(task) {
        asked.run.push(task);
        const source = cloud.sources![task.source]!;
        const within = source.records.filter((record) => timeOf(record) >= task.window.from && timeOf(record) < task.window.to);
        const page = source.page ?? 100;
        for (let at = 0, n = 0; at === 0 || at < within.length; at += page, n++) {
          await source.before?.(n, task);
          yield within.slice(at, at + page);
        }
        usd += source.usd ?? 0;
      },
      async *search(ids: readonly Id[], _configs, window) {
        asked.searched.push({ ids: ids.map((id) => id.value), from: window.from, to: window.to });
        usd += cloud.searchUsd ?? 0;
        for (const id of ids) {
          const found = (cloud.found?.[id.value] ?? []).filter(
            (r) => r.type === "gap" || (timeOf(r) >= window.from && timeOf(r) < window.to),
          );
          if (found.length > 0) yield found;
        }
      },
      searchEstimate: () => Promise.resolve({ calls: 1, seconds: 1, usd: cloud.searchUsd ?? 0, bytes: null }),
      spentUsd: () => usd,
    },
    applier: { read: unused, owners: unused, write: unused, moveAlias: unused },
    prober: "no probes here",
    async *permissions() {
      yield* cloud.permissions ?? [];
    },
    calls: () => [{ api: "fake:Call", calls: asked.run.length, throttled: 0, failed: 0 }],
    close() {
      asked.closed += 1;
    },
  };
}

function taskOf(name: string, source: FakeSource, window: CollectTask["window"]): CollectTask {
  const { signal, alsoCovers } = source;
  const estimate = { calls: 1, seconds: 1, usd: source.usd ?? 0, bytes: null };
  return {
    source: name,
    signal,
    title: `${signal} of ${name}`,
    via: "Fake",
    window,
    estimate,
    detail: null,
    ...(alsoCovers ? { alsoCovers } : {}),
  };
}

const unused = (): never => {
  throw new Error("this fake has no such door");
};

function timeOf(record: Rec): number {
  if (record.type === "invocation" || record.type === "span") return record.startedAt;
  return record.type === "config" ? 0 : record.type === "gap" ? (record.from ?? 0) : record.at;
}

/** A target of the fake cloud. */
export function fakeTarget(name = "shop", region = "eu-central-1"): Target {
  const functions = { names: [], tags: {} };
  return { cloud: "aws", name, account: null, region, profile: null, roleArn: null, externalId: null, functions };
}

/** Time stands still but for what is slept; chance is always one half. */
export function fakeClock(at: number): Clock & { advance(ms: number): void } {
  let now = at;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
    async sleep(ms, signal) {
      signal.throwIfAborted();
      now += ms;
    },
    random: () => 0.5,
  };
}
