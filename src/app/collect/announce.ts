/** What a collection will take, said before anything paid is asked. */
import type { CollectTask, Estimate } from "../../clouds/room.ts";
import { UserError } from "../../model/errors.ts";
import type { Host } from "../../model/host.ts";
import type { Usd } from "../../model/units.ts";

/** Sum of the estimates; null where one of them is not known. */
export function totalOf(tasks: readonly CollectTask[]): Estimate {
  const sum = (key: keyof Estimate): number | null =>
    tasks.reduce<number | null>((total, { estimate }) => (total === null || estimate[key] === null ? null : total + estimate[key]), 0);
  return { calls: sum("calls"), seconds: sum("seconds"), usd: sum("usd"), bytes: sum("bytes") };
}

/** What it costs at least: of tasks with a known price. */
function knownUsd(tasks: readonly CollectTask[]): Usd {
  return tasks.reduce((sum, { estimate }) => sum + (estimate.usd ?? 0), 0);
}

/** One line on stderr; throws UserError when the price is above the limit. */
export function announce(tasks: readonly CollectTask[], maxQueryUsd: Usd, host: Host): void {
  if (tasks.length === 0) return;
  const { calls, usd } = totalOf(tasks);
  const known = knownUsd(tasks);
  const by = new Map<string, number>();
  for (const task of tasks) by.set(`${task.signal} by ${task.via}`, (by.get(`${task.signal} by ${task.via}`) ?? 0) + 1);
  const what = [...by].map(([name, count]) => `${name} ${count}`).join(", ");
  const price = usd === null ? `at least ${dollars(known)}, the rest not known` : dollars(usd);
  host.note(
    `to read: ${what} windows; calls ${calls === null ? "not known" : `about ${calls}`}; paid queries ${price} (limit ${dollars(maxQueryUsd)})`,
  );
  if (known <= maxQueryUsd) return;
  throw new UserError(`the paid queries would cost ${dollars(known)}, above the limit of ${dollars(maxQueryUsd)}; nothing was asked`, {
    suggestions: [
      `--max-query-usd ${Math.ceil(known * 100) / 100} (or maxQueryUsd in evscope.yaml) allows it`,
      "a shorter --window, fewer accounts (--account), functions (--function) or signals (--signal) cost less",
    ],
  });
}

/** `$0`, `$0.0042`, `$1.20`. */
export function dollars(usd: Usd): string {
  return usd === 0 ? "$0" : usd < 0.01 ? `$${usd.toPrecision(2)}` : `$${usd.toFixed(2)}`;
}
