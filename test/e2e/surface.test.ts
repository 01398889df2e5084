/**
 * The command surface and the shapes of JSON outputs, compared with committed snapshots: a change is deliberate, or a mistake. After a deliberate
 * one: `npm run build && npx vitest run test/e2e/surface.test.ts -u`, and look at the difference.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { execFileSync } from "node:child_process";
import { Parser } from "@oclif/core";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/model/errors.ts";
import { evscope } from "../support/cli.ts";

interface Shown {
  [key: string]: unknown;
}
interface ManifestCommand {
  id: string;
  summary?: string;
  hidden?: boolean;
  strict?: boolean;
  aliases: string[];
  examples?: string[];
  args: { [name: string]: Shown };
  flags: { [name: string]: Shown };
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const readJson = (path: string): unknown => JSON.parse(readFileSync(`${root}/${path}`, "utf8"));
const { commands } = readJson("oclif.manifest.json") as { commands: { [id: string]: ManifestCommand } };
const sorted = <Value>(object: { [key: string]: Value }): [string, Value][] => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));

const FLAG_FACTS = [
  "type",
  "char",
  "required",
  "multiple",
  "options",
  "default",
  "env",
  "dependsOn",
  "exclusive",
  "allowNo",
  "delimiter",
  "aliases",
];
const facts = (flag: Shown): Shown =>
  Object.fromEntries(FLAG_FACTS.filter((name) => flag[name] !== undefined).map((name) => [name, flag[name]]));

/** Lines such as `change.effects.volume: number`, in the order of their paths. */
function shapeOf(schema: unknown, path = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const node = schema as { [key: string]: unknown };
  const kinds =
    node["type"] ?? node["const"] ?? (node["enum"] === undefined ? (node["$ref"] ?? "") : `one of ${JSON.stringify(node["enum"])}`);
  const own =
    path === ""
      ? []
      : [
          `${path}: ${Array.isArray(kinds) ? kinds.join(" | ") : String(kinds)}${Array.isArray(node["required"]) ? ` (required: ${node["required"].join(", ")})` : ""}`,
        ];
  const inner = (["properties", "$defs", "definitions"] as const).flatMap((key) =>
    sorted((node[key] ?? {}) as { [name: string]: unknown }).flatMap(([name, one]) => shapeOf(one, path === "" ? name : `${path}.${name}`)),
  );
  const lists = ["anyOf", "oneOf", "allOf"].flatMap((key) =>
    ((node[key] ?? []) as unknown[]).flatMap((one, index) => shapeOf(one, `${path}<${key} ${index}>`)),
  );
  return [...own, ...inner, ...lists, ...shapeOf(node["items"], `${path}[]`), ...shapeOf(node["additionalProperties"], `${path}{}`)];
}

describe("the surface", () => {
  it("commands, arguments, flags, exit codes", async () => {
    const surface = {
      exitCodes: EXIT,
      commands: Object.fromEntries(
        sorted(commands).map(([id, command]) => [
          id,
          {
            strict: command.strict !== false,
            aliases: command.aliases,
            args: Object.fromEntries(
              Object.entries(command.args).map(([name, arg]) => [name, { required: arg["required"] === true, options: arg["options"] }]),
            ),
            flags: Object.fromEntries(sorted(command.flags).map(([name, flag]) => [name, facts(flag)])),
          },
        ]),
      ),
    };
    await expect(`${JSON.stringify(surface, null, 2)}\n`).toMatchFileSnapshot("../golden/command-surface.json");
  });

  it("shapes of JSON outputs", async () => {
    const names = readdirSync(`${root}/schemas`).sort();
    const text = names.map((name) => `== ${name}\n${shapeOf(readJson(`schemas/${name}`)).join("\n")}\n`).join("\n");
    await expect(text).toMatchFileSnapshot("../golden/schemas.txt");
  });
});

describe("help", () => {
  const all = Object.values(commands).filter((command) => command.hidden !== true);

  it.each(all.map((command) => [command.id, command] as const))("%s has a summary and two examples or more", (_id, command) => {
    expect(command.summary).toBeTruthy();
    expect(command.examples!.length).toBeGreaterThanOrEqual(2);
    for (const flag of Object.values(command.flags)) expect(flag["description"], String(flag["name"])).toBeTruthy();
  });

  const examples = all.flatMap((command) =>
    (command.examples ?? []).map(
      (example) =>
        [
          example.replace("<%= config.bin %>", "evscope").replace("<%= command.id %>", command.id.replaceAll(":", " ")),
          command.id,
        ] as const,
    ),
  );

  it.each(examples)("`%s` parses", async (example, id) => {
    const words = wordsOf(example.slice(example.indexOf("evscope ")));
    const start = 0;
    expect(words.slice(start + 1, start + 1 + id.split(":").length)).toEqual(id.split(":"));
    const { default: Command } = (await import(
      /* @vite-ignore */ pathToFileURL(`${root}/commands/${id.replaceAll(":", "/")}.ts`).href
    )) as {
      default: { flags: object; baseFlags: object; args: object; strict: boolean };
    };
    await Parser.parse(words.slice(start + 1 + id.split(":").length), {
      flags: { ...Command.baseFlags, ...Command.flags },
      args: Command.args,
      strict: Command.strict,
    } as Parameters<typeof Parser.parse>[1]);
  });
});

/** Words of a line of shell up to a comment, redirection or pipe. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  const end = words.findIndex((word) => /^[#>|;&]/.test(word));
  return words.slice(0, end === -1 ? undefined : end).map((word) => word.replace(/^(['"])(.*)\1$/, "$2"));
}

describe("completion", () => {
  const cwd = root;
  async function complete(line: string): Promise<string[]> {
    const { stdout: script } = await evscope(["completion", "bash"], { cwd });
    const words = line.split(" ");
    const program = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _evscope; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", program], { encoding: "utf8", cwd })
      .split("\n")
      .filter((word) => word !== "");
  }

  it("bash: commands, topics, flags and their values", async () => {
    expect(await complete("evscope re")).toEqual(["report"]);
    expect(await complete("evscope dataset in")).toEqual(["info"]);
    expect(await complete("evscope report --fail")).toEqual(["--fail-on"]);
    expect(await complete("evscope report --format m")).toEqual(["markdown"]);
    expect(await complete("evscope report --since 7d --form")).toEqual(["--format"]);
    expect(await complete("evscope import pack")).toEqual(
      ["package-lock.json", "package.json"].filter((name) => readdirSync(root).includes(name)).sort(),
    );
  });

  it.each(["zsh", "fish", "powershell"])("%s: every command and flag is in it", async (shell) => {
    const { stdout, code } = await evscope(["completion", shell], { cwd });
    expect(code).toBe(0);
    for (const [id, { flags }] of sorted(commands)) {
      expect(stdout).toContain(id.split(":").at(-1));
      for (const name of Object.keys(flags)) expect(stdout).toContain(shell === "fish" ? `-l ${name}` : `--${name}`);
    }
  });
});
