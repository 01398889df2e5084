import { describe, expect, it } from "vitest";
import { ownersIn } from "../../../../src/applier/iac/ownership.ts";

const owners = (path: string, text: string, name = "orders-charge"): string[] => ownersIn([{ path, text }], name).owners;

describe("who owns a function, by files", () => {
  it("nobody", () => {
    expect(ownersIn([], "orders-charge")).toEqual({ owners: [], possible: [] });
    expect(ownersIn([{ path: "README.md", text: "orders-charge" }], "orders-charge").owners).toEqual([]);
  });

  it("Terraform: a literal name, with its line", () => {
    const tf = `resource "aws_lambda_function" "charge" {\n  role = aws_iam_role.r.arn\n  function_name = "orders-charge"\n}\n`;
    expect(owners("infra/main.tf", tf)).toEqual(["Terraform (infra/main.tf:3)"]);
    expect(owners("infra/main.tf", tf, "orders-charge-2")).toEqual([]);
  });

  it("Terraform: a name with a variable in it", () => {
    const tf = `resource "aws_lambda_function" "charge" {\n  function_name = "orders-\${var.what}"\n}\n`;
    expect(owners("main.tf", tf)).toEqual(["Terraform (main.tf:2)"]);
    expect(owners("main.tf", tf, "payments-charge")).toEqual([]);
  });

  it("Terraform: a name that cannot be read is possible, not sure", () => {
    const tf = `resource "aws_lambda_function" "charge" {\n  function_name = local.name\n}\n`;
    expect(ownersIn([{ path: "main.tf", text: tf }], "orders-charge")).toEqual({ owners: [], possible: ["Terraform (main.tf:2)"] });
    expect(ownersIn([{ path: "main.tf", text: `locals {\n  name = "orders-charge"\n}\n${tf}` }], "orders-charge").owners).toEqual([
      "Terraform (main.tf:2)",
    ]);
  });

  it("Terraform: a reference to a function is none", () => {
    const tf = `resource "aws_lambda_permission" "p" {\n  function_name = aws_lambda_function.charge.function_name\n}\n`;
    expect(ownersIn([{ path: "main.tf", text: tf }], "orders-charge")).toEqual({ owners: [], possible: [] });
  });

  it("Terraform: local state", () => {
    expect(owners("terraform.tfstate", '{\n "function_name": "orders-charge"\n}')).toEqual(["Terraform (terraform.tfstate:2)"]);
  });

  it("CDK: source that names it, or synthesised templates; otherwise possible", () => {
    const app = { path: "cdk/cdk.json", text: '{"app":"npx ts-node bin/app.ts"}' };
    expect(ownersIn([app], "orders-charge")).toEqual({ owners: [], possible: ["CDK (cdk/cdk.json)"] });
    const source = { path: "cdk/lib/stack.ts", text: 'new Function(this, "F", {\n  functionName: "orders-charge",\n})' };
    expect(ownersIn([app, source], "orders-charge").owners).toEqual(["CDK (cdk/lib/stack.ts:2)"]);
    expect(ownersIn([source], "orders-charge").owners).toEqual([]);
    const synthesised = {
      path: "cdk/cdk.out/Orders.template.json",
      text: JSON.stringify({ Resources: { ChargeFn1A2B3C4D: { Type: "AWS::Lambda::Function", Properties: {} } } }, null, 1),
    };
    expect(ownersIn([app, synthesised], "Orders-ChargeFn1A2B3C4D-x7Kp2LmQ9sTz").owners).toEqual([
      "CDK (cdk/cdk.out/Orders.template.json:3)",
    ]);
    expect(ownersIn([app, synthesised], "orders-charge")).toEqual({ owners: [], possible: [] });
  });

  it("SAM: the stack's name in samconfig.toml begins the function's", () => {
    const toml = 'version = 0.1\n[default.deploy.parameters]\nstack_name = "orders"\n';
    expect(owners("samconfig.toml", toml, "orders-ChargeFunction-AbCdEf123456")).toEqual(["SAM (samconfig.toml:3)"]);
    expect(owners("samconfig.toml", toml, "payments-x")).toEqual([]);
  });

  it("CloudFormation: literal, substituted and generated names", () => {
    const yaml = (name: string) =>
      `AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Queue:\n    Type: AWS::SQS::Queue\n  Charge:\n    Type: AWS::Lambda::Function\n    Properties:\n      MemorySize: 512\n${name}`;
    expect(owners("template.yaml", yaml("      FunctionName: orders-charge\n"))).toEqual(["CloudFormation (template.yaml:5)"]);
    expect(owners("template.yaml", yaml("      FunctionName: !Sub orders-${Stage}\n"), "orders-prod")).toHaveLength(1);
    expect(owners("template.yaml", yaml("      FunctionName:\n        Fn::Sub: orders-${Stage}\n"), "orders-prod")).toHaveLength(1);
    expect(owners("template.yaml", yaml("      FunctionName: other\n"))).toEqual([]);
    expect(owners("template.yaml", yaml(""), "shop-Charge-1A2B3C4D5E6F7")).toHaveLength(1);
    expect(owners("template.yaml", yaml(""))).toEqual([]);
    expect(owners("docker-compose.yaml", "services:\n  orders-charge: {}\n")).toEqual([]);
  });

  it("Serverless Framework: generated and own names", () => {
    const yml = "service: orders\nprovider:\n  name: aws\nfunctions:\n  charge:\n    handler: a.b\n  refund:\n    name: give-back\n";
    expect(owners("serverless.yml", yml, "orders-prod-charge")).toEqual(["Serverless Framework (serverless.yml:5)"]);
    expect(owners("serverless.yml", yml, "give-back")).toEqual(["Serverless Framework (serverless.yml:7)"]);
    expect(owners("serverless.yml", yml, "orders-prod-refund")).toEqual([]);
    expect(owners("serverless.yml", yml, "other-prod-charge")).toEqual([]);
  });

  const lambda = (body: string, kind = 'resource "aws_lambda_function" "f"') => `${kind} {\n  ${body}\n}\n`;
  const template = (name: string) =>
    `Parameters:\n  Name: { Type: String, Default: orders-charge }\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      FunctionName: ${name}\n`;

  it.each([
    ["Terraform, every part a variable", { "main.tf": lambda('function_name = "${var.env}-${var.name}"') }, "may"],
    ["Terraform, quotes within quotes", { "main.tf": lambda('function_name = "${lookup(var.env, "x")}-charge"') }, "may"],
    ["Terraform, format()", { "main.tf": lambda('function_name = format("%s-charge", var.env)') }, "may"],
    ["Terraform, for_each over names", { "main.tf": lambda('for_each = toset(["orders-charge"])\n  function_name = each.key') }, "owns"],
    ["Terraform, for_each with a fixed beginning", { "main.tf": lambda('function_name = "orders-${each.key}"') }, "owns"],
    ["Terraform, a module's own argument", { "main.tf": lambda('name = "orders-charge"', 'module "f"') }, "owns"],
    ["Terraform, variables' file", { "prod.tfvars": 'name = "orders-charge"\n' }, "owns"],
    ["Terragrunt", { "terragrunt.hcl": 'inputs = {\n  function_name = "orders-charge"\n}\n' }, "owns"],
    [
      "Terraform, an alarm on it",
      { "main.tf": lambda('dimensions = { F = "orders-charge" }', 'resource "aws_cloudwatch_metric_alarm" "a"') },
      "may",
    ],
    ["Terraform, a data source", { "main.tf": lambda('function_name = "orders-charge"', 'data "aws_lambda_function" "f"') }, "may"],
    ["Terraform, a comment", { "main.tf": '# function_name = "orders-charge"\n// "orders-charge"\n' }, "no"],
    ["Terraform, remote state alone", { "main.tf": 'terraform {\n  backend "s3" {}\n}\n' }, "no"],
    ["CloudFormation, a parameter's default", { "t.yaml": template("!Ref Name") }, "owns"],
    ["CloudFormation, joined", { "t.yaml": template("!Join ['-', [!Ref Stage, charge]]") }, "may"],
    ["SAM, a stack whose name begins another's", { "samconfig.toml": 'stack_name = "orders"\n' }, "may"],
    ["CDK, computed name", { "cdk.json": "{}", "lib/a.ts": "functionName: `${env}-charge`" }, "may"],
    ["CDK, a handler that speaks of it", { "cdk.json": "{}", "src/a.ts": "invoke('orders-charge')" }, "may"],
    [
      "CDK, source newer than templates",
      { "cdk.json": "{}", "cdk.out/A.template.json": "{}", "a.py": 'function_name="orders-charge"' },
      "may",
    ],
    ["Pulumi", { "Pulumi.yaml": "name: x\n", "index.ts": 'new Function("f", { name: "orders-charge" })' }, "owns"],
    ["Serverless Framework in TypeScript", { "serverless.ts": "functions: { charge: {} }" }, "may"],
    ["Serverless Framework, functions elsewhere", { "serverless.yml": "service: orders\nfunctions: ${file(f.yml)}\n" }, "may"],
    ["a read-me, a deployment of containers", { "README.md": "`orders-charge`", "k8s.yaml": "metadata: { name: orders-charge }" }, "no"],
  ] as const)("%s", (_, texts, answer) => {
    const found = ownersIn(
      Object.entries(texts).map(([path, text]) => ({ path, text })),
      "orders-charge",
    );
    expect(found.owners.length > 0 ? "owns" : found.possible.length > 0 ? "may" : "no").toBe(answer);
  });

  it("a generated name that CloudFormation cut to 64 characters", () => {
    const cut = "amplify-d2a0iw1k6d8nl4-ma-AmplifyBranchLinkerCusto-gGKYMA0Lz8Bo";
    const yaml = "Resources:\n  AmplifyBranchLinkerCustomResource1A2B3C4D:\n    Type: AWS::Lambda::Function\n";
    expect(owners("t.yaml", yaml, cut)).toEqual(["CloudFormation (t.yaml:2)"]);
    expect(owners("t.yaml", yaml, cut.replace("Linker", "Loader"))).toEqual([]);
  });

  it("a stage with a dash", () => {
    const yml = "service: orders\nfunctions:\n  charge:\n    handler: a.b\n";
    expect(owners("serverless.yml", yml, "orders-pr-12-charge")).toHaveLength(1);
  });

  it("files that are broken own nothing, and hurt nothing", () => {
    for (const path of ["serverless.yml", "template.yaml", "main.tf", "cdk.json", "samconfig.toml"])
      expect(owners(path, "AWS::Lambda::Function\n  : [ {*x\n\t&a *a !!")).toEqual([]);
  });
});
