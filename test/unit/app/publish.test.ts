/** The comment on fake forges: created once, updated in place, never two, nobody else's touched, no token in any message. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { publishComment, type Published, type PublishOptions } from "../../../src/app/publish.ts";
import type { UserError } from "../../../src/model/errors.ts";
import { STANDS, type Stand } from "../../support/forges/behaviours.ts";
import { type FakeForge, fakeForge, keep, ME, SECRET, SOMEBODY } from "../../support/forges/server.ts";
import { virtualClock, type VirtualClock } from "../../support/virtual-clock.ts";

let running: FakeForge[] = [];
afterEach(async () => {
  for (const forge of running) await forge.close();
  running = [];
});

interface Stage {
  forge: FakeForge;
  clock: VirtualClock;
  said: string[];
  env: { [name: string]: string };
  publish(body: string, more?: Partial<PublishOptions>): Promise<Published>;
  /** The error of a publication that must fail; the secret is in nothing that it holds. */
  fails(more?: Partial<PublishOptions>): Promise<UserError>;
}

async function stage(stand: Stand): Promise<Stage> {
  const forge = await fakeForge(stand.behaviour);
  running.push(forge);
  const clock = virtualClock();
  const said: string[] = [];
  const env = stand.env(forge);
  const say = (message: string): void => void said.push(message);
  const host = { progress() {}, note: say, warn: say };
  const publish: Stage["publish"] = (body, more = {}) =>
    publishComment(body, { forge: null, tag: "weekly", pullRequest: null, issue: null, dryRun: false, ...more }, env, {
      host,
      clock,
      signal: new AbortController().signal,
    });
  const fails: Stage["fails"] = async (more) => {
    const error = await publish("a report", more).then(
      () => null,
      (thrown: UserError) => thrown,
    );
    expect(error?.name).toBe("UserError");
    expect([error!.message, error!.stack, ...error!.suggestions, String(error!.cause), JSON.stringify(error)].join()).not.toContain(SECRET);
    return error!;
  };
  return { forge, clock, said, env, publish, fails };
}

const written = ({ asked }: FakeForge): string[] => asked.filter(({ method }) => method !== "GET").map(({ method }) => method);

