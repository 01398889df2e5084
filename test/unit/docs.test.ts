/** The documentation: links lead somewhere, and command lines name commands and flags that there are. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const { commands } = JSON.parse(readFileSync(join(root, "oclif.manifest.json"), "utf8")) as {
  commands: { [id: string]: { flags: { [name: string]: { char?: string; allowNo?: boolean } } } };
};
const text = (page: string): string => readFileSync(join(root, page), "utf8");
/** As GitHub makes them of headings. */
const anchors = (page: string): string[] =>
  [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

describe.each(pages)("%s", (page) => {
  it("its links lead to files and headings that are there", () => {
    const links = [...text(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) => !/^[a-z]+:/.test(link));
    for (const link of links) {
      const [path, heading] = link.split("#") as [string, string?];
      const target = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(root, target)), link).toBe(true);
      if (heading !== undefined) expect(anchors(target), link).toContain(heading);
    }
  });

  it("its command lines name commands and flags that there are", () => {
    const blocks = [...text(page).matchAll(/^```(?:sh|yaml)?\n([\s\S]*?)^```/gm)].map(([, block]) => block!);
    const lines = blocks
      .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
      .flatMap((line) => {
        const call = /(?:^|[$|&;] ?|^\s*)(?:npx --yes |node bin\/run\.js |)(?:evscope(?:@[\d.]+)?) (?=[a-z])(.*)/.exec(line)?.[1];
        return call === undefined ? [] : [call.split(/ #| \| | > |; /)[0]!];
      });
    for (const line of lines) {
      const words = line.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
      const id = [`${words[0]}:${words[1]}`, words[0]!].find((one) => commands[one] !== undefined);
      expect(id, line).toBeDefined();
      const { flags } = commands[id!]!;
      const names = Object.entries(flags).flatMap(([name, flag]) => [
        `--${name}`,
        ...(flag.allowNo === true ? [`--no-${name}`] : []),
        ...(flag.char === undefined ? [] : [`-${flag.char}`]),
      ]);
      for (const word of words.filter((one) => /^--?[a-z]/i.test(one))) expect([...names, "--help"], line).toContain(word.split("=")[0]);
    }
  });
});
