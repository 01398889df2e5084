/** Answers about single resources, asked in great number: what is refused is counted and told once. */
import type { JsonObject } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import type { LiveContext } from "../room.ts";
import { type Api, type AzureApi, AzureError } from "./api.ts";
import { gap, reasonOf } from "./live-gaps.ts";
import { actionOf } from "./role.ts";

/** So many refusals of one action without a single success, and it is not asked again. */
const REFUSALS = 5;

export interface Details {
  /** null: not known (refused, or the resource is gone meanwhile). */
  one(api: Api, args: readonly unknown[]): Promise<JsonObject | null>;
  /** The items of all pages; null: not known. */
  all(api: Api, args: readonly unknown[]): Promise<JsonObject[] | null>;
  /** One gap per reason, for all resources that it held for. */
  gaps(): Rec[];
}

export function detailsOf(api: AzureApi, context: LiveContext): Details {
  const failures = new Map<string, { operation: Api; what: string; reason: string; count: number }>();
  const asked = new Map<string, { granted: number; refused: number }>();

  async function ask<T>(operation: Api, args: readonly unknown[], send: () => Promise<T>): Promise<T | null> {
    const what = operation === "arm:GET" ? typeOfPath(String(args[0])) : actionOf(operation);
    const tally = asked.get(what) ?? { granted: 0, refused: 0 };
    asked.set(what, tally);
    if (tally.granted === 0 && tally.refused >= REFUSALS) return null;
    try {
      const answer = await send();
      tally.granted++;
      return answer;
    } catch (error) {
      if (context.signal.aborted || !(error instanceof AzureError) || error.kind === "credentials") throw error;
      if (error.kind === "not-found") return null;
      tally.refused++;
      const kind = `${what} ${error.kind} ${error.code}`;
      const known = failures.get(kind);
      if (known === undefined) failures.set(kind, { operation, what, reason: reasonOf(error), count: 1 });
      else known.count++;
      return null;
    }
  }

  return {
    one: (operation, args) => ask(operation, args, () => api.call(operation, args)),
    all: (operation, args) =>
      ask(operation, args, async () => {
        const items: JsonObject[] = [];
        for await (const page of api.pages(operation, args)) items.push(...page);
        return items;
      }),
    gaps: () =>
      [...failures.values()].map(({ what, reason, count }) => {
        const { granted } = asked.get(what)!;
        return gap(api, `details by ${what}`, granted === 0 ? reason : `${reason}; for ${count} of ${granted + count}`);
      }),
  };
}

/** `Microsoft.EventHub/namespaces/eventhubs/read` of a path. */
function typeOfPath(path: string): string {
  const [namespace = "", ...rest] = path.slice(path.lastIndexOf("/providers/") + "/providers/".length).split("/");
  return `${[namespace, ...rest.filter((_, i) => i % 2 === 0)].join("/")}/read`;
}
