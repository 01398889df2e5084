/** From recorded runs to advice: which filter each consumer of a channel should have, or why none. Pure. */
import type { FilterAdvice, LabelledEvent, LoggedRun, OutcomeEvidence, OutcomeWords } from "../../model/filters.ts";
import type { Cloud, Config } from "../../model/records.ts";
import type { Usd } from "../../model/units.ts";
import type { Rates } from "../cost/index.ts";
import { type EventsIn, readRun, type ReadRun } from "./evidence.ts";
import { leavesOf } from "./fields.ts";
import { type LearnedFilter, learnFilter, type RefusedFilter } from "./learn.ts";
import { matcherOf } from "./match/index.ts";
import { labelled } from "./outcome.ts";
import { proposalOf } from "./propose.ts";
import { type CombinedOutcome, combined } from "./fan-out.ts";
import { savingOf, type Volumes } from "./saving.ts";
import type { Consumer, FilterPlace, FoundPlace } from "./target.ts";
import { placeOf } from "./targets.ts";

export interface FiltersQuestion {
  /** Runs of functions that may share a rule: all of these functions. */
  runs: readonly LoggedRun[];
  /** Events whose outcome the user gave; they stand instead of what runs say of theirs. */
  given: readonly LabelledEvent[];
  eventsIn: EventsIn;
  words: OutcomeWords;
  configs: readonly Config[];
  volumesOf(cloud: Cloud, fn: string): Volumes;
  rates: Rates;
  minSavingUsdPerMonth: Usd;
}

/** Advice, and what is proposed to be kept and dropped, for a cloud to be asked. */
export interface Considered {
  advice: FilterAdvice;
  /** Empty where nothing is proposed. */
  sample: { event: LabelledEvent; kept: boolean }[];
}

/** One consumer with its events, oldest first. */
interface Group {
  consumer: Consumer;
  events: LabelledEvent[];
  reads: ReadRun[];
  /** Of the function's runs that logged events, those with an event of this consumer. */
  share: number;
}

/** Events of each side that are kept for the cloud's own judgement. */
const MOST_ASKED = 10;

export function filterAdvice(question: FiltersQuestion): Considered[] {
  const groups = groupsOf(question);
  return onePerChannel(groups.map((group) => ({ group, considered: consider(group, groups, question) })));
}

function groupsOf({ runs, given, eventsIn, words }: FiltersQuestion): Group[] {
  const functions = Map.groupBy(runs, ({ cloud, fn }) => `${cloud} ${fn}`);
  const recorded = [...functions.values()].flatMap((own) => {
    const reads = own.flatMap((run) => readRun(run, eventsIn, words) ?? []);
    return split(labelled(reads), reads);
  });
  const said = [...Map.groupBy(given, ({ cloud, fn }) => `${cloud} ${fn}`).values()].flatMap((own) => split(own, []));
  return [...recorded, ...said];
}

function split(events: readonly LabelledEvent[], reads: readonly ReadRun[]): Group[] {
  return [...Map.groupBy(events, ({ grammar, channel }) => `${grammar} ${channel}`).values()].map((own) => {
    const { cloud, fn, grammar, channel } = own[0]!;
    const mine = reads.filter((read) => read.events.some((event) => event.grammar === grammar && event.channel === channel));
    return {
      consumer: { cloud, fn: fn ?? "events given", grammar, channel },
      events: own,
      reads: mine,
      share: mine.length / Math.max(reads.length, 1),
    };
  });
}

function consider(group: Group, groups: readonly Group[], question: FiltersQuestion): Considered {
  const { consumer, events } = group;
  const found = placeOf(consumer, question.configs, events);
  const blank = blankAdvice(group, found, question);
  const refused = (refusal: string, more: Partial<FilterAdvice> = {}): Considered => ({
    advice: { ...blank, ...more, refusal },
    sample: [],
  });
  if ("why" in found && found.isManaged) return refused(found.why);
  const why = unfit(group);
  if (why !== null) return refused(why);
  const place = "why" in found ? null : found;
  const alone = learnFilter(events, { current: place?.current ?? null });
  if ("refusal" in alone) return refused(alone.refusal, { proof: alone.proof });
  const shown = (one: LearnedFilter): Partial<FilterAdvice> => ({
    proposed: one.filter,
    words: one.words,
    proof: one.proof,
    caveats: one.caveats,
  });
  if (Object.keys(blank.evidence).every((kind) => kind === "early-return"))
    return refused(
      "only the time of its runs says which events it discards, too little to drop events for: log a line when one is ignored, or give labels with --events",
      shown(alone),
    );
  const shared = place === null ? null : sharedFilter(group, place, groups);
  if (shared !== null && "refusal" in shared) return refused(shared.refusal, shown(alone));
  return proposed(group, shared ?? alone, place, found, { ...blank, ...shown(shared ?? alone) }, question);
}