describe.each(STANDS)("$title", (stand) => {
  it("creates, updates in place, leaves what is the same, and touches nobody else's", async () => {
    const { forge, publish, said } = await stage(stand);
    const others = [
      "nice work",
      `> ${stand.tagLine}\n\nI do not agree`,
      "see\n" + stand.tagLine,
      `${stand.tagLine.replace("weekly", "daily")}\n\nx`,
    ];
    for (const body of others) keep(forge, body, SOMEBODY);
    const first = await publish("# 10 USD\n");
    expect(first).toMatchObject({ action: "created", body: `${stand.tagLine}\n\n# 10 USD\n` });
    for (const body of ["a", "b", "c"]) keep(forge, body, SOMEBODY);
    const second = await publish("# 20 USD\n");
    expect(second.action).toBe("updated");
    expect(second.url).toBe(first.url);
    expect(second.url).toMatch(/^http/);
    forge.comments[4]!.body = forge.comments[4]!.body.replaceAll("\n", "\r\n").trimEnd(); // as a forge may keep it
    expect((await publish("# 20 USD\n")).action).toBe("unchanged");
    expect(written(forge)).toHaveLength(2);
    expect(forge.comments.map(({ body }) => body.replaceAll("\r\n", "\n"))).toEqual([
      ...others,
      `${stand.tagLine}\n\n# 20 USD`,
      "a",
      "b",
      "c",
    ]);
    expect(said).toEqual([]);
  });

  it("updates the oldest of several and says so", async () => {
    const { forge, publish, said } = await stage(stand);
    for (let n = 0; n < 3; n++) keep(forge, `${stand.tagLine}\n\nold ${n}`, ME);
    expect((await publish("new")).action).toBe("updated");
    expect(forge.comments.map(({ body }) => body.split("\n").at(-1))).toEqual(["new", "old 1", "old 2"]);
    expect(said).toEqual([expect.stringContaining("3 comments with the tag weekly")]);
  });

  it("asks again after 500 and 429, as long as the server wishes", async () => {
    const { forge, publish, clock } = await stage(stand);
    forge.faults.push({ on: "GET", status: 500, text: "<html>oops" }, { on: "GET", status: 429, headers: { "retry-after": "7" } });
    forge.faults.push({ on: "POST", status: 429, headers: { "retry-after": "11" } });
    expect((await publish("new")).action).toBe("created");
    expect(clock.slept).toEqual([1000, 7000, 11_000]);
    expect(forge.comments).toHaveLength(1);
  });

  it("makes no second comment when a creation took effect behind an error", async () => {
    const { forge, publish } = await stage(stand);
    forge.faults.push({ on: "POST", status: 502, text: "bad gateway", after: true });
    expect((await publish("new")).action).toBe("created");
    forge.comments.length = 0;
    forge.faults.push({ on: "POST", status: 502, text: "bad gateway" });
    expect((await publish("new")).action).toBe("created");
    expect(forge.comments).toHaveLength(1);
    expect(written(forge)).toEqual(["POST", "POST", "POST"]);
  });

  it("says what the token needs when it is refused, and never the token", async () => {
    for (const status of [401, 403, 404]) {
      const { forge, fails } = await stage(stand);
      forge.faults.push({ on: "POST", status, json: { message: `no: ${SECRET}\u001b[31m`, error: { message: SECRET } } });
      const error = await fails();
      expect(error.exitCode).toBe(3);
      expect(error.message).toContain(String(status));
      expect(error.message).toContain("***");
      expect(error.message).not.toContain("\u001b");
      expect(error.suggestions.join()).toMatch(/pull-requests: write|scope `api`|Contribute to pull requests|pullrequest:write/);
    }
    const wrong = await stage(stand);
    wrong.env[stand.token] = "another";
    expect((await wrong.fails()).exitCode).toBe(3);
  });

  it("gives up when errors do not end, or the wait is too long", async () => {
    const { forge, fails, clock } = await stage(stand);
    for (let n = 0; n < 4; n++) forge.faults.push({ on: "GET", status: 503, json: { message: SECRET } });
    expect(await fails()).toMatchObject({ exitCode: 4, status: 503 });
    expect(clock.slept).toEqual([1000, 2000, 4000]);
    forge.faults.push({ on: "GET", status: 429, headers: { "retry-after": "3600" } });
    expect((await fails()).suggestions).toEqual(["its rate limit is reached: try later"]);
    expect(clock.slept).toHaveLength(3);
  });

  it("names the variable that is missing", async () => {
    const { env, fails } = await stage(stand);
    for (const name of Object.keys(env).filter(
      (one) => !/ACTIONS|_CI$|TF_BUILD|BUILD_NUMBER|API_URL|PROVIDER|PROJECT_URL|JOB_TOKEN/.test(one),
    )) {
      const held = env[name]!;
      env[name] = "";
      const error = await fails();
      expect(error.message).toContain(name);
      expect(error.exitCode).toBe(3);
      env[name] = held;
    }
  });

  it("sends the token to no other host and over no open line", async () => {
    const elsewhere = await fakeForge(() => ({ status: 200, json: [] }));
    running.push(elsewhere);
    const { forge, env, fails } = await stage(stand);
    forge.faults.push({ on: "GET", status: 302, headers: { location: `${elsewhere.origin}/login?to=${SECRET}` } });
    expect((await fails()).message).toContain("another host");
    expect(elsewhere.asked).toEqual([]);
    const name = Object.keys(env).find((one) => env[one]!.startsWith(forge.origin))!;
    for (const root of ["http://forge.example.com/", "http://127.0.0.1.example.com/", "ftp://x/", "nothing", `https://u:${SECRET}@x/`]) {
      env[name] = root;
      expect((await fails()).exitCode).toBe(3);
    }
    expect(forge.asked).toHaveLength(1);
  });

  it("follows redirects on the same host", async () => {
    const { forge, publish } = await stage(stand);
    keep(forge, `${stand.tagLine}\n\nold`, ME);
    const { pathname, search } = new URL((await publish("new"), forge.asked[0]!.url));
    forge.faults.push({ on: "GET", status: 301, headers: { location: pathname + search } });
    expect((await publish("new")).action).toBe("unchanged");
  });

  it("refuses a token with a line end without showing it", async () => {
    const { env, fails } = await stage(stand);
    env[stand.token] = `${SECRET}\nx`;
    expect((await fails()).message).toContain(stand.token);
  });

  it("prints without asking anybody or needing a variable", async () => {
    const { forge, env, publish } = await stage(stand);
    delete env[stand.token];
    expect(await publish("x", { dryRun: true })).toEqual({ action: "dry-run", url: null, body: `${stand.tagLine}\n\nx` });
    expect(forge.asked).toEqual([]);
  });

  it("cuts a comment that is too long for the forge", async () => {
    const { publish, said } = await stage(stand);
    const { body } = await publish("a line of text\n".repeat(100_000));
    expect(body).toMatch(/_Cut here: \d+ more lines/);
    expect(said).toEqual([expect.stringContaining("the comment is cut")]);
  });
});

