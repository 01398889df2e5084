/** The settings of a function that may be written: field of the API, legal values, and what they are coupled to. */
import { UserError } from "../../model/errors.ts";
import type { Change, Settings } from "../../model/plan.ts";
import { refuseUneven } from "../kit/knob.ts";
import type { AwsApi } from "./api.ts";
import { limits } from "./limits.ts";
import { functionOf } from "./names.ts";
import { visibilityOf } from "./queue-visibility.ts";
import { list, obj, type Obj, text } from "./schema.ts";

interface Setting {
  /** Field of UpdateFunctionConfiguration and of FunctionConfiguration. */
  field: string;
  /** Name in `limits`. */
  limit: string;
  unit: string;
  /** Throws UserError where the new value does not go with something else. */
  coupled(api: AwsApi, fn: string, value: number): Promise<void>;
}

const free = (): Promise<void> => Promise.resolve();

/** One line per setting: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html */
const SETTINGS: { readonly [name: string]: Setting } = {
  memoryMib: { field: "MemorySize", limit: "lambda.memory", unit: "MiB", coupled: free },
  timeoutS: { field: "Timeout", limit: "lambda.timeout", unit: "s", coupled: withinVisibility },
};

/** Fields of the API that a change writes. */
export function fieldsOf(settings: Settings): string[] {
  return Object.keys(settings).map((name) => settingNamed(name).field);
}

/** The changed settings as fields of UpdateFunctionConfiguration. */
export function inputOf(settings: Settings): { [field: string]: number } {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [settingNamed(name).field, value as number]));
}

/** The configuration as if these settings had these values. */
export function withSettings(configuration: Obj, settings: Settings): Obj {
  return { ...configuration, ...inputOf(settings) };
}

/** Throws UserError unless every value of `after` is legal for this function and goes with what it is coupled to. */
export async function refuseIllegal(api: AwsApi, change: Change, live: Settings): Promise<void> {
  refuseUneven(change);
  const names = Object.keys(change.after);
  const kind = live["capacityProvider"] === undefined ? null : "managed-instances";
  for (const name of names) {
    const setting = settingNamed(name);
    const value = change.after[name];
    const legal = limits.find((one) => one.setting === setting.limit && one.appliesTo === kind);
    if (legal === undefined || typeof value !== "number" || !Number.isInteger(value) || value < legal.min! || value > legal.max!) {
      const range = legal === undefined ? "" : `; legal: ${legal.min} to ${legal.max} ${setting.unit} (${legal.source})`;
      throw new UserError(`${change.name}: ${name} ${JSON.stringify(value)} is not legal${range}`);
    }
    await setting.coupled(api, functionOf(change.resource)?.fn ?? change.name, value);
  }
}

function settingNamed(name: string): Setting {
  const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  if (setting === undefined)
    throw new UserError(`evscope cannot write the setting ${name} of a Lambda function`, {
      suggestions: [`settings that can be written: ${Object.keys(SETTINGS).join(", ")}`],
    });
  return setting;
}

/**
 * A function may not run longer than its queue hides a message from others, else messages are worked on twice and mappings are refused.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
async function withinVisibility(api: AwsApi, fn: string, timeoutS: number): Promise<void> {
  for await (const page of api.pages("lambda:ListEventSourceMappings", { FunctionName: fn })) {
    for (const mapping of list(page["EventSourceMappings"]).map(obj)) {
      const arn = text(mapping?.["EventSourceArn"]) ?? "";
      const [, , service, region, , queue] = arn.split(":");
      if (service !== "sqs") continue;
      const visibleS = await visibilityOf(api, arn);
      if (visibleS !== null && timeoutS > visibleS)
        throw new UserError(
          `a timeout of ${timeoutS} s is longer than the visibility timeout of its queue ${queue} in ${region} (${visibleS} s)`,
          {
            suggestions: [`raise the queue's visibility timeout first, to ${6 * timeoutS} s or more`],
          },
        );
    }
  }
}
