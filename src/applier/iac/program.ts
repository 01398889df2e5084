/** Infrastructure described by programs: AWS CDK, Pulumi, SST. A folder with the tool's file, whose source or templates name the function. */
import type { IacFile, Ownership } from "./files.ts";
import { lineAt, lineTextAt, quotedIn } from "./names.ts";
import { templateOwner } from "./template.ts";

/** `naming`: what stands in a line that gives a function its name; other lines may only speak of it. */
const TOOLS: readonly { tool: string; marker: RegExp; naming: RegExp }[] = [
  { tool: "CDK", marker: /(^|\/)cdk\.json$/, naming: /\bfunction_?name\b/i },
  { tool: "Pulumi", marker: /(^|\/)Pulumi\.ya?ml$/, naming: /\bname\b/i },
  { tool: "SST", marker: /(^|\/)sst\.config\.(ts|js|mjs)$/, naming: /\bname\b/i },
];
const SOURCE = /\.(ts|js|mjs|cjs|py|java|cs|go)$/;

export function byProgram(files: readonly IacFile[], functionName: string): Ownership {
  const found = TOOLS.flatMap((by) =>
    files.filter((file) => by.marker.test(file.path)).map((file) => ownerIn(by, file, files, functionName)),
  );
  return { owners: found.flatMap((one) => one.owners), possible: found.flatMap((one) => one.possible) };
}

function ownerIn({ tool, naming: says }: (typeof TOOLS)[number], app: IacFile, files: readonly IacFile[], functionName: string): Ownership {
  const folder = app.path.slice(0, app.path.lastIndexOf("/") + 1);
  const inside = files.filter((file) => file.path.startsWith(folder));
  const synthesised = inside.filter((file) => /cdk\.out\/.*\.template\.json$/.test(file.path));
  const named = synthesised.flatMap((file) => templateOwner(file, functionName) ?? []);
  if (named.length > 0) return { owners: [`${tool} (${named[0]})`], possible: [] };
  const mentions = [app, ...inside.filter((file) => SOURCE.test(file.path))].flatMap((file) =>
    (quotedIn(file).get(functionName) ?? []).map((at) => ({
      place: `${file.path}:${lineAt(file.text, at)}`,
      isNaming: file === app || says.test(lineTextAt(file.text, at)),
    })),
  );
  const naming = mentions.find((one) => one.isNaming);
  // synthesised templates tell all that the app deploys, unless the source is newer
  if (naming !== undefined && synthesised.length === 0) return { owners: [`${tool} (${naming.place})`], possible: [] };
  const may = naming ?? mentions[0] ?? (synthesised.length === 0 ? { place: app.path } : undefined);
  return { owners: [], possible: may === undefined ? [] : [`${tool} (${may.place})`] };
}
