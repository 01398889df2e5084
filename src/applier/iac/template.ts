/** CloudFormation and SAM: templates that describe the function, and the stack name in samconfig.toml. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { type Description, type IacFile, lineOfKey, type Ownership, ownershipOf, perFile } from "./files.ts";
import { escapeRegExp, lineAt, namePattern } from "./names.ts";

const FUNCTION_TYPE = /AWS::(Lambda|Serverless)::Function/;
/** Least of a logical ID that is left of a name cut to length. */
const LEAST_KEPT = 20;

export function byTemplate(files: readonly IacFile[], functionName: string): Ownership {
  const found = files
    .filter((file) => /\.(ya?ml|json|template)$/.test(file.path) && !/(^|\/)cdk\.out\//.test(file.path))
    .map((file) => ownershipOf(described(file), functionName, "CloudFormation"));
  return { owners: found.flatMap((one) => one.owners), possible: found.flatMap((one) => one.possible) };
}

/** `path:line` of the resource that is this function; null: none is, or the file is no template. */
export function templateOwner(file: IacFile, functionName: string): string | null {
  return described(file).named.find(({ pattern }) => pattern.test(functionName))?.place ?? null;
}

const described = perFile((file): Description => {
  const found: Description = { named: [], unread: [] };
  if (!FUNCTION_TYPE.test(file.text)) return found;
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, logLevel: "silent" });
  const resources = valueOf(document, ["Resources"]);
  if (typeof resources !== "object" || resources === null) return found;
  for (const [logicalId, resource] of Object.entries(resources as { [id: string]: unknown })) {
    const { Type, Properties } = (resource ?? {}) as { Type?: unknown; Properties?: { FunctionName?: unknown } };
    if (typeof Type !== "string" || !FUNCTION_TYPE.test(Type)) continue;
    const place = `${file.path}:${lineOfKey(document, lines, ["Resources", logicalId]) ?? 1}`;
    const patterns = namePatternsOf(document, logicalId, Properties?.FunctionName);
    if (patterns.length === 0) found.unread.push(place);
    found.named.push(...patterns.map((pattern) => ({ pattern, place })));
  }
  return found;
});

/** A name that is put together when deployed (`!Ref`, `!Join` ...) can be read where it is a parameter with a default. Empty: it cannot. */
function namePatternsOf(document: ReturnType<typeof parseDocument>, logicalId: string, name: unknown): RegExp[] {
  if (name === undefined) return generated(logicalId);
  const node = document.getIn(["Resources", logicalId, "Properties", "FunctionName"], true);
  const tag = isScalar(node) || isSeq(node) || isMap(node) ? (node.tag ?? "") : "";
  const short = tag.startsWith("!") && tag !== "!Sub" && !tag.startsWith("!!");
  const { Ref, "Fn::Sub": sub } = (typeof name === "object" && name !== null ? name : {}) as { Ref?: unknown; "Fn::Sub"?: unknown };
  const ref = tag === "!Ref" ? name : Ref;
  const template = typeof ref === "string" ? document.getIn(["Parameters", ref, "Default"]) : short ? null : (sub ?? name);
  const text: unknown = Array.isArray(template) ? template[0] : template;
  const pattern = typeof text === "string" ? namePattern(text) : null;
  return pattern === null ? [] : [pattern];
}

/**
 * Without a name of its own CloudFormation makes `STACK-LOGICALID-RANDOM`, cut to 64 characters.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
 */
function generated(logicalId: string): RegExp[] {
  const whole = new RegExp(`^.+-${escapeRegExp(logicalId)}-[A-Za-z0-9]{8,14}$`);
  const kept = escapeRegExp(logicalId.slice(0, LEAST_KEPT));
  return logicalId.length > LEAST_KEPT ? [whole, new RegExp(`^(?=.{60,64}$).+-${kept}[A-Za-z0-9]*-[A-Za-z0-9]{8,14}$`)] : [whole];
}

/** Plain values; short forms of functions (`!Sub text`) read as their text. */
function valueOf(document: ReturnType<typeof parseDocument>, path: readonly string[]): unknown {
  try {
    return (document.getIn(path) as { toJSON?: () => unknown } | undefined)?.toJSON?.();
  } catch {
    return null;
  }
}

/**
 * SAM names functions `STACK-LOGICALID-RANDOM`, or as their template says; samconfig.toml holds the stack's name. A function that only
 * begins with it may be another's.
 */
export function bySamConfig(files: readonly IacFile[], functionName: string): Ownership {
  const owners: string[] = [];
  const possible: string[] = [];
  for (const { path, text } of files) {
    if (!/(^|\/)samconfig\.(toml|ya?ml)$/.test(path)) continue;
    for (const match of text.matchAll(/^[ \t]*stack_name[ \t]*[=:][ \t]*["']?([A-Za-z0-9-]+)/gm)) {
      if (!functionName.startsWith(`${match[1]}-`)) continue;
      const isGenerated = /^[A-Za-z0-9]+-(?=[A-Za-z]*[A-Z0-9])[A-Za-z0-9]{8,14}$/.test(functionName.slice(match[1]!.length + 1));
      (isGenerated ? owners : possible).push(`SAM (${path}:${lineAt(text, match.index)})`);
    }
  }
  return { owners, possible };
}
