/** The AWS applier on servers that nobody here wrote, read back with the vendor's SDK. */
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  TagResourceCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { CloudFormationClient, CreateStackCommand } from "@aws-sdk/client-cloudformation";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApplier } from "../../src/clouds/aws/applier.ts";
import { type AwsClient, openAws } from "../../src/clouds/aws/client.ts";
import type { Applier } from "../../src/clouds/room.ts";
import type { Change, LiveResource, ResourceRef } from "../../src/model/plan.ts";
import { pointSdkAt, testTarget } from "../support/aws-client.ts";
import { at } from "./support/order-system.ts";
import { liveContext } from "./support/live-context.ts";
import { has, type Peer, start } from "./support/servers.ts";
import { zipOf } from "./support/zip.ts";

const ROLE_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

for (const server of ["moto", "ministack"] as const) {
  describe.skipIf(!has(server))(server, () => {
    let peer: Peer;
    let lambda: LambdaClient;
    let client: AwsClient;
    let applier: Applier;
    let role: string;

    beforeAll(async () => {
      peer = await start(server);
      pointSdkAt(peer.url);
      lambda = new LambdaClient(at(peer.url));
      const made = await new IAMClient(at(peer.url)).send(
        new CreateRoleCommand({ RoleName: "orders", AssumeRolePolicyDocument: ROLE_POLICY }),
      );
      role = made.Role!.Arn!;
      const context = liveContext();
      client = await openAws(testTarget(), context);
      applier = openApplier(client, testTarget(), context);
    });
    afterAll(async () => {
      client?.close();
      await peer?.stop();
    });

    async function deploy(name: string): Promise<ResourceRef> {
      const ZipFile = zipOf("index.js", "exports.handler = async () => ({ ok: true });");
      const made = await lambda.send(
        new CreateFunctionCommand({
          FunctionName: name,
          Runtime: "nodejs22.x",
          Role: role,
          Handler: "index.handler",
          MemorySize: 512,
          Timeout: 3,
          Code: { ZipFile },
          Environment: { Variables: { TABLE: "orders" } },
        }),
      );
      return { cloud: "aws", account: client.account, region: client.region, kind: "lambda.function", resource: made.FunctionArn!, name };
    }

    const sizeOf = async (name: string, qualifier?: string): Promise<number | undefined> =>
      (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: qualifier }))).MemorySize;

    it("writes memory and timeout, and takes them back exactly", async () => {
      const ref = await deploy("plain");
      const before = await applier.read(ref);
      expect(before.settings).toMatchObject({ memoryMib: 512, timeoutS: 3 });
      const settings = { before: { memoryMib: 512, timeoutS: 3 }, after: { memoryMib: 1769, timeoutS: 10 } };
      const { live } = await applier.write(change(before, settings), before.revision);
      expect(await sizeOf("plain")).toBe(1769);
      expect(live.fingerprint).not.toBe(before.fingerprint);
      const undo = { before: settings.after, after: settings.before };
      const back = await applier.write(change(live, undo), live.revision);
      expect(await sizeOf("plain")).toBe(512);
      expect(back.live.fingerprint).toBe(before.fingerprint);
    });

    it("refuses what somebody else changed meanwhile, although the server may take a stale revision", async () => {
      const ref = await deploy("raced");
      const before = await applier.read(ref);
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "raced", Timeout: 20 }));
      await expect(applier.write(change(before), before.revision)).rejects.toMatchObject({ exitCode: 5 });
      expect(await sizeOf("raced")).toBe(512);
    });

    it("publishes and moves the alias, and moves it back", async () => {
      const ref = await deploy("aliased");
      await applier.read(ref);
      const first = (await lambda.send(new PublishVersionCommand({ FunctionName: "aliased" }))).Version!;
      await lambda.send(new CreateAliasCommand({ FunctionName: "aliased", Name: "live", FunctionVersion: first }));
      const before = await applier.read(ref);
      expect(before.aliases).toEqual([{ name: "live", version: first }]);
      const done = await applier.write(change(before, { alias: "live", aliasVersion: first }), before.revision);
      const alias = await lambda.send(new GetAliasCommand({ FunctionName: "aliased", Name: "live" }));
      expect(alias.FunctionVersion).toBe(done.publishedVersion);
      expect(await sizeOf("aliased", "live")).toBe(1024);
      expect(await sizeOf("aliased", first)).toBe(512);
      await applier.moveAlias(ref, "live", first);
      expect(await sizeOf("aliased", "live")).toBe(512);
    });

    it("names who owns it", async () => {
      const ref = await deploy("owned");
      expect(await applier.owners(ref)).toEqual([]);
      await lambda.send(new TagResourceCommand({ Resource: ref.resource, Tags: { ManagedBy: "terraform" } }));
      expect(await applier.owners(ref)).toEqual(["Terraform (tag ManagedBy=terraform)"]);
    });

    // moto knows no PhysicalResourceId here and gives its functions no stack tags
    if (server === "ministack")
      it("names the CloudFormation stack", async () => {
        const ref = await deploy("unstacked");
        const template = {
          Resources: {
            Charge: {
              Type: "AWS::Lambda::Function",
              Properties: {
                FunctionName: "charge",
                Runtime: "nodejs22.x",
                Role: role,
                Handler: "index.handler",
                Code: { ZipFile: "exports.handler = async () => 1;" },
              },
            },
          },
        };
        await new CloudFormationClient(at(peer.url)).send(
          new CreateStackCommand({ StackName: "shop", TemplateBody: JSON.stringify(template) }),
        );
        const stacked: ResourceRef = { ...ref, name: "charge", resource: ref.resource.replace("unstacked", "charge") };
        await expect
          .poll(() => applier.owners(stacked).catch(() => []), { timeout: 20_000 })
          .toEqual([expect.stringContaining("CloudFormation stack shop")]);
      });
  });
}

function change(live: LiveResource, more: Partial<Change> = {}): Change {
  const { settings: _, aliases: __, busy: ___, ...rest } = live;
  const none = { alias: null, aliasVersion: null, aliasTarget: null, expected: null };
  return {
    ...rest,
    ...none,
    id: "1",
    before: { memoryMib: 512 },
    after: { memoryMib: 1024 },
    danger: "none",
    owners: [],
    reasons: [],
    ...more,
  };
}
