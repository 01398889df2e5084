/** The SDK's packages are optional: each is loaded on first use. */
import { UserError } from "../../model/errors.ts";

/** Loads an SDK package. Throws UserError when it is not installed: SDKs are optional dependencies. */
export async function loaded<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UserError(`the Google Cloud SDK's package ${name} is not installed`, {
      suggestions: [`npm install ${name}`, "npm install evscope without --omit=optional"],
      cause: error,
    });
  }
}
