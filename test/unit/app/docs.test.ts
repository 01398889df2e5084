/** What docs/ says of permissions, settings and commands is what there is. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rooms } from "../../../src/clouds/index.ts";

const root = new URL("../../../", import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** The first cell of each row, without decoration. */
function firstCells(markdown: string): string[] {
  return [...markdown.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!);
}

describe("docs", () => {
  const permissionPages = { aws: "permissions", azure: "permissions-azure", gcp: "permissions-google-cloud" };
  const features = Object.entries(permissionPages).flatMap(([cloud, page]) => {
    const { permissions } = rooms[cloud as keyof typeof permissionPages].live!;
    return [...new Set(permissions.map((one) => one.feature))].map((feature) => ({ page, feature, permissions }));
  });
  it.each(features)("$page lists the permissions of $feature, with what is lost without them", ({ page, feature, permissions }) => {
    const section = new RegExp(`^## ${feature}\n([^]*?)(?=^## )`, "m").exec(text(`docs/${page}.md`))![1]!;
    const rows = permissions.filter((one) => one.feature === feature);
    expect(firstCells(section)).toEqual(rows.map((one) => one.action));
    for (const { action, why, required } of rows) {
      const row = section.split("\n").find((line) => line.startsWith(`| \`${action}\``))!;
      expect([row.includes(why), row.includes("required")], action).toEqual([true, required]);
    }
  });

  it("list every key of evscope.yaml", () => {
    interface Schema {
      properties?: { [key: string]: Schema };
      items?: Schema;
      anyOf?: Schema[];
      additionalProperties?: unknown;
    }
    const keys = (schema: Schema, path: string): string[] => {
      const own = schema.anyOf?.find((one) => one.properties !== undefined || one.items?.properties !== undefined) ?? schema;
      if (own.items?.properties !== undefined) return keys(own.items, `${path}[]`);
      if (own.properties === undefined) return [path];
      return Object.entries(own.properties).flatMap(([key, value]) => keys(value, path === "" ? key : `${path}.${key}`));
    };
    const schema = JSON.parse(text("schemas/evscope-yaml.schema.json")) as Schema;
    const section = /^## Keys\n([^]*?)(?=^## )/m.exec(text("docs/configuration.md"))![1]!;
    expect(firstCells(section).sort()).toEqual(keys(schema, "").sort());
  });

  it("link to files and headings that are there", () => {
    const pages = [
      "README.md",
      "CONTRIBUTING.md",
      ...readdirSync(new URL("docs/", root))
        .filter((name) => name.endsWith(".md"))
        .map((name) => `docs/${name}`),
    ];
    const anchors = (page: string): string[] =>
      [...text(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title!
          .toLowerCase()
          .replace(/[^\w\- ]/g, "")
          .replaceAll(" ", "-"),
      );
    for (const page of pages) {
      for (const [, link] of text(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        const [path, anchor] = link!.split("#") as [string, string | undefined];
        const target = path === "" ? new URL(page, root) : new URL(path, new URL(page, root));
        expect(existsSync(target), `${page}: ${link}`).toBe(true);
        if (anchor !== undefined) expect(anchors(target.pathname.slice(root.pathname.length)), `${page}: ${link}`).toContain(anchor);
      }
    }
  });
});
