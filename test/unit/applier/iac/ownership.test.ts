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

  it("files that are broken own nothing, and hurt nothing", () => {
    for (const path of ["serverless.yml", "template.yaml", "main.tf", "cdk.json", "samconfig.toml"])
      expect(owners(path, "AWS::Lambda::Function\n  : [ {*x\n\t&a *a !!")).toEqual([]);
  });
});
