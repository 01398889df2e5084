/** Which infrastructure-as-code files of the working folder own a function. Pure: the files are found and read by the caller. */
import type { IacFile, Ownership } from "./files.ts";
import { byProgram } from "./program.ts";
import { byServerless } from "./serverless.ts";
import { bySamConfig, byTemplate } from "./template.ts";
import { byTerraform } from "./terraform.ts";

/**
 * `owners`: files that name the function (`Terraform (infra/main.tf:12)`). `possible`: files that describe functions whose names cannot be
 * read from them, so that nobody can say.
 */
export function ownersIn(files: readonly IacFile[], functionName: string): Ownership {
  const found = [byTerraform, byProgram, bySamConfig, byTemplate, byServerless].map((by) => by(files, functionName));
  return {
    owners: [...new Set(found.flatMap((one) => one.owners))],
    possible: [...new Set(found.flatMap((one) => one.possible))],
  };
}
