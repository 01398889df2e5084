/** ARM behind the room's own call door, from a script: each operation gives an answer or fails. Every call is noted. */
import { type Api, type AzureApi, AzureError, type CallOptions } from "../../src/clouds/azure/api.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { azureFailure, SUBSCRIPTION } from "./scripted-azure.ts";

/** An answer, the items of a list, or an error; or a function of the arguments that gives one of them. */
export type Answered = JsonObject | JsonObject[] | AzureError;
export type Scripted = Answered | ((...args: any[]) => Answered);

export interface ScriptedArm extends AzureApi {
  readonly asked: { api: Api; args: readonly unknown[]; options?: CallOptions }[];
}

export interface ArmScript {
  /** Pages of Resource Graph. */
  graph?: JsonObject[][] | AzureError;
  /** Operations that are not here are not known to the server. */
  calls: { [api in Api]?: Scripted };
  /** What a long write does with the edited model; the default says that there is none. */
  replace?: (edit: (resource: any) => void, options: CallOptions) => void;
}

export function scriptedArm(script: ArmScript): ScriptedArm {
  const asked: ScriptedArm["asked"] = [];

  function answer(api: Api, args: readonly unknown[], options?: CallOptions): JsonObject | JsonObject[] {
    asked.push({ api, args, ...(options === undefined ? {} : { options }) });
    const scripted = script.calls[api];
    if (scripted === undefined) throw azureFailure(api, "unsupported", "NotFound", 404);
    const given = typeof scripted === "function" ? scripted(...args) : scripted;
    if (given instanceof AzureError) throw given;
    return given;
  }

  const none = (api: Api): Promise<never> => Promise.reject(azureFailure(api, "unsupported", "NotFound", 404));
  return {
    subscription: SUBSCRIPTION,
    tenant: null,
    principal: null,
    asked,
    async *graph() {
      if (script.graph instanceof AzureError) throw script.graph;
      yield* script.graph ?? [];
    },
    call: async (api, args, options) => answer(api, args, options) as JsonObject,
    async *pages(api, args) {
      yield answer(api, args) as JsonObject[];
    },
    async replace(read, write, args, edit, options = {}) {
      asked.push({ api: write, args, options });
      if (script.replace === undefined) throw azureFailure(read, "unsupported", "NotFound", 404);
      script.replace(edit, options);
    },
    queryLogs: () => none("logs:queryWorkspace"),
    searchLogs: () => none("logs:search"),
    metrics: () => none("monitor:metrics.list"),
    metricsBatch: () => none("metrics:queryResources"),
  };
}
