/** AWS behind the room's own call door, from a script: each operation gives its pages, or fails. Every call is noted. */
import { type Api, type AwsApi, AwsError } from "../../src/clouds/aws/api.ts";
import type { Obj } from "../../src/clouds/aws/schema.ts";
import type { Rec, RecordType } from "../../src/model/records.ts";
import type { CallErrorKind } from "../../src/clouds/kit/call-error.ts";

/** One answer, all pages of a list, or an error; or a function of the input that gives one of them. */
export type Scripted = Obj | Obj[] | AwsError | ((input: Obj) => object | object[]);

export interface ScriptedAws extends AwsApi {
  readonly asked: { api: Api; input: Obj }[];
  /** How often each operation was called; a page counts as a call. */
  counts(): { [api: string]: number };
}

export const ACCOUNT = "111122223333";
export const REGION = "eu-west-1";

/** Operations that are not in the script are not known to the server. */
export function scriptedAws(script: { [api in Api]?: Scripted }): ScriptedAws {
  const asked: ScriptedAws["asked"] = [];

  function answers(api: Api, input: object): Obj[] {
    const scripted = script[api];
    if (scripted === undefined) throw failure(api, "unsupported", "UnknownOperation", 404);
    if (scripted instanceof AwsError) throw scripted;
    const answer = typeof scripted === "function" ? scripted(input as Obj) : scripted;
    return (Array.isArray(answer) ? answer : [answer]) as Obj[];
  }

  return {
    account: ACCOUNT,
    region: REGION,
    partition: "aws",
    principal: null,
    asked,
    counts() {
      const found: { [api: string]: number } = {};
      for (const { api } of asked) found[api] = (found[api] ?? 0) + 1;
      return found;
    },
    async call(api, input) {
      asked.push({ api, input: input as Obj });
      return answers(api, input)[0] ?? {};
    },
    async *pages(api, input) {
      asked.push({ api, input: input as Obj });
      for (const [i, page] of answers(api, input).entries()) {
        if (i > 0) asked.push({ api, input: input as Obj });
        yield page;
      }
    },
  };
}

export function failure(api: Api, kind: CallErrorKind, code: string, status: number | null = 400): AwsError {
  return new AwsError(kind, api, code, `${code}: refused by the script`, status, 1);
}

export const denied = (api: Api): AwsError => failure(api, "denied", "AccessDeniedException", 403);

export async function collected(pages: AsyncIterable<Rec[]>): Promise<Rec[]> {
  const records: Rec[] = [];
  for await (const page of pages) records.push(...page);
  return records;
}

/** The records of one type. */
export function typed<T extends RecordType>(records: readonly Rec[], type: T): Extract<Rec, { type: T }>[] {
  return records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);
}
