/** AWS CDK: a folder with cdk.json, whose source or synthesised templates name the function. */
import type { IacFile, Ownership } from "./files.ts";
import { lineAt } from "./names.ts";
import { templateOwner } from "./template.ts";

export function byCdk(files: readonly IacFile[], functionName: string): Ownership {
  const owners: string[] = [];
  const possible: string[] = [];
  for (const app of files.filter((file) => /(^|\/)cdk\.json$/.test(file.path))) {
    const folder = app.path.slice(0, -"cdk.json".length);
    const inside = files.filter((file) => file.path.startsWith(folder));
    const synthesised = inside.filter((file) => /cdk\.out\/.*\.template\.json$/.test(file.path));
    const named = synthesised.flatMap((file) => templateOwner(file, functionName) ?? []);
    const source = inside.find((file) => /\.(ts|js|mjs|cjs|py|java|cs|go)$/.test(file.path) && quotedAt(file.text, functionName) >= 0);
    const inContext = quotedAt(app.text, functionName);
    if (named.length > 0) owners.push(`CDK (${named[0]})`);
    else if (source) owners.push(`CDK (${source.path}:${lineAt(source.text, quotedAt(source.text, functionName))})`);
    else if (inContext >= 0) owners.push(`CDK (${app.path}:${lineAt(app.text, inContext)})`);
    // synthesised templates tell all that the app deploys
    else if (synthesised.length === 0) possible.push(`CDK (${app.path})`);
  }
  return { owners, possible };
}

function quotedAt(text: string, name: string): number {
  return ['"', "'", "`"].map((quote) => text.indexOf(`${quote}${name}${quote}`)).find((at) => at >= 0) ?? -1;
}
