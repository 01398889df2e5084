/** Serverless Framework: `SERVICE-STAGE-FUNCTION`, or the function's own `name`. https://www.serverless.com/framework/docs/providers/aws/guide/functions */
import { LineCounter, parseDocument } from "yaml";
import { type IacFile, lineOfKey, type Named, type Ownership, perFile } from "./files.ts";
import { escapeRegExp, lineAt, namePattern } from "./names.ts";

export function byServerless(files: readonly IacFile[], functionName: string): Ownership {
  const owners: string[] = [];
  for (const file of files) {
    if (/(^|\/)serverless\.(ya?ml|json)$/.test(file.path))
      owners.push(
        ...described(file).flatMap(({ pattern, place }) => (pattern.test(functionName) ? [`Serverless Framework (${place})`] : [])),
      );
    else if (/(^|\/)serverless\.(ts|js|mjs|cjs)$/.test(file.path)) {
      const at = ['"', "'", "`"].map((quote) => file.text.indexOf(`${quote}${functionName}${quote}`)).find((one) => one >= 0);
      if (at !== undefined) owners.push(`Serverless Framework (${file.path}:${lineAt(file.text, at)})`);
    }
  }
  return { owners, possible: [] };
}

const described = perFile(({ path, text }: IacFile): Named[] => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
  let content: { service?: unknown; functions?: unknown };
  try {
    content = (document.toJS() ?? {}) as typeof content;
  } catch {
    return [];
  }
  const named = content.service as { name?: unknown } | string | undefined;
  const service = typeof named === "string" ? named : typeof named?.name === "string" ? named.name : null;
  const blocks = (Array.isArray(content.functions) ? content.functions : [content.functions]) as unknown[];
  const functions = blocks.flatMap((block) => (typeof block === "object" && block !== null ? Object.entries(block) : []));
  return functions.flatMap(([key, value]) => {
    const name = (value as { name?: unknown } | null)?.name;
    const pattern =
      typeof name === "string"
        ? namePattern(name)
        : service === null
          ? null
          : new RegExp(`^${(namePattern(service)?.source ?? ".+").replace(/^\^|\$$/g, "")}-[A-Za-z0-9]+-${escapeRegExp(key)}$`);
    return pattern === null ? [] : [{ pattern, place: `${path}:${lineOfKey(document, lines, ["functions", key]) ?? 1}` }];
  });
});