function proposed(
  group: Group,
  learned: LearnedFilter,
  place: FilterPlace | null,
  found: FoundPlace,
  advice: FilterAdvice,
  question: FiltersQuestion,
): Considered {
  const { consumer, events, reads, share } = group;
  const matcher = matcherOf(consumer.grammar, learned.filter);
  if (matcher.invalid !== null) return { advice: { ...advice, refusal: `the filter would be refused: ${matcher.invalid}` }, sample: [] };
  const volumes = question.volumesOf(consumer.cloud, consumer.fn);
  const saving = savingOf(consumer, reads, share, matcher, volumes, question);
  const usd = saving.usdPerMonth?.p50 ?? null;
  const whole: FilterAdvice = { ...advice, saving, unready: "why" in found ? found.why : null };
  if (usd !== null && usd < question.minSavingUsdPerMonth)
    return {
      advice: {
        ...whole,
        refusal: `it would save ${usd < 0.01 ? "less than 0.01" : usd.toFixed(2)} USD a month, less than the ${question.minSavingUsdPerMonth} that are asked for (--min-saving)`,
      },
      sample: [],
    };
  // one change for all that share a rule, under the name that comes first
  const isFirst = place !== null && place.shared.functions.every((other) => consumer.fn <= other);
  const proposals = place === null || !isFirst ? [] : [proposalOf(whole, place, learned, volumes)];
  const kept = events.filter(({ event }) => matcher.matches(event));
  const dropped = events.filter(({ event }) => !matcher.matches(event));
  return {
    advice: { ...whole, proposals },
    sample: [...spread(kept).map((event) => ({ event, kept: true })), ...spread(dropped).map((event) => ({ event, kept: false }))],
  };
}

/** The filter of all that share a rule; null: nothing shares it. */
function sharedFilter(
  group: Group,
  { shared, target, current }: FilterPlace,
  groups: readonly Group[],
): LearnedFilter | RefusedFilter | null {
  const { functions, others } = shared;
  if (functions.length === 0 && others.length === 0) return null;
  const own = `give ${group.consumer.fn} a rule of its own with this pattern`;
  if (others.length > 0)
    return { refusal: `rule ${target.name} also feeds ${others.join(", ")}, of which no log says what it wants: ${own}`, proof: null };
  const result: CombinedOutcome = combined(
    group.events,
    functions.map((fn) => ({
      fn,
      events: groups.find(({ consumer }) => consumer.fn === fn && consumer.grammar === "eventbridge")?.events ?? [],
    })),
  );
  const learned = result.wantedElsewhere > 0 || result.unknownElsewhere > 0 ? null : learnFilter(result.events, { current });
  if (learned !== null && "filter" in learned) return learned;
  const why =
    result.wantedElsewhere > 0
      ? `${result.by.join(", ")} of the same rule ${target.name} want ${result.wantedElsewhere} of the ${result.discardedHere} events that it discards`
      : `of ${result.by.join(", ") || functions.join(", ")}, which rule ${target.name} also feeds, it is not known whether they want what it discards`;
  return { refusal: `${why}: ${own}`, proof: null };
}

/** Why nothing can be learned from these events; null: something may be. */
function unfit({ events, consumer }: Group): string | null {
  const discarded = events.filter(({ outcome }) => outcome === "discarded").length;
  if (discarded === 0)
    return `none of its ${events.length} recorded events is known to be discarded: no line, result or missing call says so`;
  const body = { sqs: "body", kinesis: "data", kafka: "value", mq: "data" }[consumer.grammar as string];
  if (body === undefined) return null;
  const plain = events.filter(
    ({ event }) => !leavesOf(consumer.grammar, event).some(({ path }) => path[0] === body && path.length > 1),
  ).length;
  return plain > 0 && plain < events.length
    ? `${plain} of its ${events.length} recorded messages are no JSON objects, and a pattern on fields would drop them all`
    : null;
}

function blankAdvice({ consumer, events, reads }: Group, found: FoundPlace, { volumesOf }: FiltersQuestion): FilterAdvice {
  const place = "why" in found ? null : found;
  const stats = volumesOf(consumer.cloud, consumer.fn).stats[0];
  const run = reads[0]?.run;
  const count = (outcome: LabelledEvent["outcome"]): number => events.filter((one) => one.outcome === outcome).length;
  const evidence: { [kind in OutcomeEvidence]?: number } = {};
  for (const { evidence: kind } of events) if (kind !== null) evidence[kind] = (evidence[kind] ?? 0) + 1;
  return {
    ...consumer,
    channel: consumer.channel ?? place?.channel ?? null,
    account: place?.target.account ?? stats?.account ?? run?.account ?? null,
    region: place?.target.region ?? stats?.region ?? run?.region ?? null,
    target: place?.target ?? null,
    current: place?.current ?? null,
    proposed: null,
    words: null,
    refusal: null,
    unready: null,
    caveats: [],
    events: {
      count: events.length,
      wanted: count("wanted"),
      discarded: count("discarded"),
      unknown: count("unknown"),
      from: events[0]?.at ?? null,
      to: events.at(-1)?.at ?? null,
    },
    proof: null,
    saving: null,
    danger: "data-loss",
    evidence,
    first: place?.first ?? [],
    proposals: [],
  };
}

/** A notification is read by attributes and by body: the reading that leads to a filter stands, else the first. */
function onePerChannel(all: readonly { group: Group; considered: Considered }[]): Considered[] {
  const channels = Map.groupBy(all, ({ group: { consumer } }) =>
    JSON.stringify([consumer.cloud, consumer.fn, consumer.grammar.replace(/^sns-.*/, "sns"), consumer.channel]),
  );
  return [...channels.values()].map(
    (readings) => (readings.find(({ considered }) => considered.advice.refusal === null) ?? readings[0]!).considered,
  );
}

/** Some of them, over the whole time. */
function spread<T>(all: readonly T[]): T[] {
  const step = Math.max(1, all.length / MOST_ASKED);
  return Array.from({ length: Math.min(MOST_ASKED, all.length) }, (_, i) => all[Math.floor(i * step)]!);
}
