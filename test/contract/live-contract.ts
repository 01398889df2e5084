/** What every room must do live, whatever the vendor: the common story collected, searched, changed and taken back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { correlate } from "../../src/analyzer/chains/index.ts";
import type { CloudRoom, CollectTask, LiveSession, Span } from "../../src/clouds/room.ts";
import { EXIT, UserError } from "../../src/model/errors.ts";
import type { Change, ResourceRef, Settings } from "../../src/model/plan.ts";
import type { ChainRecords } from "../../src/model/chains.ts";
import type { Config, Rec } from "../../src/model/records.ts";
import { CORRELATION_ID } from "./order-scenario.ts";
import { factsOf, STORY_FACTS } from "./room-contract.ts";

/** The common story on servers of one vendor. */
export interface LiveStory {
  session: LiveSession;
  /** When it began; `window` holds it all. */
  t0: number;
  window: Span;
  messageId: string;
  /** What the settings of `handle-order` belong to, as it is before anything was written, and legal settings to write. */
  ref: ResourceRef;
  before: Settings;
  after: Settings;
  /** Somebody else writes the same settings. */
  disturb(settings: Settings): Promise<void>;
  /** Settings as the vendor's own client reads them. */
  read(): Promise<Settings>;
  /** What servers objected to. */
  violations: readonly string[];
  stop(): Promise<void>;
}

async function all(pages: AsyncIterable<Rec[]>): Promise<Rec[]> {
  const records: Rec[] = [];
  for await (const page of pages) records.push(...page);
  return records;
}