describe("where the comment goes", () => {
  const github = STANDS[0]!;
  const gitlab = STANDS[2]!;

  it("does not update a comment with our tag that somebody else wrote", async () => {
    for (const stand of STANDS.slice(0, 4)) {
      const { forge, publish } = await stage(stand);
      keep(forge, `${stand.tagLine}\n\nmine, says Ada`, SOMEBODY);
      expect((await publish("new")).action).toBe("created");
      expect(forge.comments[0]!.body).toContain("Ada");
    }
  });

  it("takes the pull request from GitHub's event, and an issue for a schedule", async () => {
    const { env, publish, fails } = await stage(github);
    env["GITHUB_REF"] = "refs/heads/main";
    const path = join(mkdtempSync(join(tmpdir(), "evscope-event-")), "event.json");
    env["GITHUB_EVENT_PATH"] = path;
    expect((await fails()).suggestions.join()).toContain("--issue N");
    writeFileSync(path, "{ broken");
    expect((await fails()).message).toContain("GITHUB_REF");
    expect((await publish("x", { issue: 7 })).action).toBe("created");
    writeFileSync(path, JSON.stringify({ pull_request: { number: 7 } }));
    expect((await publish("x")).action).toBe("unchanged");
  });

  it("writes to an issue of GitLab, and refuses the job's own token", async () => {
    const { env, forge, publish, fails } = await stage(gitlab);
    delete env["CI_MERGE_REQUEST_IID"];
    expect((await publish("x", { issue: 7 })).url).toBe("https://gitlab.example.com/g/p/-/issues/7#note_1001");
    expect(forge.asked[0]!.url.pathname).toBe("/api/v4/projects/42/issues/7/notes");
    env["CI_JOB_TOKEN"] = SECRET;
    expect((await fails({ issue: 7 })).message).toContain("CI_JOB_TOKEN");
  });

  it("refuses what cannot be meant", async () => {
    const { env, fails } = await stage(github);
    expect((await fails({ pullRequest: 1, issue: 2 })).exitCode).toBe(2);
    expect((await fails({ pullRequest: 0 })).exitCode).toBe(2);
    expect((await fails({ issue: 1, forge: "bitbucket" })).message).toContain("--issue");
    for (const tag of ["", "a--b", "a b", "-->", "x\ny", "a".repeat(65)]) expect((await fails({ tag })).message).toContain("no tag");
    delete env["GITHUB_ACTIONS"];
    expect((await fails()).suggestions.join()).toContain("--forge github|gitlab|azure-repos|bitbucket");
  });

  it("says that a pipeline of Azure builds a repository from elsewhere", async () => {
    const { env, fails } = await stage(STANDS[3]!);
    env["BUILD_REPOSITORY_PROVIDER"] = "GitHub";
    expect((await fails()).suggestions.join()).toContain("--forge github");
  });

  it("stops where pages do not end", async () => {
    const { forge, fails } = await stage(github);
    for (let n = 0; n < 250; n++) keep(forge, "x", SOMEBODY);
    expect((await fails()).message).toContain("more than 100 pages");
    expect(forge.asked).toHaveLength(100);
  });
});
