/** What the paid calls of a connection have cost so far, at list price: one sum for all kinds of telemetry, and one over all connections. */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Usd } from "../../model/units.ts";

interface Spent {
  ownUsd: Usd;
  together: { usd: Usd };
}

const spent = new WeakMap<object, Spent>();

function of(api: object): Spent {
  let found = spent.get(api);
  if (found === undefined) spent.set(api, (found = { ownUsd: 0, together: { usd: 0 } }));
  return found;
}

/** The price limit stopped a query, or kept it from being asked. */
export class BudgetError extends UserError {
  constructor(message: string) {
    super(message, { exitCode: EXIT.partial, suggestions: ["raise --max-query-usd, or narrow --since and --function"] });
    this.name = "BudgetError";
  }
}

/** `$0.0300`, `$0.00000012`: four decimals, and two digits of what is less. */
export function usdText(usd: Usd): string {
  if (usd < 1e-12) return "$0";
  return `$${usd.toFixed(Math.max(4, 1 - Math.floor(Math.log10(usd))))}`;
}

/** From now on this connection adds to a sum that others share. */
export function shareSpending(api: object, together: { usd: Usd } | undefined): void {
  if (together !== undefined) of(api).together = together;
}

/** Notes what a paid call costs, as soon as it is known. */
export function spend(api: object, usd: Usd): void {
  const one = of(api);
  one.ownUsd += usd;
  one.together.usd += usd;
}

/** Of this connection. */
export function spentUsd(api: object): Usd {
  return of(api).ownUsd;
}

/** Of all connections that share the limit. */
export function spentTogetherUsd(api: object): Usd {
  return of(api).together.usd;
}
