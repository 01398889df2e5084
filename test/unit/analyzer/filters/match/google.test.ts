/**
 * Filters of Pub/Sub and Eventarc. Expected verdicts: https://cloud.google.com/pubsub/docs/subscription-message-filter and
 * https://cloud.google.com/eventarc/docs/path-patterns, unless another place is named.
 */
import { describe, expect, it } from "vitest";
import { matchEventarc } from "../../../../../src/analyzer/filters/match/eventarc.ts";
import { matchPubsub } from "../../../../../src/analyzer/filters/match/pubsub.ts";
import type { Json } from "../../../../../src/model/records.ts";

describe("Pub/Sub", () => {
  const verdict = (filter: string, attributes: Json): string => {
    const matcher = matchPubsub(filter);
    const { verdict: said } = matcher.decide({ attributes });
    expect(matcher.matches({ attributes })).toBe(said === "match");
    return said;
  };

  it.each([
    ["attributes:domain", { domain: "com" }, "match"],
    ["attributes:domain", { name: "com" }, "no_match"],
    ['attributes.domain = "com"', { domain: "com" }, "match"],
    ['attributes.domain = "com"', { domain: "COM" }, "no_match"],
    ['attributes.domain != "com"', { domain: "org" }, "match"],
    // a message without the key has no value that differs (so in 6RiverSystems/mmmbbb, filter/evaluate.go)
    ['attributes.domain != "com"', {}, "no_match"],
    ['NOT attributes.domain = "com"', {}, "match"],
    ['hasPrefix(attributes.domain, "co")', { domain: "com" }, "match"],
    ['hasPrefix(attributes.domain, "co")', { domain: "org" }, "no_match"],
    ["NOT attributes:domain", { name: "x" }, "match"],
    ["-attributes:domain", { domain: "x" }, "no_match"],
    ['attributes:domain AND NOT hasPrefix(attributes.domain, "co")', { domain: "org" }, "match"],
    ['attributes:name AND (attributes.domain = "com" OR attributes.domain = "net")', { name: "x", domain: "net" }, "match"],
    // other characters than letters, digits, hyphens and underscores need quotes
    ['attributes."iana.org/language_tag" = "en"', { "iana.org/language_tag": "en" }, "match"],
    ['attributes:"iana.org/language_tag"', {}, "no_match"],
    ['attributes.ce-type = "a.b"', { "ce-type": "a.b" }, "match"],
    ['attributes.x = "\\u307F \\"q\\""', { x: 'み "q"' }, "match"],
    ["", {}, "match"],
  ] as [string, Json, string][])("%s of %j: %s", (filter, attributes, expected) => expect(verdict(filter, attributes)).toBe(expected));

  it.each([
    ["attributes:a AND attributes:b OR attributes:c", "parentheses"],
    ['attributes.a = "x" and attributes:b', "should end"],
    ["data = 1", "only `attributes`"],
    ["attributes.a = x", "in quotes"],
    ['attributes.a > "x"', "means nothing"],
    ['hasSuffix(attributes.a, "x")', "only `attributes`"],
    ['attributes.a = "x', "does not end"],
    [`attributes.a = "${"x".repeat(256)}"`, "at most 256"],
  ])("refuses %s", (filter, reason) => expect(matchPubsub(filter).invalid).toContain(reason));

  it("counts bytes, not characters: 121 times ä is 242 bytes, and 15 around them make 257", () => {
    expect(matchPubsub(`attributes.a="${"ä".repeat(121)}"`).invalid).toBe("the filter has 257 bytes: at most 256 are allowed");
    expect(matchPubsub(`attributes.a="${"ä".repeat(120)}"`).invalid).toBeNull();
  });

  it("reads messages as they are pushed and as CloudEvents, and names the attribute that decided", () => {
    const matcher = matchPubsub('attributes.kind = "order"');
    for (const event of [
      { message: { attributes: { kind: "order" }, data: "e30=" } },
      { type: "t", data: { message: { attributes: { kind: "order" } } } },
    ] as Json[])
      expect(matcher.matches(event)).toBe(true);
    expect(matcher.decide({ message: { data: "e30=" } })).toMatchObject({ verdict: "no_match", clause: "attributes.kind" });
    expect(matchPubsub("attributes:constructor").matches({ attributes: {} })).toBe(false);
  });
});

describe("Eventarc", () => {
  const type = { attribute: "type", value: "google.cloud.audit.log.v1.written" };
  const audit = {
    type: "google.cloud.audit.log.v1.written",
    serviceName: "bigquery.googleapis.com",
    methodName: "google.cloud.bigquery.v2.JobService.InsertJob",
    resourceName: "/projects/project-1/datasets/dataset-id/tables/t1",
  };
  const byPath = (value: string): Json => [type, { attribute: "resourceName", value, operator: "match-path-pattern" }];

  it("all filters must hold, text exactly", () => {
    const filters = [type, { attribute: "serviceName", value: "bigquery.googleapis.com" }];
    expect(matchEventarc(filters).decide(audit).verdict).toBe("match");
    expect(matchEventarc({ eventFilters: filters }).decide({ ...audit, serviceName: "x" })).toMatchObject({
      verdict: "no_match",
      clause: "serviceName",
    });
    expect(matchEventarc(filters).decide({ type: type.value }).verdict).toBe("no_match");
  });

  it.each([
    ["/projects/project-1/datasets/dataset-id/tables/t1", "match"],
    ["/projects/*/datasets/*/tables/*", "match"],
    ["/projects/*/datasets/*", "no_match"],
    ["/projects/project-1/**", "match"],
    ["/projects/**/tables/t1", "match"],
    ["/projects/**/tables/t2", "no_match"],
    ["/projects/project-*/datasets/data*-id/tables/{table}", "match"],
    ["/projects/{project=*}/{rest=**}", "match"],
    ["/projects/project-1/**/datasets/dataset-id/tables/t1", "match"],
  ])("path pattern %s: %s", (value, expected) => expect(matchEventarc(byPath(value)).decide(audit).verdict).toBe(expected));

  it.each([
    [[], "exactly one `type`"],
    [[{ attribute: "serviceName", value: "x" }], "exactly one `type`"],
    [[type, { attribute: "a", value: "x", operator: "contains" }], "no operator"],
    [byPath("/a/**/b/**"), "only one **"],
    [byPath("/a/b**"), "stands alone"],
    [byPath("/a/x{name}"), "alone in its segment"],
    [[type, { attribute: "a", value: 1 }], "not text"],
    ["{", "not JSON"],
  ] as [Json, string][])("refuses %j", (filters, reason) => expect(matchEventarc(filters).invalid).toContain(reason));

  it("does not hang on patterns made for it", () => {
    const hard = byPath(`/${"*a".repeat(300)}b`);
    expect(matchEventarc(hard).decide({ ...audit, resourceName: `/${"a".repeat(20_000)}` }).verdict).toBe("no_match");
  });
});
