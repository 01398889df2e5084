/**
 * A cloud of functions with revisions, aliases and versions, and an applier to it as the door asks for it. Its state can live in a file, so
 * that a process that is killed leaves the cloud as it was. Faults are switched on by name.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Applier } from "../../src/clouds/room.ts";
import { EXIT, UserError } from "../../src/model/errors.ts";
import type { Change, LiveResource, ResourceRef } from "../../src/model/plan.ts";

export interface FakeFunction {
  memoryMib: number;
  timeoutS: number;
  description: string;
  revision: number;
  aliases: { name: string; version: string }[];
  /** Memory of each published version, version 1 first. */
  versions: number[];
  tags: string[];
  /** Reads that still say that an update is under way. */
  busyReads: number;
  /** Why the last update failed. */
  failed?: string | null;
}

export interface FakeState {
  functions: { [resource: string]: FakeFunction };
  /** Every call that changed something, in its order. */
  writes: { resource: string; what: "update" | "publish" | "alias"; value: string }[];
}

export interface Faults {
  /** Update is accepted and does nothing. */
  ignored?: (name: string) => boolean;
  /** The update takes effect, and the answer is lost. */
  lostAnswer?: (name: string) => boolean;
  /** The update is accepted, shown, and fails: why. */
  failing?: (name: string) => string | null;
  /** The update is refused. */
  refused?: (name: string) => Error | null;
  /** No revision, as some endpoints. */
  noRevision?: boolean;
  /** Called around every call that changes something. */
  tick?: (where: string) => void;
}

export const functionArn = (name: string): string => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

export function refOf(name: string): ResourceRef {
  return { cloud: "aws", account: "123456789012", region: "eu-west-1", kind: "lambda.function", resource: functionArn(name), name };
}

export class FakeCloud {
  state: FakeState;
  readonly faults: Faults;
  private readonly file: string | null;

  /** `file`: where the state lives; null: in memory. */
  constructor(file: string | null = null, faults: Faults = {}) {
    this.file = file;
    this.faults = faults;
    this.state = file !== null && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as FakeState) : { functions: {}, writes: [] };
  }

  add(name: string, more: Partial<FakeFunction> = {}): this {
    const memoryMib = more.memoryMib ?? 1024;
    this.state.functions[functionArn(name)] = {
      memoryMib,
      timeoutS: 30,
      description: "",
      revision: 1,
      aliases: [],
      versions: [],
      tags: [],
      busyReads: 0,
      ...more,
    };
    this.save();
    return this;
  }

  of(name: string): FakeFunction {
    return this.state.functions[functionArn(name)]!;
  }

  /** Somebody else changes it. */
  meddle(name: string, change: Partial<FakeFunction>): void {
    Object.assign(this.of(name), change, { revision: this.of(name).revision + 1 });
    this.save();
  }

  save(): void {
    if (this.file === null) return;
    writeFileSync(`${this.file}.new`, JSON.stringify(this.state));
    renameSync(`${this.file}.new`, this.file);
  }

  live(ref: ResourceRef): LiveResource {
    const found = this.state.functions[ref.resource];
    if (found === undefined) throw new UserError(`there is no function ${ref.name}`);
    const { memoryMib, timeoutS, description } = found;
    const busy = found.busyReads > 0 ? "InProgress" : null;
    if (found.busyReads > 0) found.busyReads -= 1;
    return {
      ...refOf(ref.name),
      settings: { memoryMib, timeoutS },
      revision: this.faults.noRevision ? null : `rev-${found.revision}`,
      fingerprint: createHash("sha256")
        .update(JSON.stringify([memoryMib, timeoutS, description]))
        .digest("hex"),
      busy,
      failed: found.failed ?? null,
      aliases: found.aliases.map((one) => ({ ...one })),
    };
  }

  private effect(ref: ResourceRef, what: FakeState["writes"][number]["what"], value: string, apply: (fn: FakeFunction) => void): void {
    this.faults.tick?.(`before ${what} ${ref.name}`);
    apply(this.state.functions[ref.resource]!);
    this.state.writes.push({ resource: ref.resource, what, value });
    this.save();
    this.faults.tick?.(`after ${what} ${ref.name}`);
  }

  applier(): Applier {
    return {
      read: async (ref) => this.live(ref),
      owners: async (ref) => this.state.functions[ref.resource]?.tags ?? [],
      write: async (change, revision) => this.write(change, revision),
      moveAlias: async (ref, alias, version) => {
        this.effect(ref, "alias", version, (fn) => {
          fn.aliases = fn.aliases.map((one) => (one.name === alias ? { ...one, version } : one));
        });
        return this.live(ref);
      },
    };
  }

  private write(change: Change, revision: string | null): { live: LiveResource; publishedVersion: string | null } {
    const now = this.live(change);
    const refusal = this.faults.refused?.(change.name) ?? null;
    if (refusal !== null) throw refusal;
    if (now.revision !== revision || now.fingerprint !== change.fingerprint)
      throw new UserError(`${change.name} was changed meanwhile`, { exitCode: EXIT.conflict });
    const memoryMib = change.after["memoryMib"] as number;
    if (change.before["memoryMib"] !== memoryMib) {
      this.effect(change, "update", String(memoryMib), (fn) => {
        fn.revision += 1;
        if (!this.faults.ignored?.(change.name)) fn.memoryMib = memoryMib;
        fn.failed = this.faults.failing?.(change.name) ?? null;
      });
      if (this.of(change.name).failed) throw new UserError(`${change.name}: the update failed`, { exitCode: EXIT.conflict });
      if (this.faults.lostAnswer?.(change.name)) throw new Error("socket hang up");
    }
    if (change.alias === null) return { live: this.live(change), publishedVersion: null };
    // a version is not published twice from the same configuration:
    // https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    const { versions } = this.of(change.name);
    if (versions.at(-1) !== this.of(change.name).memoryMib)
      this.effect(change, "publish", String(versions.length + 1), (fn) => {
        fn.versions.push(fn.memoryMib);
        fn.revision += 1;
      });
    const version = String(this.of(change.name).versions.length);
    this.effect(change, "alias", version, (fn) => {
      fn.aliases = fn.aliases.map((one) => (one.name === change.alias ? { ...one, version } : one));
    });
    return { live: this.live(change), publishedVersion: version };
  }
}

/** A change of memory of one of its functions, as a plan made now would have it. */
export function memoryChangeOf(cloud: FakeCloud, name: string, afterMib: number, more: Partial<Change> = {}): Change {
  const live = cloud.live(refOf(name));
  return {
    ...refOf(name),
    id: `memory:${name}`,
    before: { memoryMib: live.settings["memoryMib"]! },
    after: { memoryMib: afterMib },
    revision: live.revision,
    fingerprint: live.fingerprint,
    alias: null,
    aliasVersion: null,
    aliasTarget: null,
    danger: "none",
    owners: [],
    expected: null,
    reasons: [],
    ...more,
  };
}
