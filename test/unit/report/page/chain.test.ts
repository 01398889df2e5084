/** The viewer's arithmetic, which needs no browser. */
import { describe, expect, it } from "vitest";
import { treeRows } from "../../../../src/report/formats/trace-tree.ts";
import { chainHtml } from "../../../../src/report/page/chain-html.ts";
import { matching } from "../../../../src/report/page/client/chain/find.ts";
import { mapOf } from "../../../../src/report/page/client/chain/map.ts";
import { panned, ticks, zoomed } from "../../../../src/report/page/client/chain/view.ts";
import { longChain } from "../../../support/long-chain.ts";

const whole = { fromMs: 0, toMs: 1000 };

describe("the stretch of time", () => {
  it("zooms around a moment that stays where it is", () => {
    expect(zoomed(whole, 0.5, 200, whole)).toEqual({ fromMs: 100, toMs: 600 });
    expect(zoomed({ fromMs: 100, toMs: 600 }, 0.5, 600, whole)).toEqual({ fromMs: 350, toMs: 600 });
  });

  it("never leaves the whole", () => {
    expect(zoomed({ fromMs: 100, toMs: 600 }, 10, 600, whole)).toEqual(whole);
    expect(panned({ fromMs: 900, toMs: 1000 }, 50, whole)).toEqual({ fromMs: 900, toMs: 1000 });
    expect(panned({ fromMs: 100, toMs: 200 }, -300, whole)).toEqual({ fromMs: 0, toMs: 100 });
  });

  it.each([
    [{ fromMs: 0, toMs: 1000 }, [0, 200, 400, 600, 800, 1000]],
    [{ fromMs: 130, toMs: 180 }, [130, 140, 150, 160, 170, 180]],
    [{ fromMs: 0, toMs: 0.05 }, [0, 0.01, 0.02, 0.03, 0.04, 0.05]],
  ])("ticks at round moments: %j", (view, expected) => {
    expect(ticks(view, 5)).toEqual(expected);
  });
});

describe("search and filters", () => {
  const { chain } = longChain(100);
  const rows = treeRows(chain, false);
  const none = { text: "", failedOnly: false, criticalOnly: false, group: null };
  const ids = (wanted: Partial<typeof none> & { group?: string | null }): string[] =>
    matching(rows, { ...none, ...wanted }, new Set(["hop-0", "hop-99"])).map((row) => row.hop.id);

  it("finds by name, ID, error; every 50th hop fails", () => {
    expect(ids({})).toHaveLength(100);
    expect(ids({ text: " REQUEST-42 " })).toEqual(["hop-42"]);
    expect(ids({ text: "declined" }).sort()).toEqual(["hop-49", "hop-99"]);
    expect(ids({ failedOnly: true }).sort()).toEqual(["hop-49", "hop-99"]);
    expect(ids({ criticalOnly: true })).toEqual(["hop-0", "hop-99"]);
    expect(ids({ text: "no such" })).toEqual([]);
  });

  it("the map has a box per name and cloud, with its hops and failures", () => {
    // 42 hops: each of 7 names x 3 clouds twice; hop 0 causes 1 to 4
    const map = mapOf(treeRows(longChain(42).chain, false));
    expect(map.nodes).toHaveLength(21);
    expect(map.nodes.every((node) => node.count === 2 && node.workMs === 80 && node.failed === 0)).toBe(true);
    expect(map.nodes.find((node) => node.name === "place-order" && node.cloud === "aws")?.column).toBe(0);
    expect(map.edges.reduce((sum, edge) => sum + edge.count, 0)).toBe(41);
    expect(map.left).toBe(0);
  });
});

describe("a chain as HTML", () => {
  it("has a table of its hops up to 500, says how many more, and all of them as data", () => {
    const html = chainHtml(longChain(600), "0", 2);
    expect(html.match(/<th scope="row">/g)).toHaveLength(500);
    expect(html).toContain("100 more hops.");
    const data = /<script type="application\/json" id="chain-0">(.*)<\/script>/.exec(html)![1]!;
    expect(JSON.parse(data)).toEqual(longChain(600));
  });
});
