import { describe, expect, it } from "vitest";
import { findingsOf } from "../../../../src/clouds/aws/findings.ts";
import type { Config, Json } from "../../../../src/model/records.ts";

const DAY = 86_400_000;
const where = { cloud: "aws", account: "111122223333", region: "eu-central-1" } as const;
function config(kind: Config["kind"], name: string, settings: { [key: string]: Json }): Config {
  return {
    type: "config",
    ...where,
    kind,
    resource: `arn:${kind}:${name}`,
    name,
    revision: null,
    observedAt: 0,
    from: null,
    to: null,
    settings,
  };
}
const fn = (name: string, settings: { [key: string]: Json } = {}): Config =>
  config("function", name, { tracing: "Active", version: "$LATEST", ...settings });
const group = (name: string, settings: { [key: string]: Json } = {}): Config => config("log-group", name, settings);

describe("settings that lose telemetry", () => {
  const codes = (configs: Config[]): [string, string[]][] => findingsOf(configs, 14 * DAY).map((one) => [one.code, one.names]);

  it("are none where all is as it should be", () => {
    expect(codes([fn("a"), group("/aws/lambda/a", { retentionD: 14 }), fn("b", { logGroup: "shared" }), group("shared")])).toEqual([]);
  });

  it("are a retention below the window, of groups that functions write to", () => {
    expect(
      codes([
        fn("a"),
        fn("b"),
        group("/aws/lambda/a", { retentionD: 7 }),
        group("/aws/lambda/b", { retentionD: 30 }),
        group("other", { retentionD: 1 }),
      ]),
    ).toEqual([["retention", ["/aws/lambda/a"]]]);
  });

  it("are a system log level of WARN, which has effect with JSON only", () => {
    const both = [fn("a", { logFormat: "JSON", systemLogLevel: "WARN" }), fn("b", { logFormat: "Text", systemLogLevel: "WARN" })];
    expect(codes([...both, group("/aws/lambda/a"), group("/aws/lambda/b")])).toEqual([["system-log-level", ["a"]]]);
  });

  it("are an application log level above INFO, which has effect with JSON only", () => {
    const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].map((level) =>
      fn(level, { logFormat: "JSON", applicationLogLevel: level }),
    );
    const all = [...levels, fn("text", { logFormat: "Text", applicationLogLevel: "ERROR" })];
    expect(codes([...all, ...all.map((one) => group(`/aws/lambda/${one.name}`))])).toEqual([
      ["application-log-level", ["ERROR", "FATAL", "WARN"]],
    ]);
  });

  it("are a missing log group, but not where groups could not be listed, nor an old version's", () => {
    expect(codes([fn("a"), fn("b"), group("/aws/lambda/a")])).toEqual([["no-log-group", ["b"]]]);
    expect(codes([fn("a"), fn("b")])).toEqual([]);
    expect(codes([fn("a"), group("/aws/lambda/a"), fn("a", { version: "3", logGroup: "gone" })])).toEqual([]);
  });

  it("are classes that cannot be read freely, and functions that do not trace", () => {
    const configs = [
      fn("a", { tracing: "PassThrough" }),
      fn("b"),
      group("/aws/lambda/a", { class: "INFREQUENT_ACCESS" }),
      group("/aws/lambda/b", { class: "DELIVERY" }),
    ];
    expect(codes(configs)).toEqual([
      ["log-class", ["/aws/lambda/a"]],
      ["log-class", ["/aws/lambda/b"]],
      ["no-tracing", ["a"]],
    ]);
  });
});
