import { describe, expect, it } from "vitest";
import { AzureError, type LogsAnswer, type LogsTable } from "../../../../src/clouds/azure/api.ts";
import { pieces } from "../../../../src/clouds/azure/log-plans.ts";
import { readWhole, type Unread } from "../../../../src/clouds/azure/log-window.ts";
import type { Span } from "../../../../src/clouds/room.ts";

const WINDOW: Span = { from: 0, to: 64_000 };
const signal = new AbortController().signal;
const answer = (at: number[], partial: LogsAnswer["partial"] = null): LogsAnswer => ({
  tables: [{ name: "PrimaryResult", columns: [{ name: "at", type: "long" }], rows: at.map((one) => [one]) }],
  partial,
  scannedBytes: null,
});
const TOO_MANY = { code: "PartialError", message: "exceeds the limit" };

async function all(source: AsyncGenerator<LogsTable[], Unread[]>): Promise<{ at: number[]; unread: Unread[] }> {
  const at: number[] = [];
  for (;;) {
    const next = await source.next();
    if (next.done === true) return { at, unread: next.value };
    at.push(...next.value.flatMap((table) => table.rows.map(([one]) => one as number)));
  }
}

/** A service that cuts at `limit` rows: with an error beside them, or silently at the number that was asked for. */
function service(rows: readonly number[], limit: number, says: boolean) {
  const asked: Span[] = [];
  const query = async (window: Span): Promise<LogsAnswer> => {
    asked.push(window);
    const own = rows.filter((at) => at >= window.from && at < window.to);
    return answer(own.slice(0, limit), says && own.length > limit ? TOO_MANY : null);
  };
  return { query, asked };
}

describe("a window", () => {
  // one row every 250 ms, and 30 more within one second
  const rows = [...Array.from({ length: 256 }, (_, i) => i * 250), ...Array.from({ length: 30 }, (_, i) => 10_000 + i)].sort(
    (a, b) => a - b,
  );

  it.each([true, false])("gives every row once, however small the answers are (told of the cut: %s)", async (says) => {
    const { query, asked } = service(rows, says ? 40 : 41, says);
    expect(await all(readWhole(query, WINDOW, signal, 40))).toEqual({ at: rows, unread: [] });
    // halves: the first whole one, and no piece that was whole is asked for again
    expect(asked[0]).toEqual(WINDOW);
    expect(new Set(asked.map((span) => `${span.from}-${span.to}`)).size).toBe(asked.length);
  });

  it("is not whole where one second has too many rows: that second is told, the rest is read", async () => {
    const { query } = service(rows, 21, false);
    const found = await all(readWhole(query, WINDOW, signal, 20));
    expect(found.unread).toEqual([{ window: { from: 10_000, to: 11_000 }, why: "not whole even for one second: more than 20 rows" }]);
    expect(found.at).toEqual(rows.filter((at) => at < 10_000 || at >= 11_000));
  });

  it("that fails whatever its length is given up at once, and told", async () => {
    let asked = 0;
    const query = async (): Promise<LogsAnswer> => (asked++, answer([1], { code: "PartialError", message: "a cluster is down\nmore" }));
    const found = await all(readWhole(query, WINDOW, signal, 20));
    expect(found).toEqual({
      at: [],
      unread: [{ window: WINDOW, why: "not whole even for one second: the answer is partial (PartialError: a cluster is down)" }],
    });
    // 64 s halved six times
    expect(asked).toBe(7);
  });

  it("that takes too long is halved; four times in a row is no matter of size", async () => {
    const timeout = new AzureError("failed", "logs:queryWorkspace", "GatewayTimeout", "took too long", 504, 3);
    const asked: number[] = [];
    const slow = async (window: Span): Promise<LogsAnswer> => {
      asked.push(window.to - window.from);
      if (window.to - window.from > 16_000) throw timeout;
      return answer([window.from]);
    };
    expect(await all(readWhole(slow, WINDOW, signal))).toEqual({ at: [0, 16_000, 32_000, 48_000], unread: [] });
    expect(asked).toEqual([64_000, 32_000, 16_000, 16_000, 32_000, 16_000, 16_000]);
    await expect(all(readWhole(async () => Promise.reject(timeout), WINDOW, signal))).rejects.toBe(timeout);
  });

  it("is not halved for an answer that never came", async () => {
    const silent = new AzureError("unreachable", "logs:queryWorkspace", "TimeoutError", "no answer within 70000 ms", null, 3);
    let asked = 0;
    await expect(all(readWhole(() => (asked++, Promise.reject(silent)), WINDOW, signal))).rejects.toBe(silent);
    expect(asked).toBe(1);
  });

  it("is not asked for again after another failure", async () => {
    const denied = new AzureError("denied", "logs:queryWorkspace", "InsufficientAccessError", "no", 403, 1);
    await expect(all(readWhole(() => Promise.reject(denied), WINDOW, signal))).rejects.toBe(denied);
  });
});

describe("pieces of a window", () => {
  const most = { rows: 100, bytes: 1_000 };
  const slot = (from: number, rows: number, bytes: number | null = null) => ({ from, rows, bytes });

  it("hold no more than is wanted, and leave nothing out", () => {
    const slots = [slot(0, 60), slot(1_000, 30), slot(2_000, 20), slot(5_000, 250), slot(6_000, 10)];
    // 60 + 30 fit, 20 more do not; 250 are cut in three; the last 10 go with their rest
    expect(pieces({ from: 0, to: 10_000 }, slots, 1_000, most)).toEqual([
      { from: 0, to: 2_000 },
      { from: 2_000, to: 5_000 },
      { from: 5_000, to: 5_333 },
      { from: 5_333, to: 5_667 },
      { from: 5_667, to: 10_000 },
    ]);
  });

  it("go by bytes where these are told", () => {
    expect(pieces({ from: 0, to: 3_000 }, [slot(0, 1, 900), slot(1_000, 1, 200)], 1_000, most)).toEqual([
      { from: 0, to: 1_000 },
      { from: 1_000, to: 3_000 },
    ]);
    expect(pieces({ from: 500, to: 3_000 }, [], 1_000, most)).toEqual([{ from: 500, to: 3_000 }]);
  });
});
