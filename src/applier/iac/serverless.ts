/** Serverless Framework: `SERVICE-STAGE-FUNCTION`, or the function's own `name`. https://www.serverless.com/framework/docs/providers/aws/guide/functions */
import { LineCounter, parseDocument } from "yaml";
import { type Description, type IacFile, lineOfKey, type Ownership, ownershipOf, perFile } from "./files.ts";
import { escapeRegExp, lineAt, namePattern, quotedIn } from "./names.ts";

const TOOL = "Serverless Framework";

export function byServerless(files: readonly IacFile[], functionName: string): Ownership {
  const found = files.map((file): Ownership => {
    if (/(^|\/)serverless\.(ya?ml|json)$/.test(file.path)) return ownershipOf(described(file), functionName, TOOL);
    if (!/(^|\/)serverless\.(ts|js|mjs|cjs)$/.test(file.path)) return { owners: [], possible: [] };
    const at = quotedIn(file).get(functionName)?.[0];
    return at === undefined
      ? { owners: [], possible: [`${TOOL} (${file.path})`] }
      : { owners: [`${TOOL} (${file.path}:${lineAt(file.text, at)})`], possible: [] };
  });
  return { owners: found.flatMap((one) => one.owners), possible: found.flatMap((one) => one.possible) };
}

const described = perFile(({ path, text }: IacFile): Description => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
  let content: { service?: unknown; functions?: unknown };
  try {
    content = (document.toJS() ?? {}) as typeof content;
  } catch {
    return { named: [], unread: [] };
  }
  const named = content.service as { name?: unknown } | string | undefined;
  const service = typeof named === "string" ? named : typeof named?.name === "string" ? named.name : null;
  const blocks = (Array.isArray(content.functions) ? content.functions : [content.functions]) as unknown[];
  const functions = blocks.flatMap((block) => (typeof block === "object" && block !== null ? Object.entries(block) : []));
  const found: Description = { named: [], unread: [] };
  const place = (key: string): string => `${path}:${lineOfKey(document, lines, ["functions", key]) ?? 1}`;
  // `functions: ${file(functions.yml)}`
  if (blocks.some((block) => typeof block === "string")) found.unread.push(path);
  for (const [key, value] of functions) {
    const name = (value as { name?: unknown } | null)?.name;
    const pattern =
      typeof name === "string"
        ? namePattern(name)
        : service === null
          ? null
          : new RegExp(`^${(namePattern(service)?.source ?? ".+").replace(/^\^|\$$/g, "")}-[A-Za-z0-9-]+-${escapeRegExp(key)}$`);
    if (pattern === null) found.unread.push(place(key));
    else found.named.push({ pattern, place: place(key) });
  }
  return found;
});
