/** The order system with its telemetry on moto, a proxy in front that notes what is asked, and the built CLI in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudFormationClient, CreateStackCommand } from "@aws-sdk/client-cloudformation";
import {
  CreateAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  TagResourceCommand,
} from "@aws-sdk/client-lambda";
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { evscope, type Ran } from "../../support/cli.ts";
import { type FaultProxy, startFaultProxy } from "../../support/fault-proxy.ts";
import { putRuns, type Run, runsOf } from "./order-runs.ts";
import { at, deploy, type OrderSystem } from "./order-system.ts";
import { clientEnv, type Peer, start } from "./servers.ts";

/** An order of the last epoch that was traced and shipped. */
export const ORDER = "order-2-0010";
/** `invoice` belongs to the stack `billing`, traffic of `notify` runs through the alias `live`. */
export const NAMES = ["charge", "checkout", "invoice", "notify"];

export interface MotoOrders {
  peer: Peer;
  proxy: FaultProxy;
  home: string;
  system: OrderSystem;
  lambda: LambdaClient;
  runs: Run[];
  /** The execution that shipped `ORDER`. */
  executionArn: string;
  cli(...args: string[]): Promise<Ran>;
  /** A command, and the names of requests of it that could have changed something. */
  watched(...args: string[]): Promise<Ran & { writes: string[] }>;
  /** All that the server says of a function, but when and at which revision it was last written. */
  configuration(fn: string, qualifier?: string): Promise<object>;
  memoryOf(fn: string): Promise<number>;
  stop(): Promise<void>;
}

/** Memory as in the last epoch of the telemetry. `settings`: further ones of the server. */
export async function startOrders(settings: object = {}): Promise<MotoOrders> {
  const home = mkdtempSync(join(tmpdir(), "evscope-moto-"));
  const peer = await start("moto");
  const proxy = await startFaultProxy(peer.url);
  const lambda = new LambdaClient(at(peer.url));
  // state machines are really interpreted
  const config = { stepfunctions: { execute_state_machine: true }, ...settings };
  await fetch(`${peer.url}/moto-api/config`, { method: "POST", body: JSON.stringify(config) });
  const system = await deploy(peer.url, { checkout: 3008 });
  await lambda.send(new PublishVersionCommand({ FunctionName: "notify" }));
  await lambda.send(new CreateAliasCommand({ FunctionName: "notify", Name: "live", FunctionVersion: "1" }));
  await makeStack(peer.url, system.role);
  const runs = runsOf(Date.now());
  await putRuns(peer.url, runs, system.queueArn);
  const executionArn = await ship(peer.url, system.stateMachineArn);
  // lines of this server are there at once, and it has no quotas
  writeFileSync(
    join(home, "evscope.yaml"),
    "settle: 0s\nlogs: all\nwindow: 16d\naws: { requestsPerSecond: 500, accounts: [{ name: shop, regions: [us-east-1] }] }\n",
  );
  const cli = (...args: string[]): Promise<Ran> => evscope(args, { cwd: home, env: clientEnv(proxy.url, home) });
  const configuration = async (FunctionName: string, Qualifier?: string): Promise<object> => {
    const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName, ...(Qualifier ? { Qualifier } : {}) }));
    const { $metadata: _m, LastModified: _l, RevisionId: _r, ...rest } = found;
    return rest;
  };
  return {
    peer,
    proxy,
    home,
    system,
    lambda,
    runs,
    executionArn,
    cli,
    async watched(...args) {
      const before = proxy.writes().length;
      const ran = await cli(...args);
      return { ...ran, writes: proxy.writes().slice(before) };
    },
    configuration,
    memoryOf: async (fn) => ((await configuration(fn)) as { MemorySize: number }).MemorySize,
    async stop() {
      await proxy.close();
      await peer.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The result of a command that prints JSON. */
export function jsonOf(ran: Ran): any {
  if (ran.stdout === "") throw new Error(`${ran.code}\n${ran.stderr}`);
  return JSON.parse(ran.stdout);
}

/** A stack with the function `invoice`. moto gives it no tags, and knows no PhysicalResourceId: they are put as CloudFormation puts them. */
async function makeStack(url: string, Role: string): Promise<void> {
  const Code = { ZipFile: "exports.handler = async () => ({});" };
  const Properties = {
    FunctionName: "invoice",
    Runtime: "nodejs22.x",
    Handler: "index.handler",
    Role,
    Code,
    MemorySize: 1024,
    Timeout: 10,
  };
  const template = { Resources: { Invoice: { Type: "AWS::Lambda::Function", Properties } } };
  const stack = new CreateStackCommand({ StackName: "billing", TemplateBody: JSON.stringify(template) });
  await new CloudFormationClient(at(url)).send(stack);
  const lambda = new LambdaClient(at(url));
  const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: "invoice" }));
  const Tags = { "aws:cloudformation:stack-name": "billing", "aws:cloudformation:logical-id": "Invoice" };
  await lambda.send(new TagResourceCommand({ Resource: Configuration!.FunctionArn!, Tags }));
}

/** Runs the state machine for `ORDER` to its end. */
async function ship(url: string, stateMachineArn: string): Promise<string> {
  const states = new SFNClient(at(url));
  const input = JSON.stringify({ correlation_id: ORDER });
  const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, name: "ship-1", input }));
  for (let i = 0; i < 200; i++) {
    if ((await states.send(new DescribeExecutionCommand({ executionArn: executionArn! }))).status === "SUCCEEDED") return executionArn!;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the execution does not end");
}
