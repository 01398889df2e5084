/**
 * `trace` on live clouds: looks for the ID where it can be, takes what is found into the dataset, follows the IDs learned from it, until
 * nothing new appears. The answer is the dataset's own.
 */
import type { LiveSession, Span } from "../clouds/room.ts";
import type { ChainRecords } from "../model/chains.ts";
import { UserError } from "../model/errors.ts";
import { type Id, type IdKind, isPlaceholderId, normaliseId, traceIdOf } from "../model/ids.ts";
import type { Config, Gap, Rec } from "../model/records.ts";
import type { EpochMs, Usd } from "../model/units.ts";
import { openBatchWriter, openCollected, openCommitter, openDataset } from "../store/index.ts";
import { dollars } from "./collect/announce.ts";
import { credentialsError, failure, isGap } from "./collect/gaps.ts";
import { Merger } from "./collect/merge.ts";
import { type LiveWorld, withSessions } from "./live.ts";
import { covers, nameOf } from "./targets.ts";
import type { Settings } from "./settings.ts";
import type { Scope } from "./targets.ts";
import { closure, type TraceResult, traceWith } from "./trace.ts";

/** A chain that goes on learning IDs beyond this is cut, and says so. */
const MAX_ROUNDS = 12;
const MAX_IDS_PER_ROUND = 500;
/** Configuration as old as this is still good enough to say where to look. */
const FRESH_MS = 86_400_000;
/** Where to look first, when no window was given. */
const FIRST_LOOK_MS = 86_400_000;
const EDGE_MS = 3_600_000;
const MEMORY_MIB = 256;

interface Search {
  dataDir: string;
  wanted: string;
  scope: Scope;
  world: LiveWorld;
  merger: Merger;
  asked: { session: LiveSession; configs: readonly Config[] }[];
  gaps: Gap[];
}

/**
 * Rebuilds the chain of `id` from the clouds and the dataset. Throws UserError when no target can be reached, the dataset is in use, or what
 * is asked for is no ID that could join anything.
 */
export async function traceLive(dataDir: string, id: string, settings: Settings, scope: Scope, world: LiveWorld): Promise<TraceResult> {
  const wanted = normaliseId(id);
  if (isPlaceholderId(wanted)) throw unsearchable(wanted);
  const gaps: Gap[] = [];
  const committer = openCommitter(dataDir);
  try {
    const writer = await openBatchWriter({ dir: dataDir, publisher: committer, threads: 2, memoryMib: MEMORY_MIB });
    try {
      const merger = new Merger(writer, openCollected(dataDir), world.clock);
      await withSessions(scope, world, async ({ sessions, unreached }) => {
        // the chain may go on there, whenever it ran
        gaps.push(...unreached.map(({ gap }) => ({ ...gap, from: scope.window.from, to: scope.searchTo })));
        const search: Search = { dataDir, wanted, scope, world, merger, asked: [], gaps };
        search.asked = await Promise.all(sessions.map((session) => describe(session, search)));
        const described = gaps.length;
        for (const window of windowsOf(scope)) {
          gaps.length = described;
          const begun = await follow(window, search);
          // what begins near the edge may begin before it
          if (begun !== null && begun > window.from + EDGE_MS) break;
        }
      });
    } finally {
      await writer.close();
    }
  } finally {
    committer.close();
  }
  const where = `${scope.targets.map(nameOf).join(", ")} from ${isoOf(scope.window.from)} to ${isoOf(scope.searchTo)}`;
  const unread = [...new Set(gaps.map((gap) => `${gap.what}: ${gap.why}`))];
  return { ...(await traceWith(dataDir, id, gaps, settings, world.host, world.signal)), searched: { where, unread } };
}

/** Nearly every line may hold it, and what was found would join nothing. */
function unsearchable(id: string): UserError {
  return new UserError(
    `${JSON.stringify(id.slice(0, 120))} names nothing: it is empty, a placeholder, shorter than 3 or longer than 512 characters`,
    {
      suggestions: ["give the whole ID as the logs have it", "--offline looks for it in the dataset alone"],
    },
  );
}

function isoOf(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}

/** The window asked for; else the last day, and where that holds nothing, all of it. */
function windowsOf({ window, windowGiven, searchTo }: Scope): Span[] {
  const whole = { from: window.from, to: searchTo };
  const first = { from: Math.max(whole.from, searchTo - FIRST_LOOK_MS), to: searchTo };
  return windowGiven || first.from === whole.from ? [whole] : [first, whole];
}

/** Configuration of a target, from the dataset where that is fresh, else from the cloud. */
async function describe(session: LiveSession, { dataDir, world, merger, gaps }: Search): Promise<Search["asked"][number]> {
  const dataset = await openDataset(dataDir);
  try {
    const known = (await dataset.configs()).filter((one) => covers({ ...session.target, account: session.account }, one));
    const since = world.clock.now() - FRESH_MS;
    if (known.some((one) => one.kind === "function" && (one.observedAt ?? 0) >= since)) return { session, configs: known };
  } finally {
    await dataset.close();
  }
  const configs: Config[] = [];
  const source = merger.begin();
  try {
    for await (const page of session.collector.inventory()) {
      for (const record of page) if (record.type === "config") configs.push(record);
      gaps.push(...page.filter(isGap));
      await merger.write(
        source,
        page.filter((record) => !isGap(record)),
      );
      world.host.progress("inventory", configs.length, null, "descriptions");
    }
  } catch (error) {
    stopFor(error, merger, world);
    gaps.push(failure(session, `the inventory of ${nameOf(session.target)}`, error, null));
  }
  return { session, configs };
}

