/**
 * The copy of a function that is probed. Lambda publishes versions from `$LATEST` only, so that a version with another memory size
 * means changing `$LATEST`. Of the real function that is unsafe: whoever calls it without a qualifier runs at that size meanwhile, all its
 * environments start cold, a deployment at that moment conflicts, code that waits on `$LATEST` is published, and a process that is
 * killed leaves it changed. A copy has none of that: nothing calls it, its own `$LATEST` may change, deleting it deletes all
 * its versions in one call, and the write permissions can be limited to `function:*-evscope-probe`, so that a probe cannot touch a real
 * function even by mistake. The price is iam:PassRole on the function's role and reading its code.
 *
 * Its name is always the same for one function, so that two probes of one function exclude each other, and what a killed one left
 * is found by the next. Same: code, runtime, role, network, layers, environment, architecture, timeout, log group. Not: name and ARN, SnapStart (warm runs are measured),
 * triggers, destinations, reserved and provisioned concurrency.
 */
import { EXIT, UserError } from "../../model/errors.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { LiveContext } from "../room.ts";
import { AwsError, type AwsApi } from "./api.ts";
import { waitUntilAtRest } from "./function-state.ts";
import { twinName } from "./probe-name.ts";
import { list, num, obj, type Obj, text } from "./schema.ts";
import { asUserError, reworded } from "./user-error.ts";

/** Direct upload, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ZIP_BYTES = 50 * 1024 * 1024;
const DOWNLOAD_MS = 120_000;
const TAG = "evscope:probe-of";
const RUN_TAG = "evscope:probe-run";
/** A shorter value of an environment variable is no secret, and would be found in any sentence. */
const SHORTEST_SECRET = 6;
/** A copy that was last written so long ago belongs to a probe that was killed. */
const ABANDONED_MS = 3_600_000;

/** What is probed, as it was read. */
export interface Original {
  configuration: Obj;
  code: Obj;
  timeoutS: number;
}

/** Reads function and code. Throws UserError where it cannot be copied, with the reason. */
export async function readOriginal(api: AwsApi, ref: ResourceRef): Promise<Original> {
  const found = await api.call("lambda:GetFunction", { FunctionName: ref.name }).catch((error: unknown) => {
    throw asUserError(error, `read ${ref.name}`);
  });
  const configuration = obj(found["Configuration"]) ?? {};
  const code = obj(found["Code"]) ?? {};
  const why = notCopied(configuration, code);
  if (why !== null) throw new UserError(`${ref.name} cannot be probed: ${why}`);
  return { configuration, code, timeoutS: num(configuration["Timeout"]) ?? 3 };
}

function notCopied(configuration: Obj, code: Obj): string | null {
  if (configuration["CapacityProviderConfig"] !== undefined) return "it runs on Lambda Managed Instances, which bill no memory";
  if (configuration["DurableConfig"] !== undefined) return "it is a durable function, whose executions outlive an invocation";
  if (configuration["TenancyConfig"] !== undefined) return "it isolates its tenants, and a probe has none";
  const environment = obj(obj(configuration["Environment"])?.["Error"]);
  if (environment !== null) return `its environment variables cannot be read (${text(environment["ErrorCode"]) ?? "no reason given"})`;
  const error = obj(code["Error"]);
  if (error !== null) return `its code cannot be read (${text(error["ErrorCode"]) ?? "no reason given"})`;
  if (text(code["ImageUri"]) === null && text(code["Location"]) === null && obj(code["ResolvedS3Object"]) === null)
    return "Lambda does not say where its code is";
  return null;
}

/**
 * Makes the copy and waits until it can be written to. Throws UserError: exit 5 when a probe of the function is running, else with what
 * Lambda refused. A copy that a killed probe left more than an hour ago is replaced.
 */
