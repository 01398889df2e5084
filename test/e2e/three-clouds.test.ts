/** One chain over three clouds, imported from their exports: see `test/support/three-clouds-story.ts`. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { evscope } from "../support/cli.ts";
import { threeClouds } from "../support/three-clouds-story.ts";

interface Hop {
  id: string;
  name: string;
  function: string | null;
  requestId: string | null;
  cloud: string;
  skewMs: number | null;
}
interface Answer {
  chain: {
    hops: Hop[];
    edges: { from: string; to: string; kind: string; confidence: number }[];
    problems: { code: string; message: string }[];
  };
}

describe("one chain over three clouds", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-three-"));
  const { order, ids, ...files } = threeClouds(Date.UTC(2026, 10, 20, 10));
  const answers = new Map<string, Answer>();
  let text = "";

  beforeAll(async () => {
    mkdirSync(join(cwd, "raw"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, "raw", `${name}.json`), JSON.stringify(content));
    const imported = await evscope(["import", "raw"], { cwd });
    expect(imported.code, imported.stderr).toBe(0);
    for (const id of ids) answers.set(id, JSON.parse((await evscope(["trace", id, "--format", "json"], { cwd })).stdout) as Answer);
    text = (await evscope(["trace", order], { cwd })).stdout;
  });

  const functionsOf = ({ chain }: Answer): string[] =>
    chain.hops.flatMap((hop) => (hop.function === null ? [] : [`${hop.cloud} ${hop.function}`]));

  it("is whole, whichever of its IDs it is asked by", () => {
    const all = ["aws mail", "aws web-order", "azure book", "azure quote", "gcp ledger", "gcp notify"];
    for (const id of ids) expect(functionsOf(answers.get(id)!).sort(), id).toEqual(all);
  });

  it("is joined by what each transport carries, with the confidence of that carrier", () => {
    const { hops, edges } = answers.get(order)!.chain;
    // a call belongs to the run it was made in
    const owner = (id: string): string => {
      const hop = hops.find((one) => one.id === id)!;
      const run = hops.find((one) => one.function !== null && one.requestId === hop.requestId);
      return run?.function ?? hop.name;
    };
    const joins = edges.map((edge) => [owner(edge.from), owner(edge.to), edge.kind, edge.confidence]).filter(([from, to]) => from !== to);
    expect(joins.sort()).toEqual([
      ["book", "ledger", "parent", 1],
      ["ledger", "notify", "message", 0.9],
      ["quote", "book", "link", 1],
      ["web-order", "quote", "parent", 1],
    ]);
  });

  // the caller's call holds the callee: -3,010 to -2,990 ms puts it inside, and the smallest of these is shown; Google's clock is bounded through Azure's
  it("tells how far the clocks are apart, from the call that holds the other", () => {
    const { hops } = answers.get(order)!.chain;
    const correction = (cloud: string): number => hops.find((hop) => hop.cloud === cloud)!.skewMs ?? 0;
    for (const other of ["aws", "gcp"]) {
      const apart = correction("azure") - correction(other);
      expect(apart).toBeGreaterThanOrEqual(-3010);
      expect(apart).toBeLessThanOrEqual(-2990);
    }
    expect(text.replaceAll(/\s+/g, " ")).toContain("clocks of azure and aws disagree: -2990 ms would restore the order (spread 20 ms)");
  });
});
