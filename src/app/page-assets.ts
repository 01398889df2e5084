/** Script and style of the page, which the build put beside the commands. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../model/errors.ts";

/** `root`: folder of the installed package. Throws UserError: they were not built. */
export function pageAssets(root: string): { script: string; style: string } {
  const folder = join(root, "dist", "page");
  if (!existsSync(join(folder, "main.js"))) {
    throw new UserError(`the page's script is not in ${folder}`, { suggestions: ["npm run build", "install evscope again"] });
  }
  return { script: readFileSync(join(folder, "main.js"), "utf8"), style: readFileSync(join(folder, "main.css"), "utf8") };
}
