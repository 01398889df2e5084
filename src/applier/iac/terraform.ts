/** Terraform and OpenTofu: `function_name` of `aws_lambda_function`, in *.tf and *.tf.json, and names in a local state. */
import type { IacFile, Ownership } from "./files.ts";
import { lineAt, namePattern } from "./names.ts";

// resource argument: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function#function_name
const FUNCTION_NAME = /^[ \t]*"?function_name"?[ \t]*[=:][ \t]*(?:"((?:[^"\\\n]|\\.)*)"|([^\n#]+))/gm;

export function byTerraform(files: readonly IacFile[], functionName: string): Ownership {
  const owners: string[] = [];
  const possible: string[] = [];
  for (const { path, text } of files) {
    if (/(^|\/)terraform\.tfstate$/.test(path)) {
      const at = text.search(new RegExp(`"function_name":\\s*"${functionName.replace(/[^\w-]/g, "")}"`));
      if (at >= 0) owners.push(`Terraform (${path}:${lineAt(text, at)})`);
      continue;
    }
    if (!/\.(tf|tofu)(\.json)?$/.test(path)) continue;
    const unread: number[] = [];
    for (const match of text.matchAll(FUNCTION_NAME)) {
      const pattern = match[1] === undefined ? null : namePattern(match[1]);
      if (pattern?.test(functionName)) owners.push(`Terraform (${path}:${lineAt(text, match.index)})`);
      else if (pattern === null && !/aws_lambda_function\./.test(match[0])) unread.push(lineAt(text, match.index));
    }
    // the name may stand in a variable's default or a map that a module reads
    const quoted = text.indexOf(`"${functionName}"`);
    if (quoted >= 0 && !owners.some((one) => one.includes(`(${path}:`))) owners.push(`Terraform (${path}:${lineAt(text, quoted)})`);
    else if (unread.length > 0) possible.push(`Terraform (${path}:${unread[0]})`);
  }
  return { owners, possible: owners.length > 0 ? [] : possible };
}