export async function createTwin(
  api: AwsApi,
  context: LiveContext,
  ref: ResourceRef,
  original: Original,
  memoryMib: number,
): Promise<string> {
  const twin = twinName(ref.name);
  const run = Math.floor(context.clock.random() * 2 ** 48).toString(16);
  const input = {
    FunctionName: twin,
    MemorySize: memoryMib,
    ...copied(ref, original.configuration),
    Tags: { [TAG]: ref.resource, [RUN_TAG]: run },
    Code: await codeOf(context, original),
  };
  // not cut off by an abort: whether it was made must be known, or it would stay
  const create = (): Promise<Obj> => api.call("lambda:CreateFunction", input, { timeoutMs: DOWNLOAD_MS, evenAfterAbort: true });
  try {
    await create().catch(async (error: unknown) => {
      if (!(error instanceof AwsError) || error.kind !== "conflict") throw error;
      await removeAbandoned(api, context, ref, twin);
      return create();
    });
  } catch (error) {
    if (error instanceof AwsError && error.mayHaveHappened && (await isMadeBy(api, twin, run))) await deleteTwin(api, context, twin);
    throw asUserError(withoutValues(error, original), `make ${twin}, the copy of ${ref.name} that is probed`);
  }
  return twin;
}

/**
 * A refusal may repeat the environment variables that the copy was given (that for their size does): its words end where the first of their
 * values begins, since the last one that is repeated may be cut off.
 */
function withoutValues(error: unknown, { configuration }: Original): unknown {
  if (!(error instanceof AwsError)) return error;
  const values = Object.values(obj(obj(configuration["Environment"])?.["Variables"]) ?? {}).filter((one) => typeof one === "string");
  const message = error.message.slice(`${error.api}: `.length);
  const begin = (value: string): number => message.indexOf(JSON.stringify(value).slice(1, 1 + SHORTEST_SECRET));
  const found = values.filter((one) => one.length >= SHORTEST_SECRET).flatMap((one) => (begin(one) < 0 ? [] : [begin(one)]));
  return found.length === 0 ? error : reworded(error, `${message.slice(0, Math.min(...found))}…`);
}

/** Deletes the copy with all its versions, also after an abort. False: it could not be deleted. */
export async function deleteTwin(api: AwsApi, context: LiveContext, twin: string): Promise<boolean> {
  const never = new AbortController().signal;
  for (let attempt = 1; attempt <= 5; attempt++) {
    try {
      await api.call("lambda:DeleteFunction", { FunctionName: twin }, { evenAfterAbort: true });
      return true;
    } catch (error) {
      if (error instanceof AwsError && error.kind === "not-found") return true;
      if (!(error instanceof AwsError) || error.kind === "denied" || error.kind === "credentials") return false;
      await context.clock.sleep(500 * 2 ** attempt, never);
    }
  }
  return false;
}

/** True if the copy was made by this run although no answer came, and not by another probe. */
async function isMadeBy(api: AwsApi, twin: string, run: string): Promise<boolean> {
  const found = await api.call("lambda:GetFunction", { FunctionName: twin }, { evenAfterAbort: true }).catch(() => null);
  return text(obj(found?.["Tags"])?.[RUN_TAG]) === run;
}

async function removeAbandoned(api: AwsApi, context: LiveContext, ref: ResourceRef, twin: string): Promise<void> {
  const found = await api.call("lambda:GetFunction", { FunctionName: twin });
  const configuration = obj(found["Configuration"]) ?? {};
  const ours = text(obj(found["Tags"])?.[TAG]) === ref.resource;
  const writtenAt = Date.parse(text(configuration["LastModified"]) ?? "");
  if (!ours) throw new UserError(`there is a function ${twin} that evscope did not make for ${ref.name}`, { exitCode: EXIT.conflict });
  if (Number.isNaN(writtenAt) || context.clock.now() - writtenAt < ABANDONED_MS)
    throw new UserError(`a probe of ${ref.name} is running, or was killed less than an hour ago: its copy ${twin} is there`, {
      exitCode: EXIT.conflict,
      suggestions: [`if none is running: aws lambda delete-function --function-name ${twin}`],
    });
  context.host.note(`removing ${twin}, which a probe left behind`);
  if (!(await deleteTwin(api, context, twin)))
    throw new UserError(`cannot delete ${twin}, which a probe left behind`, { exitCode: EXIT.conflict });
}

