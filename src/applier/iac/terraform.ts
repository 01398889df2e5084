/** Terraform and OpenTofu: `function_name` of `aws_lambda_function`, in *.tf and *.tf.json, in variables' files, and names in a local state. */
import { type IacFile, type Named, type Ownership, perFile } from "./files.ts";
import { lineAt, namePattern, quotedIn } from "./names.ts";

// resource argument: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function#function_name
const FUNCTION_NAME = /^[ \t]*"?function_name"?[ \t]*[=:][ \t]*(?:"((?:[^"\\\n]|\\.)*)"|([^\n#]+))/gm;
const BLOCK = /^(?:(resource|data)[ \t]+"([\w-]+)"|[a-z]\w*\b.*\{)/gm;

export function byTerraform(files: readonly IacFile[], functionName: string): Ownership {
  const owners: string[] = [];
  const possible: string[] = [];
  for (const file of files) {
    if (/(^|\/)terraform\.tfstate$/.test(file.path)) {
      const at = statesOf(file).get(functionName);
      if (at !== undefined) owners.push(`Terraform (${file.path}:${lineAt(file.text, at)})`);
    } else if (/\.((tf|tofu)(\.json)?|tfvars(\.json)?)$|(^|\/)terragrunt\.hcl$/.test(file.path)) {
      const found = inSource(file, functionName);
      owners.push(...found.owners);
      possible.push(...found.possible);
    }
  }
  return { owners, possible: owners.length > 0 ? [] : possible };
}

function inSource(file: IacFile, functionName: string): Ownership {
  const { named, unread, mentionedAt } = described(file);
  const own = named.find((one) => one.pattern.test(functionName));
  if (own !== undefined) return { owners: [`Terraform (${own.place})`], possible: [] };
  // the name may stand in a variable's default or a map that a module reads; an alarm or a permission only speaks of it
  const quoted = quotedIn(file).get(functionName) ?? [];
  const giving = quoted.find((at) => !mentionedAt(at));
  const place = (at: number): string => `Terraform (${file.path}:${lineAt(file.text, at)})`;
  if (giving !== undefined) return { owners: [place(giving)], possible: [] };
  return { owners: [], possible: quoted.length > 0 ? [place(quoted[0]!)] : unread === null ? [] : [`Terraform (${unread})`] };
}

interface Described {
  named: Named[];
  /** Place of the first name that only Terraform can tell; null: none. */
  unread: string | null;
  /** The position lies in a data source, or in a resource that is no function: it speaks of something made elsewhere. */
  mentionedAt(index: number): boolean;
}

const described = perFile(({ path, text }: IacFile): Described => {
  const blocks = [...text.matchAll(BLOCK)].map(({ index, 1: kind, 2: type }) => ({
    index,
    isMention: kind === "data" || (kind === "resource" && type !== "aws_lambda_function"),
  }));
  const mentionedAt = (index: number): boolean => blocks.findLast((block) => block.index <= index)?.isMention ?? false;
  const named: Named[] = [];
  let unread: string | null = null;
  for (const match of text.matchAll(FUNCTION_NAME)) {
    if (mentionedAt(match.index)) continue;
    const place = `${path}:${lineAt(text, match.index)}`;
    const pattern = match[1] === undefined ? null : namePattern(match[1]);
    if (pattern !== null) named.push({ pattern, place });
    else if (!/aws_lambda_function\./.test(match[0])) unread ??= place;
  }
  return { named, unread, mentionedAt };
});

/** Functions of a state, with where they stand. */
const statesOf = perFile(
  ({ text }: IacFile) => new Map([...text.matchAll(/"function_name":\s*"([\w-]+)"/g)].map((match) => [match[1]!, match.index])),
);
