/** Infrastructure as code in the working folder: found within bounds, so that a large folder costs seconds at most. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { IacFile } from "../applier/iac/files.ts";
import type { Host } from "../model/host.ts";

const MAX_DEPTH = 8;
const MAX_ENTRIES = 20_000;
const MAX_FILE_BYTES = 2_000_000;
const MAX_TOTAL_BYTES = 64_000_000;
/** Also of files that turn out to be of no interest. */
const MAX_READ_BYTES = 256_000_000;
const SKIPPED = new Set(["node_modules", ".git", ".terraform", ".venv", "venv", "__pycache__", ".evscope", ".serverless", ".aws-sam"]);

/** Always of interest. */
const NAMED =
  /\.(tf|tofu)(\.json)?$|\.tfvars(\.json)?$|^terragrunt\.hcl$|^terraform\.tfstate$|^cdk\.json$|^Pulumi\.ya?ml$|^sst\.config\.(ts|js|mjs)$|^samconfig\.(toml|ya?ml)$|^serverless\.(ya?ml|json|ts|js|mjs|cjs)$|\.template(\.json)?$/;
/** Of interest when it describes a function. */
const TEMPLATE = /\.(ya?ml|json)$/;
/** Of interest in the folder of a program that describes infrastructure. */
const PROGRAM = /^(cdk\.json|Pulumi\.ya?ml|sst\.config\.(ts|js|mjs))$/;
const SOURCE = /\.(ts|js|mjs|cjs|py|java|cs|go)$/;

/** Files under `folder`, symbolic links not followed. Says so where the folder is too large to be looked through. */
export function iacFiles(folder: string, host: Host): IacFile[] {
  const found: IacFile[] = [];
  const queue: { path: string; depth: number; inProgram: boolean }[] = [{ path: "", depth: 0, inProgram: false }];
  let entries = 0;
  let [bytes, bytesRead] = [0, 0];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const listed = list(join(folder, next.path));
    const inProgram = next.inProgram || listed.some((entry) => PROGRAM.test(entry.name));
    for (const entry of listed) {
      const path = next.path === "" ? entry.name : `${next.path}/${entry.name}`;
      if ((entries += 1) > MAX_ENTRIES || bytes > MAX_TOTAL_BYTES || bytesRead > MAX_READ_BYTES) {
        host.warn(`${folder} is too large to be searched whole for infrastructure as code: look yourself who owns the functions`);
        return found;
      }
      if (entry.isDirectory() && !SKIPPED.has(entry.name) && next.depth < MAX_DEPTH) queue.push({ path, depth: next.depth + 1, inProgram });
      const wanted = NAMED.test(entry.name) || TEMPLATE.test(entry.name) || (inProgram && SOURCE.test(entry.name));
      if (!entry.isFile() || !wanted) continue;
      const text = read(join(folder, path));
      bytesRead += text?.length ?? 0;
      if (text === null || (!NAMED.test(entry.name) && TEMPLATE.test(entry.name) && !/AWS::(Lambda|Serverless)::Function/.test(text)))
        continue;
      bytes += text.length;
      found.push({ path, text });
    }
  }
  return found;
}

function list(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

/** null: too large, or not readable. */
function read(path: string): string | null {
  try {
    return statSync(path).size > MAX_FILE_BYTES ? null : readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
