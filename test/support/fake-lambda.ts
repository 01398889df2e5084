/**
 * Functions as Lambda keeps them, behind the room's own call door: revisions that bump with every write and are locks, an update that takes two reads,
 * versions as copies, aliases. Shapes by the API reference (https://docs.aws.amazon.com/lambda/latest/api/). Faults are switched on.
 */
import { createHash } from "node:crypto";
import { type Api, type AwsApi, AwsError, type CallOptions } from "../../src/clouds/aws/api.ts";
import { openApplier } from "../../src/clouds/aws/applier.ts";
import type { Obj } from "../../src/clouds/aws/schema.ts";
import type { Applier } from "../../src/clouds/room.ts";
import { silentHost } from "../../src/model/host.ts";
import type { Change, LiveResource, ResourceRef } from "../../src/model/plan.ts";
import type { Json } from "../../src/model/records.ts";
import { testContext, testTarget } from "./aws-client.ts";
import type { CallErrorKind } from "../../src/clouds/kit/call-error.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";
export const arn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

interface Kept {
  latest: Obj;
  versions: Obj[];
  aliases: Map<string, { version: string; revision: number; weights: { [version: string]: number } }>;
  tags: { [tag: string]: string };
  busyReads: number;
  /** Revision of `latest` when it was last published. */
  published: Json;
}

export class FakeLambda implements AwsApi {
  readonly account = ACCOUNT;
  readonly region = REGION;
  readonly partition = "aws";
  readonly principal = null;
  readonly functions = new Map<string, Kept>();
  /** Every call in its order. */
  readonly asked: { api: Api; input: Obj; options: CallOptions }[] = [];
  /** Called before a call is carried out; may throw, or change the state. */
  before: (api: Api, input: Obj) => void = () => {};
  /** Called after it was carried out; may throw: the answer is lost. */
  after: (api: Api, input: Obj) => void = () => {};
  /** Fields that an update accepts and does not set. */
  ignored: string[] = [];
  /** The next update ends as Failed with this reason. */
  failing: string | null = null;
  noRevisions = false;
  /** What an invocation of a size does: log tail and answer. */
  run: (memoryMib: number, invocation: number) => Obj = () => ({});
  /** CloudFormation's stack of each function. */
  stacks: { [name: string]: string } = {};
  visibilityS = 30;
  mappings: string[] = [];
  private revision = 0;
  private invocations = 0;

  add(name: string, fields: Obj = {}, tags: { [tag: string]: string } = {}): void {
    this.functions.set(name, {
      latest: {
        FunctionName: name,
        FunctionArn: arn(name),
        Runtime: "nodejs22.x",
        Role: `arn:aws:iam::${ACCOUNT}:role/orders`,
        Handler: "index.handler",
        CodeSha256: createHash("sha256").update(name).digest("base64"),
        MemorySize: 512,
        Timeout: 3,
        Version: "$LATEST",
        Architectures: ["arm64"],
        PackageType: "Image",
        Environment: { Variables: { TABLE: "orders", TOKEN: "s3cr3t" } },
        LastModified: "2026-11-01T00:00:00.000+0000",
        State: "Active",
        LastUpdateStatus: "Successful",
        ...this.nextRevision(),
        ...fields,
      },
      versions: [],
      aliases: new Map(),
      tags,
      busyReads: 0,
      published: null,
    });
  }

  /** Publishes and points an alias at it, as a deployment does. */
  deploy(name: string, alias: string): void {
    const kept = this.functions.get(name)!;
    this.publish(kept);
    kept.aliases.set(alias, { version: String(kept.versions.length), revision: 1, weights: {} });
  }

  /** Somebody else's write. */
  change(name: string, fields: Obj): void {
    const kept = this.functions.get(name)!;
    kept.latest = { ...kept.latest, ...fields, ...this.nextRevision() };
  }

  async call(api: Api, given: object, options: CallOptions = {}): Promise<Obj> {
    const input = given as Obj;
    this.asked.push({ api, input, options });
    this.before(api, input);
    const answer = this.answer(api, input);
    this.after(api, input);
    return structuredClone(answer);
  }

