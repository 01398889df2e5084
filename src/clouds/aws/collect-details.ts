/** Answers about single resources, asked in great number: what is refused is counted and told once. */
import type { Rec } from "../../model/records.ts";
import type { LiveContext } from "../room.ts";
import { type Api, type AwsApi, AwsError, iamAction } from "./api.ts";
import { gap, reasonOf } from "./live-gaps.ts";
import type { Obj } from "./schema.ts";

/** So many refusals of one action without a single success, and it is not asked again. */
const REFUSALS = 5;

/** No list of an account is longer: 100,000 functions, 50 a page. One that goes on has no end. */
export const LISTS = { maxPages: 2_000 } as const;

export interface Details {
  /** null: not known (refused, or the resource is gone meanwhile). */
  one(api: Api, input: object): Promise<Obj | null>;
  /** All pages; null: not known. */
  all(api: Api, input: object): Promise<Obj[] | null>;
  /** One gap per reason, for all resources that it held for. */
  gaps(): Rec[];
}

export function detailsOf(api: AwsApi, context: LiveContext): Details {
  const failures = new Map<string, { operation: Api; reason: string; count: number }>();
  const asked = new Map<Api, { granted: number; refused: number }>();

  async function ask(operation: Api, send: () => Promise<Obj[]>): Promise<Obj[] | null> {
    const tally = asked.get(operation) ?? { granted: 0, refused: 0 };
    asked.set(operation, tally);
    if (tally.granted === 0 && tally.refused >= REFUSALS) return null;
    try {
      const answers = await send();
      tally.granted++;
      return answers;
    } catch (error) {
      if (context.signal.aborted || !(error instanceof AwsError) || error.kind === "credentials") throw error;
      if (error.kind === "not-found") return null;
      tally.refused++;
      const kind = `${operation} ${error.kind} ${error.code}`;
      const known = failures.get(kind);
      if (known === undefined) failures.set(kind, { operation, reason: reasonOf(error), count: 1 });
      else known.count++;
      return null;
    }
  }

  return {
    one: async (operation, input) => (await ask(operation, async () => [await api.call(operation, input)]))?.[0] ?? null,
    all: (operation, input) =>
      ask(operation, async () => {
        const answers: Obj[] = [];
        for await (const answer of api.pages(operation, input, LISTS)) answers.push(answer);
        return answers;
      }),
    gaps: () =>
      [...failures.values()].map(({ operation, reason, count }) => {
        const { granted } = asked.get(operation)!;
        return gap(api, `details by ${iamAction(operation)}`, granted === 0 ? reason : `${reason}; for ${count} of ${granted + count}`);
      }),
  };
}