async function refused(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => new Error("nothing was refused"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

/** `start` null: its servers are not here. */
export function liveContract(room: CloudRoom, start: (() => Promise<LiveStory>) | null): void {
  describe.skipIf(start === null)(`room ${room.cloud}, live`, () => {
    let story: LiveStory;
    let configs: Config[];
    let records: Rec[];
    let tasks: CollectTask[];

    beforeAll(async () => {
      story = await start!();
      const found = await all(story.session.collector.inventory());
      configs = found.filter((record) => record.type === "config");
    });
    afterAll(async () => {
      story?.session.close();
      await story?.stop();
    });

    const plan = (missing: (source: string, window: Span) => Span[]) =>
      story.session.collector.plan(configs, { signals: ["logs", "traces"], logs: "all", window: story.window, maxQueryUsd: 1 }, missing);
    const changeOf = (live: { revision: string | null; fingerprint: string }, before: Settings, after: Settings): Change => ({
      ...story.ref,
      id: "contract",
      before,
      after,
      revision: live.revision,
      fingerprint: live.fingerprint,
      alias: null,
      aliasVersion: null,
      aliasTarget: null,
      danger: "none",
      owners: [],
      expected: null,
      reasons: [],
    });

    it("knows whose credentials it has, and describes both functions and what lies between them", () => {
      expect(story.session.account).toBe(story.ref.account);
      const functions = configs.filter((one) => one.kind === "function").map((one) => one.name);
      expect(functions).toEqual(expect.arrayContaining(["place-order", "handle-order"]));
      const channel = configs.filter((one) => ["queue", "topic"].includes(one.kind)).map((one) => one.name);
      expect(channel).toContain("orders");
      const own = configs.find((one) => one.kind === "function" && one.resource === story.ref.resource);
      for (const [name, value] of Object.entries(story.before)) expect(own!.settings[name], name).toEqual(value);
    });

    it("collects the story: the same facts as on every cloud", async () => {
      const planned = await plan((_, window) => [window]);
      tasks = planned.tasks;
      expect(tasks.length).toBeGreaterThan(0);
      for (const task of tasks) expect(task.title).not.toBe("");
      records = (await Promise.all(tasks.map((task) => all(story.session.collector.run(task))))).flat();
      expect(factsOf(unique(records), story, story.t0)).toEqual(STORY_FACTS);
    });

    it("asks for nothing that is held, and gives the same records when asked again", async () => {
      expect((await plan(() => [])).tasks).toEqual([]);
      const again = (await Promise.all(tasks.map((task) => all(story.session.collector.run(task))))).flat();
      expect(new Set(again.map((one) => JSON.stringify(one)))).toEqual(new Set(records.map((one) => JSON.stringify(one))));
    });

    it("tells one chain of it, with the same kinds of findings as on every cloud", () => {
      const [chain, ...more] = correlate(byType([...configs, ...unique(records)]));
      expect(more).toEqual([]);
      const functions = chain!.hops.filter((hop) => hop.kind === "function");
      expect(functions.map((hop) => [hop.name, hop.outcome, hop.coldStart === true])).toEqual([
        ["place-order", "ok", true],
        ["handle-order", "error", false],
      ]);
      expect(chain!.ids).toContain(CORRELATION_ID);
      expect(chain!.outcome).toBe("error");
      const between = chain!.edges.filter((edge) => edge.to === functions[1]!.id);
      // a cloud that records the sender's call has it between the two
      const causes = between.map((edge) => chain!.hops.find((hop) => hop.id === edge.from)!.requestId);
      expect(new Set(causes)).toEqual(new Set([functions[0]!.requestId]));
      // a span says whose fault an error was, a log line does not
      const kinds = chain!.problems.map(({ code, hopId }) => [code === "fault" ? "error" : code, hopId]);
      expect(kinds).toEqual([["error", functions[1]!.id]]);
    });

    it("finds it by its correlation ID alone", async () => {
      const found = await all(story.session.collector.search([{ kind: "correlation", value: CORRELATION_ID }], configs, story.window, 1));
      const lines = found.filter((one) => one.type === "log" && one.ids.some((id) => id.value === CORRELATION_ID));
      expect([...new Set(lines.map((one) => (one.type === "log" ? one.fn : null)))].sort()).toEqual(["handle-order", "place-order"]);
    });

    it("says what it may do, and prints the least that it needs", async () => {
      const checks = [];
      for await (const check of story.session.permissions()) checks.push(check);
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter((one) => one.required && one.state === "denied")).toEqual([]);
      const { permissions, policy } = room.live!;
      const printed = JSON.stringify(policy([...new Set(permissions.map((one) => one.feature))]));
      for (const { action } of permissions) expect(printed).toContain(action);
      expect(story.session.calls().reduce((sum, one) => sum + one.calls, 0)).toBeGreaterThan(0);
    });

    it("writes, reads back, and takes back", async () => {
      const { applier } = story.session;
      const live = await applier.read(story.ref);
      expect(live.settings).toMatchObject(story.before);
      const done = await applier.write(changeOf(live, story.before, story.after), live.revision);
      expect(done.live.settings).toMatchObject(story.after);
      expect(await story.read()).toEqual(story.after);
      const undone = await applier.write(changeOf(done.live, story.after, story.before), done.live.revision);
      expect(undone.live.settings).toMatchObject(story.before);
      expect(await story.read()).toEqual(story.before);
    });

    it("refuses what changed since, and leaves it as it is", async () => {
      const { applier } = story.session;
      const live = await applier.read(story.ref);
      await story.disturb(story.after);
      const error = await refused(applier.write(changeOf(live, story.before, story.after), live.revision));
      expect(error.exitCode).toBe(EXIT.conflict);
      expect(await story.read()).toEqual(story.after);
      await story.disturb(story.before);
    });

    it("refuses illegal settings, other kinds and what is not there, before anything is written", async () => {
      const { applier } = story.session;
      const live = await applier.read(story.ref);
      await refused(applier.write(changeOf(live, story.before, { ...story.after, memoryMib: 3 }), live.revision));
      await refused(applier.write({ ...changeOf(live, story.before, story.after), kind: "other.thing" }, live.revision));
      const absent = { ...story.ref, name: "no-such-thing", resource: story.ref.resource.replace(/[^/:]+$/, "no-such-thing") };
      expect((await refused(applier.read(absent))).exitCode).toBe(EXIT.usage);
      expect(await story.read()).toEqual(story.before);
    });

    it("sent nothing that the vendor's contract does not allow", () => {
      expect(story.violations).toEqual([]);
    });
  });
}

function byType(records: readonly Rec[]): ChainRecords {
  const of = <T extends Rec["type"]>(type: T) => records.filter((one): one is Extract<Rec, { type: T }> => one.type === type);
  return {
    invocations: of("invocation"),
    spans: of("span"),
    messages: of("message"),
    logs: of("log"),
    configs: of("config"),
    gaps: of("gap"),
  };
}

/** Records that several sources gave word for word count once. */
function unique(records: readonly Rec[]): Rec[] {
  return [...new Map(records.map((record) => [JSON.stringify(record), record])).values()];
}