  async *pages(api: Api, input: object): AsyncIterable<Obj> {
    yield await this.call(api, input);
  }

  called(api: Api): Obj[] {
    return this.asked.filter((one) => one.api === api).map((one) => one.input);
  }

  private nextRevision(): Obj {
    this.revision += 1;
    return this.noRevisions ? {} : { RevisionId: `r${this.revision}` };
  }

  private answer(api: Api, input: Obj): Obj {
    const name = String(input["FunctionName"] ?? input["Resource"] ?? "")
      .split(":")
      .at(-1)!;
    if (api === "lambda:CreateFunction") return this.create(name, input);
    if (api === "cloudformation:DescribeStackResources") {
      const resource = String(input["PhysicalResourceId"]);
      const stack = this.stacks[resource];
      if (stack === undefined) throw fail(api, "not-found", "ValidationError", `Stack for ${resource} does not exist`);
      return { StackResources: [{ StackName: stack, LogicalResourceId: "Fn", PhysicalResourceId: resource }] };
    }
    if (api === "sqs:GetQueueUrl") return { QueueUrl: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${String(input["QueueName"])}` };
    if (api === "sqs:GetQueueAttributes") return { Attributes: { VisibilityTimeout: String(this.visibilityS) } };
    if (api === "logs:FilterLogEvents") return { events: [] };
    const kept = this.functions.get(name);
    if (kept === undefined) throw fail(api, "not-found", "ResourceNotFoundException", `Function not found: ${arn(name)}`);
    switch (api) {
      case "lambda:GetFunctionConfiguration":
        return this.read(kept, input["Qualifier"] as string | undefined);
      case "lambda:GetFunction":
        return {
          Configuration: this.read(kept, undefined),
          Code: { RepositoryType: "ECR", ImageUri: "repo/orders:1", ResolvedImageUri: "repo/orders@sha256:1" },
          Tags: kept.tags,
        };
      case "lambda:ListTags":
        return { Tags: kept.tags };
      case "lambda:ListEventSourceMappings":
        return { EventSourceMappings: this.mappings.map((EventSourceArn) => ({ EventSourceArn })) };
      case "lambda:ListAliases":
        return { Aliases: [...kept.aliases].map(([Name, { version }]) => ({ Name, FunctionVersion: version })) };
      case "lambda:GetAlias": {
        const alias = kept.aliases.get(String(input["Name"]));
        if (alias === undefined)
          throw fail(api, "not-found", "ResourceNotFoundException", `Cannot find alias arn: ${arn(name)}:${String(input["Name"])}`);
        return {
          Name: input["Name"]!,
          FunctionVersion: alias.version,
          RevisionId: `a${alias.revision}`,
          RoutingConfig: { AdditionalVersionWeights: alias.weights },
        };
      }
      case "lambda:GetProvisionedConcurrencyConfig":
        throw fail(
          api,
          "not-found",
          "ProvisionedConcurrencyConfigNotFoundException",
          "No Provisioned Concurrency Config found for this function",
        );
      case "lambda:UpdateFunctionConfiguration":
        return this.update(api, kept, input);
      case "lambda:PublishVersion":
        this.lock(api, kept, input["RevisionId"]);
        return this.publish(kept, input["Description"] as string | undefined);
      case "lambda:UpdateAlias": {
        const alias = kept.aliases.get(String(input["Name"]))!;
        if (input["RevisionId"] !== undefined && input["RevisionId"] !== `a${alias.revision}`)
          throw fail(api, "conflict", "PreconditionFailedException", "The RevisionId provided does not match");
        kept.aliases.set(String(input["Name"]), { version: String(input["FunctionVersion"]), revision: alias.revision + 1, weights: {} });
        return {};
      }
      case "lambda:DeleteFunction":
        this.functions.delete(name);
        return {};
      case "lambda:Invoke": {
        const version = kept.versions[Number(input["Qualifier"]) - 1]!;
        this.invocations += 1;
        return this.run(Number(version["MemorySize"]), this.invocations);
      }
      default:
        throw fail(api, "unsupported", "UnknownOperation", `no ${api} here`);
    }
  }

  private create(name: string, input: Obj): Obj {
    const { Tags, Code: _, ...fields } = input;
    if (this.functions.has(name))
      throw fail("lambda:CreateFunction", "conflict", "ResourceConflictException", `Function already exist: ${name}`);
    this.add(name, fields, (Tags ?? {}) as { [tag: string]: string });
    const kept = this.functions.get(name)!;
    kept.busyReads = 1;
    return kept.latest;
  }

  private update(api: Api, kept: Kept, input: Obj): Obj {
    this.lock(api, kept, input["RevisionId"]);
    const { FunctionName: _, RevisionId: __, ...fields } = input;
    for (const field of this.ignored) delete fields[field];
    kept.latest = { ...kept.latest, ...fields, ...this.nextRevision(), LastModified: "2026-11-23T00:00:00.000+0000" };
    if (kept.latest["LastUpdateStatus"] === "Failed") kept.latest["LastUpdateStatus"] = "Successful";
    if (this.failing !== null)
      Object.assign(kept.latest, {
        LastUpdateStatus: "Failed",
        LastUpdateStatusReason: this.failing,
        LastUpdateStatusReasonCode: "InsufficientRolePermissions",
      });
    kept.busyReads = 2;
    return kept.latest;
  }

  private lock(api: Api, kept: Kept, revision: unknown): void {
    if (revision !== undefined && revision !== kept.latest["RevisionId"])
      throw fail(api, "conflict", "PreconditionFailedException", "The RevisionId provided does not match the latest one");
  }

  private publish(kept: Kept, description = ""): Obj {
    // https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html: nothing changed since the last version: that one comes back
    const last = kept.versions.at(-1);
    if (last !== undefined && kept.published === kept.latest["RevisionId"]) return last;
    kept.published = kept.latest["RevisionId"] ?? null;
    const Version = String(kept.versions.length + 1);
    const made = {
      ...kept.latest,
      Version,
      FunctionArn: `${String(kept.latest["FunctionArn"])}:${Version}`,
      Description: description,
      ...this.nextRevision(),
    };
    kept.versions.push(made);
    return made;
  }

  private read(kept: Kept, qualifier: string | undefined): Obj {
    if (qualifier !== undefined && qualifier !== "$LATEST") return kept.versions[Number(qualifier) - 1]!;
    if (kept.busyReads === 0) return kept.latest;
    kept.busyReads -= 1;
    return { ...kept.latest, LastUpdateStatus: "InProgress" };
  }
}

export function fail(api: Api, kind: CallErrorKind, code: string, message: string, mayHaveHappened = false): AwsError {
  return new AwsError(kind, api, code, message, null, 1, mayHaveHappened);
}

export const ref = (name: string): ResourceRef => ({
  cloud: "aws",
  account: ACCOUNT,
  region: REGION,
  kind: "lambda.function",
  resource: arn(name),
  name,
});

/** A cloud with one function, `orders`, and what it warned of. */
export function cloud(): { api: FakeLambda; applier: Applier; warned: string[] } {
  const api = new FakeLambda();
  api.add("orders");
  const warned: string[] = [];
  const host = { ...silentHost, warn: (message: string) => void warned.push(message) };
  return { api, applier: openApplier(api, testTarget({ region: REGION }), testContext({ host })), warned };
}

/** The change that a plan makes of a live resource. */
export function change(live: LiveResource, more: Partial<Change> = {}): Change {
  const { settings: _, aliases: __, busy: ___, ...rest } = live;
  return {
    ...rest,
    id: "1",
    before: { memoryMib: 512 },
    after: { memoryMib: 1024 },
    alias: null,
    aliasVersion: null,
    aliasTarget: null,
    danger: "restart",
    owners: [],
    expected: null,
    reasons: [],
    ...more,
  };
}