async function codeOf(context: LiveContext, { configuration, code }: Original): Promise<object> {
  const image = text(code["ResolvedImageUri"]) ?? text(code["ImageUri"]);
  if (image !== null) return { ImageUri: image };
  const stored = obj(code["ResolvedS3Object"]);
  const key = text(code["SourceKMSKeyArn"]);
  if (stored !== null) return { ...stored, S3ObjectStorageMode: "REFERENCE", ...(key === null ? {} : { SourceKMSKeyArn: key }) };
  const { download } = await import("./client-download.ts");
  try {
    const limits = { maxBytes: MAX_ZIP_BYTES, timeoutMs: DOWNLOAD_MS, signal: context.signal };
    return { ZipFile: await download(text(code["Location"])!, text(configuration["CodeSha256"]), limits) };
  } catch (error) {
    context.signal.throwIfAborted();
    throw new UserError(`cannot copy the function: ${error instanceof Error ? error.message : "its code could not be fetched"}`, {
      exitCode: EXIT.partial,
      cause: error,
    });
  }
}

/** Fields of CreateFunction from those of FunctionConfiguration: what makes the copy run as the function does. */
function copied(ref: ResourceRef, from: Obj): object {
  const vpc = obj(from["VpcConfig"]);
  const subnets = list(vpc?.["SubnetIds"]);
  const image = obj(obj(from["ImageConfigResponse"])?.["ImageConfig"]);
  const given = {
    PackageType: from["PackageType"],
    Runtime: from["Runtime"],
    Role: from["Role"],
    Handler: from["Handler"],
    Timeout: from["Timeout"],
    KMSKeyArn: text(from["KMSKeyArn"]),
    Architectures: from["Architectures"],
    EphemeralStorage: from["EphemeralStorage"],
    TracingConfig: from["TracingConfig"],
    Environment: obj(from["Environment"]) === null ? null : { Variables: obj(from["Environment"])?.["Variables"] ?? {} },
    Layers: list(from["Layers"]).map((layer) => text(obj(layer)?.["Arn"])),
    FileSystemConfigs: from["FileSystemConfigs"],
    ImageConfig: image,
    VpcConfig:
      subnets.length === 0
        ? null
        : {
            SubnetIds: subnets,
            SecurityGroupIds: list(vpc?.["SecurityGroupIds"]),
            Ipv6AllowedForDualStack: vpc?.["Ipv6AllowedForDualStack"],
          },
    // text: every run reports itself; its own group would stay behind
    LoggingConfig: { LogFormat: "Text", LogGroup: logGroupOf(from) },
    Description: `temporary copy of ${ref.name}, made and deleted by evscope probe`.slice(0, 256),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== ""));
}

/** Log group of a function, and so of its copy. */
export function logGroupOf(configuration: Obj): string {
  return text(obj(configuration["LoggingConfig"])?.["LogGroup"]) ?? `/aws/lambda/${text(configuration["FunctionName"]) ?? ""}`;
}

/** Publishes one version of the copy per size, in this order; returns their numbers. Throws UserError where the endpoint does not set the size. */
export async function publishSizes(api: AwsApi, context: LiveContext, twin: string, sizesMib: readonly number[]): Promise<string[]> {
  const versions: string[] = [];
  for (const memoryMib of sizesMib) {
    context.signal.throwIfAborted();
    const before = await waitUntilAtRest(api, context, twin);
    if (num(before["MemorySize"]) !== memoryMib) {
      await api.call("lambda:UpdateFunctionConfiguration", { FunctionName: twin, MemorySize: memoryMib });
      await waitUntilAtRest(api, context, twin);
    }
    const version =
      text((await api.call("lambda:PublishVersion", { FunctionName: twin, Description: `${memoryMib} MiB` }))["Version"]) ?? "";
    const published = await waitUntilAtRest(api, context, twin, version);
    if (num(published["MemorySize"]) !== memoryMib || versions.includes(version))
      throw new UserError(
        `the endpoint published version ${version} of ${twin} with ${String(published["MemorySize"])} MiB instead of ${memoryMib}`,
        {
          exitCode: EXIT.partial,
        },
      );
    versions.push(version);
  }
  return versions;
}