/** When what was found begins; null: the ID was not found. */
async function follow(window: Span, search: Search): Promise<EpochMs | null> {
  const { wanted, world, gaps, merger } = search;
  const searched = new Set<string>();
  let begun = window.to;
  let ids: Id[] = [{ kind: kindOf(wanted), value: wanted }];
  await announce(window, search);
  for (let round = 0; ids.length > 0; round++) {
    world.host.progress("search", searched.size, null, "IDs");
    if (round === MAX_ROUNDS || ids.length > MAX_IDS_PER_ROUND) {
      gaps.push(
        cut(
          round === MAX_ROUNDS ? `it takes more than ${MAX_ROUNDS} searches` : `it holds more than ${MAX_IDS_PER_ROUND} IDs to search for`,
          window,
        ),
      );
      break;
    }
    for (const id of ids) searched.add(id.value);
    await Promise.all(search.asked.map((one) => searchIn(one, ids, window, search)));
    await merger.commit();
    const dataset = await openDataset(search.dataDir);
    try {
      const found = await closure(dataset, wanted, world.host, world.signal);
      if (found === null) return null;
      begun = beginOf(found.records, begun);
      ids = learned(found.records, found.ids).filter((id) => !searched.has(id.value));
    } finally {
      await dataset.close();
    }
  }
  return begun;
}

function beginOf({ invocations, spans, messages, logs }: ChainRecords, before: EpochMs): EpochMs {
  let first = before;
  for (const { startedAt } of [...invocations, ...spans]) first = Math.min(first, startedAt);
  for (const { at } of [...messages, ...logs]) first = Math.min(first, at);
  return first;
}

async function announce(window: Span, { asked, scope, world }: Search): Promise<void> {
  const estimates = await Promise.all(
    asked.map(({ session, configs }) => session.collector.searchEstimate(configs, window).catch(() => null)),
  );
  const usd = estimates.reduce<number | null>((sum, one) => (sum === null || one === null || one.usd === null ? null : sum + one.usd), 0);
  const price = usd === null ? "a price not known" : usd < 0.0001 ? "less than $0.0001" : `at most ${dollars(usd)}`;
  const hours = Math.round((window.to - window.from) / 3_600_000);
  world.host.note(
    `searching ${asked.map(({ session }) => nameOf(session.target)).join(", ")} over ${hours} h; a paid search of all of it costs ${price} a round (limit ${dollars(scope.maxQueryUsd)} together)`,
  );
}

async function searchIn({ session, configs }: Search["asked"][number], ids: readonly Id[], window: Span, search: Search): Promise<void> {
  const { merger, gaps, scope, world, asked } = search;
  const spent = asked.reduce<Usd>((sum, one) => sum + (one.session.collector.spentUsd?.() ?? 0), 0);
  const source = merger.begin();
  try {
    for await (const page of session.collector.search(ids, configs, window, Math.max(0, scope.maxQueryUsd - spent) / asked.length)) {
      const missing = page.filter(isGap);
      for (const gap of missing) if (!gaps.some((one) => isSame(one, gap))) gaps.push(gap);
      await merger.write(source, missing.length === 0 ? page : page.filter((record: Rec) => !isGap(record)));
    }
  } catch (error) {
    stopFor(error, merger, world);
    gaps.push(failure(session, `the search in ${nameOf(session.target)}`, error, window));
  }
}

/** The inventory's gap has no time, and stands for none of the search's. */
function isSame(a: Gap, b: Gap): boolean {
  return a.what === b.what && a.why === b.why && (a.from === null) === (b.from === null);
}

/** Throws what is no matter of one target: a stop, a dataset that cannot be written, credentials that ended. */
function stopFor(error: unknown, merger: Merger, world: LiveWorld): void {
  world.signal.throwIfAborted();
  if (merger.broken !== null) throw merger.broken;
  const ended = credentialsError(error);
  if (ended !== null) throw ended;
}

/** IDs that records of the chain carry and that its rebuilding followed; hubs and hashes are not among them. */
function learned(records: ChainRecords, followed: ReadonlySet<string>): Id[] {
  const found = new Map<string, IdKind>();
  const add = (kind: IdKind, value: string | null): void => {
    if (value !== null && followed.has(value) && !found.has(value)) found.set(value, kind);
  };
  for (const run of records.invocations) {
    add("request", run.requestId);
    add("trace", run.traceId);
  }
  for (const span of records.spans) {
    if (span.kind === "workflow") add("execution", span.spanId);
    add("request", span.requestId);
    add("trace", span.traceId);
  }
  for (const message of records.messages) {
    add("message", message.messageId);
    add("request", message.requestId);
    add("trace", message.traceId);
  }
  for (const line of records.logs) {
    add("request", line.requestId);
    add("trace", line.traceId);
  }
  for (const list of [records.invocations, records.spans, records.messages, records.logs])
    for (const record of list) for (const id of record.ids) add(id.kind, id.value);
  return [...found].map(([value, kind]) => ({ kind, value }));
}

/** What an ID is by its form. A UUID may name many things; as a correlation ID it is looked for everywhere. */
function kindOf(value: string): IdKind {
  if (traceIdOf(value) !== null) return "trace";
  return /^arn:[^:]+:states:[^:]*:[^:]*:(execution|express):/.test(value) ? "execution" : "correlation";
}

function cut(why: string, window: Span): Gap {
  return { type: "gap", cloud: "other", account: null, region: null, what: "the rest of the chain", why, from: window.from, to: window.to };
}
