/** Waits that servers ask for, servers that say nothing, and what is not JSON. */
import { afterEach, describe, expect, it } from "vitest";
import { type Api, apiOf, type ForgeError } from "../../../src/forges/http.ts";
import { type Behaviour, type FakeForge, fakeForge, SECRET } from "../../support/forges/server.ts";
import { virtualClock, type VirtualClock } from "../../support/virtual-clock.ts";

let forge: FakeForge;
afterEach(() => forge.close());

async function api(
  behaviour: Behaviour,
  signal = new AbortController().signal,
  timeoutMs?: number,
): Promise<{ api: Api; clock: VirtualClock }> {
  forge = await fakeForge(behaviour);
  const clock = virtualClock();
  const made = apiOf({
    title: "Forge",
    base: `${forge.origin}/api`,
    baseName: "ROOT",
    token: SECRET,
    tokenName: "TOKEN",
    permission: ["to write"],
    headers: (token) => ({ authorization: `Bearer ${token}` }),
    clock,
    signal,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return { api: made, clock };
}

const fine: Behaviour = () => ({ status: 200, json: { ok: true } });
const error = (promise: Promise<unknown>): Promise<ForgeError> =>
  promise.then(
    () => Promise.reject(new Error("no error")),
    (thrown: ForgeError) => thrown,
  );

describe("calls to a forge", () => {
  it("wait as Retry-After says in seconds or as a date, and as GitHub's reset says", async () => {
    const { api: at, clock } = await api(fine);
    const start = Date.UTC(2026, 10, 23); // of the virtual clock
    forge.faults.push({ on: "GET", status: 503, headers: { "retry-after": "3" } });
    await at.get("x");
    forge.faults.push({ on: "GET", status: 429, headers: { "retry-after": "Mon, 23 Nov 2026 00:00:10 GMT" } });
    await at.get("x");
    // https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: 403 or 429, reset in seconds since 1970
    const reset = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(start / 1000 + 30) };
    forge.faults.push({ on: "GET", status: 403, headers: reset, json: { message: "API rate limit exceeded" } });
    await at.get("x");
    expect(clock.slept).toEqual([3000, 7000, 20_000]);
    expect(forge.asked[0]!.url.pathname).toBe("/api/x");
  });

  it("give up on a server that says nothing", async () => {
    const { api: at } = await api(() => "silence", undefined, 20);
    expect(await error(at.get("x"))).toMatchObject({ status: null, uncertain: false, exitCode: 4 });
    const created = await error(at.send("POST", "x", {}));
    expect(created).toMatchObject({ status: null, uncertain: true });
    expect(created.message).toContain("no answer in time");
    expect(forge.asked.map(({ method }) => method)).toEqual(["GET", "GET", "GET", "GET", "POST"]);
  });

  it("end when the caller wants it", async () => {
    const stop = new AbortController();
    const { api: at } = await api(() => {
      stop.abort(new Error("enough"));
      return { status: 500 };
    }, stop.signal);
    await expect(at.get("x")).rejects.toThrow("enough");
  });

  it("take no page to sign in for an answer", async () => {
    const { api: at } = await api(() => ({ status: 203, text: "<html>Sign In</html>" }));
    expect(await error(at.get("x"))).toMatchObject({ status: 203, exitCode: 3, suggestions: ["to write"] });
  });

  it("end redirects that do not end", async () => {
    const { api: at } = await api(() => ({ status: 302, headers: { location: "/again" } }));
    expect((await error(at.get("x"))).message).toContain("without end");
    expect(forge.asked).toHaveLength(6);
  });
});
