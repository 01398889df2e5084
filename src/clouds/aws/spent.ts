/** What the paid calls of a connection have cost so far, at list price: one sum for all kinds of telemetry. */
import type { Usd } from "../../model/units.ts";
import type { AwsApi } from "./api.ts";

const spent = new WeakMap<AwsApi, Usd>();

/** Notes that a paid call was made. */
export function spend(api: AwsApi, usd: Usd): void {
  spent.set(api, spentUsd(api) + usd);
}

export function spentUsd(api: AwsApi): Usd {
  return spent.get(api) ?? 0;
}
