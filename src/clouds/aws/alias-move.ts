/**
 * Publishing the changed function and pointing an alias at it. What is published is all of `$LATEST`, so that an alias is moved only
 * where `$LATEST` held the same code and configuration as the version behind the alias: else a memory change would release a deployment.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
 */
import { EXIT, UserError } from "../../model/errors.ts";
import type { LiveContext } from "../room.ts";
import { AwsError, type AwsApi } from "./api.ts";
import { differencesFromVersion, readConfiguration, waitUntilAtRest } from "./function-state.ts";
import { obj, type Obj, text } from "./schema.ts";
import { asUserError } from "./user-error.ts";

export interface Alias {
  name: string;
  version: string;
  /** Lock of UpdateAlias; null: the endpoint has none. */
  revision: string | null;
}

/** Reads an alias. Throws UserError (exit 5) where it splits its traffic by weight: a canary is under way, and moving would end it. */
export async function readAlias(api: AwsApi, fn: string, name: string): Promise<Alias> {
  const found = await api.call("lambda:GetAlias", { FunctionName: fn, Name: name });
  const version = text(found["FunctionVersion"]) ?? "";
  const weights = Object.entries(obj(obj(found["RoutingConfig"])?.["AdditionalVersionWeights"]) ?? {});
  if (weights.length > 0) {
    const shares = weights.map(([other, share]) => `${Number(share) * 100} % to version ${other}`).join(", ");
    throw conflict(`alias ${name} of ${fn} splits its traffic (${shares}): a deployment is under way`, [
      "finish or roll back that deployment, then make a new plan",
    ]);
  }
  return { name, version, revision: text(found["RevisionId"]) };
}

/** Throws UserError (exit 5) where publishing `$LATEST` would bring more to the alias than the change of a setting. `written`: fields that the change has set already. */
export async function refuseUnreleased(api: AwsApi, fn: string, latest: Obj, alias: Alias, written: readonly string[]): Promise<void> {
  if (alias.version === "$LATEST")
    throw conflict(`alias ${alias.name} of ${fn} points to $LATEST: nothing has to be published`, ["leave --alias out"]);
  const differing = differencesFromVersion(latest, await readConfiguration(api, fn, alias.version)).filter(
    (name) => !written.includes(name),
  );
  if (differing.length === 0) return;
  throw conflict(
    `$LATEST of ${fn} differs from version ${alias.version} behind alias ${alias.name} (${differing.join(", ")}): publishing would release that too`,
    ["deploy or discard what is on $LATEST, then make a new plan"],
  );
}

/** What moving the alias does to its provisioned concurrency, as a sentence; null: it has none, or the endpoint does not know it. */
export async function provisionedNote(api: AwsApi, fn: string, alias: string): Promise<string | null> {
  try {
    const found = await api.call("lambda:GetProvisionedConcurrencyConfig", { FunctionName: fn, Qualifier: alias });
    const count = found["RequestedProvisionedConcurrentExecutions"];
    if (typeof count !== "number") return null;
    return `alias ${alias} of ${fn} has ${count} provisioned environments (perhaps set by Application Auto Scaling): they are built anew on the new version, and until then requests start cold`;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return error.kind === "denied"
      ? `whether alias ${alias} of ${fn} has provisioned concurrency is not known: lambda:GetProvisionedConcurrencyConfig is not granted`
      : null;
  }
}

/**
 * Publishes `latest` and returns the new version when it is ready. The lock is revision and code hash; publishing what is published already
 * returns that version. Throws UserError where the version does not hold the settings.
 */
export async function publish(api: AwsApi, context: LiveContext, fn: string, latest: Obj, description: string): Promise<string> {
  const revision = text(latest["RevisionId"]);
  const sha = text(latest["CodeSha256"]);
  const made = await api
    .call("lambda:PublishVersion", {
      FunctionName: fn,
      Description: description.slice(0, 256),
      ...(revision === null ? {} : { RevisionId: revision }),
      ...(sha === null ? {} : { CodeSha256: sha }),
    })
    .catch((error: unknown) => {
      throw asUserError(error, `publish a version of ${fn}`);
    });
  const version = text(made["Version"]);
  if (version === null || version === "$LATEST") throw conflict(`${fn}: the endpoint published no version`, []);
  const ready = await waitUntilAtRest(api, context, fn, version);
  const differing = differencesFromVersion(latest, ready);
  if (differing.length > 0) throw conflict(`version ${version} of ${fn} is not what was to be published (${differing.join(", ")})`, []);
  return version;
}

/** Points the alias at a version that exists and is ready, and reads it back. Nothing to do where it points there. */
export async function pointAlias(api: AwsApi, context: LiveContext, fn: string, alias: Alias, version: string): Promise<void> {
  if (alias.version === version) return;
  try {
    await waitUntilAtRest(api, context, fn, version);
    await api.call("lambda:UpdateAlias", {
      FunctionName: fn,
      Name: alias.name,
      FunctionVersion: version,
      ...(alias.revision === null ? {} : { RevisionId: alias.revision }),
    });
  } catch (error) {
    // an answer that was lost: what the alias says now decides
    const moved = error instanceof AwsError && error.mayHaveHappened && (await readAlias(api, fn, alias.name)).version === version;
    if (!moved) throw asUserError(error, `point alias ${alias.name} of ${fn} at version ${version}`);
  }
  const now = await readAlias(api, fn, alias.name);
  if (now.version !== version)
    throw conflict(`alias ${alias.name} of ${fn} points to version ${now.version}, not ${version}`, [
      "evscope journal shows what was written",
    ]);
}

function conflict(message: string, suggestions: string[]): UserError {
  return new UserError(message, { exitCode: EXIT.conflict, suggestions });
}
