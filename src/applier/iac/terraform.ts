/** Terraform and OpenTofu: `function_name` of `aws_lambda_function`, in *.tf and *.tf.json, and names in a local state. */
import { type IacFile, type Named, type Ownership, perFile } from "./files.ts";
import { lineAt, namePattern } from "./names.ts";

// resource argument: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function#function_name
const FUNCTION_NAME = /^[ \t]*"?function_name"?[ \t]*[=:][ \t]*(?:"((?:[^"\\\n]|\\.)*)"|([^\n#]+))/gm;

export function byTerraform(files: readonly IacFile[], functionName: string): Ownership {
  const owners: string[] = [];
  const possible: string[] = [];
  for (const file of files) {
    const { path, text } = file;
    if (/(^|\/)terraform\.tfstate$/.test(path)) {
      const at = text.search(new RegExp(`"function_name":\\s*"${functionName.replace(/[^\w-]/g, "")}"`));
      if (at >= 0) owners.push(`Terraform (${path}:${lineAt(text, at)})`);
      continue;
    }
    if (!/\.(tf|tofu)(\.json)?$/.test(path)) continue;
    const { named, unread } = described(file);
    for (const one of named) if (one.pattern.test(functionName)) owners.push(`Terraform (${one.place})`);
    // the name may stand in a variable's default or a map that a module reads
    const quoted = text.indexOf(`"${functionName}"`);
    if (quoted >= 0 && !owners.some((one) => one.includes(`(${path}:`))) owners.push(`Terraform (${path}:${lineAt(text, quoted)})`);
    else if (unread !== null) possible.push(`Terraform (${unread})`);
  }
  return { owners, possible: owners.length > 0 ? [] : possible };
}

/** `unread`: place of the first name that only Terraform can tell; null: none. */
const described = perFile(({ path, text }: IacFile): { named: Named[]; unread: string | null } => {
  const named: Named[] = [];
  let unread: string | null = null;
  for (const match of text.matchAll(FUNCTION_NAME)) {
    const place = `${path}:${lineAt(text, match.index)}`;
    const pattern = match[1] === undefined ? null : namePattern(match[1]);
    if (pattern !== null) named.push({ pattern, place });
    else if (!/aws_lambda_function\./.test(match[0])) unread ??= place;
  }
  return { named, unread };
});
