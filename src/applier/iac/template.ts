/** CloudFormation and SAM: templates that describe the function, and the stack name in samconfig.toml. */
import { LineCounter, parseDocument } from "yaml";
import { type IacFile, lineOfKey, type Named, type Ownership, perFile } from "./files.ts";
import { escapeRegExp, lineAt, namePattern } from "./names.ts";

const FUNCTION_TYPE = /AWS::(Lambda|Serverless)::Function/;

export function byTemplate(files: readonly IacFile[], functionName: string): Ownership {
  const owners = files
    .filter((file) => /\.(ya?ml|json|template)$/.test(file.path) && !/(^|\/)cdk\.out\//.test(file.path))
    .flatMap((file) => templateOwner(file, functionName) ?? []);
  return { owners: owners.map((place) => `CloudFormation (${place})`), possible: [] };
}

/** `path:line` of the resource that is this function; null: none is, or the file is no template. */
export function templateOwner(file: IacFile, functionName: string): string | null {
  return described(file).find(({ pattern }) => pattern.test(functionName))?.place ?? null;
}

const described = perFile((file): Named[] => {
  if (!FUNCTION_TYPE.test(file.text)) return [];
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, logLevel: "silent" });
  const resources = valueOf(document, ["Resources"]);
  if (typeof resources !== "object" || resources === null) return [];
  return Object.entries(resources as { [id: string]: unknown }).flatMap(([logicalId, resource]) => {
    const { Type, Properties } = (resource ?? {}) as { Type?: unknown; Properties?: { FunctionName?: unknown } };
    if (typeof Type !== "string" || !FUNCTION_TYPE.test(Type)) return [];
    const pattern = namePatternOf(Properties?.FunctionName, logicalId);
    return pattern === null ? [] : [{ pattern, place: `${file.path}:${lineOfKey(document, lines, ["Resources", logicalId]) ?? 1}` }];
  });
});

/**
 * A name of its own, with `${...}` of Fn::Sub open; without one CloudFormation makes `STACK-LOGICALID-RANDOM`.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
 */
function namePatternOf(name: unknown, logicalId: string): RegExp | null {
  if (name === undefined) return new RegExp(`^.+-${escapeRegExp(logicalId)}-[A-Za-z0-9]{8,13}$`);
  if (typeof name === "string") return namePattern(name);
  const sub = (name as { "Fn::Sub"?: unknown } | null)?.["Fn::Sub"];
  return typeof sub === "string" ? namePattern(sub) : Array.isArray(sub) && typeof sub[0] === "string" ? namePattern(sub[0]) : null;
}

/** Plain values; short forms of functions (`!Sub text`) read as their text. */
function valueOf(document: ReturnType<typeof parseDocument>, path: readonly string[]): unknown {
  try {
    return (document.getIn(path) as { toJSON?: () => unknown } | undefined)?.toJSON?.();
  } catch {
    return null;
  }
}

/** SAM names functions `STACK-LOGICALID-RANDOM`, or as their template says; samconfig.toml holds the stack's name. */
export function bySamConfig(files: readonly IacFile[], functionName: string): Ownership {
  const owners: string[] = [];
  for (const { path, text } of files) {
    if (!/(^|\/)samconfig\.(toml|ya?ml)$/.test(path)) continue;
    for (const match of text.matchAll(/^[ \t]*stack_name[ \t]*[=:][ \t]*["']?([A-Za-z0-9-]+)/gm))
      if (functionName.startsWith(`${match[1]}-`)) owners.push(`SAM (${path}:${lineAt(text, match.index)})`);
  }
  return { owners, possible: [] };
}
