/** A client of the AWS room that talks to a loopback address with keys that are none. */
import { type AwsClient, openAws } from "../../src/clouds/aws/client.ts";
import type { LiveContext, Target } from "../../src/clouds/room.ts";
import { silentHost } from "../../src/model/host.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import { virtualClock } from "./virtual-clock.ts";

/** An AWS key pair of the form that documentation uses; and no file, profile or metadata service of this machine. */
export function pointSdkAt(url: string, more: Record<string, string> = {}): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/nonexistent/config",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
    ...more,
  });
}

export function testTarget(more: Partial<Target> = {}): Target {
  return {
    cloud: "aws",
    name: "test",
    account: null,
    region: "us-east-1",
    profile: null,
    roleArn: null,
    externalId: null,
    functions: { names: [], tags: {} },
    ...more,
  };
}

/** Waiting takes no time, but requests do: they time out after 500 ms, and a call is retried for 5 s of pauses. */
export function testContext(more: Partial<LiveContext> = {}): LiveContext {
  return {
    host: silentHost,
    signal: new AbortController().signal,
    clock: virtualClock(),
    keys: idKeys(),
    requestTimeoutMs: 500,
    patienceMs: 5_000,
    requestsPerS: null,
    ...more,
  };
}

export function openTestClient(target: Partial<Target> = {}, context: Partial<LiveContext> = {}): Promise<AwsClient> {
  return openAws(testTarget(target), testContext(context));
}
