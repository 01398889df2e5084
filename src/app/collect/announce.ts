/** What a collection will take, said before anything paid is asked. */
import type { CollectTask, Estimate } from "../../clouds/room.ts";
import { UserError } from "../../model/errors.ts";
import type { Host } from "../../model/host.ts";
import type { Usd } from "../../model/units.ts";

/** Sum over the tasks that tell; `whole` false: some do not. */
function sumOf(tasks: readonly CollectTask[], key: keyof Estimate): { known: number; whole: boolean } {
  const values = tasks.map((task) => task.estimate[key]);
  return { known: values.reduce<number>((sum, value) => sum + (value ?? 0), 0), whole: !values.includes(null) };
}

/** One line on stderr; throws UserError when the price is above the limit. */
export function announce(tasks: readonly CollectTask[], maxQueryUsd: Usd, host: Host): void {
  if (tasks.length === 0) return;
  const calls = sumOf(tasks, "calls");
  const usd = sumOf(tasks, "usd");
  const by = new Map<string, number>();
  for (const task of tasks) by.set(`${task.signal} by ${task.via}`, (by.get(`${task.signal} by ${task.via}`) ?? 0) + 1);
  const parts = [
    `to read: ${[...by].map(([name, count]) => `${name} (${count})`).join("; ")}`,
    `calls ${calls.whole ? "about" : "at least"} ${calls.known}${duration(tasks)}`,
    `paid queries ${usd.whole ? dollars(usd.known) : `at least ${dollars(usd.known)}, the rest not known`} (limit ${dollars(maxQueryUsd)})`,
  ];
  host.note(parts.join("; "));
  if (usd.known <= maxQueryUsd) return;
  throw new UserError(`the paid queries would cost ${dollars(usd.known)}, above the limit of ${dollars(maxQueryUsd)}; nothing was asked`, {
    suggestions: [
      `--max-query-usd ${Math.ceil(usd.known * 100) / 100} (or maxQueryUsd in evscope.yaml) allows it`,
      "a shorter --window, fewer accounts (--account), functions (--function) or signals (--signal) cost less",
    ],
  });
}

/** `, some 7 min`, where it is a minute or more. Signals are read beside each other, each at its own rate. */
function duration(tasks: readonly CollectTask[]): string {
  const signals = [...new Set(tasks.map((task) => task.signal))];
  const seconds = Math.max(
    ...signals.map(
      (signal) =>
        sumOf(
          tasks.filter((task) => task.signal === signal),
          "seconds",
        ).known,
    ),
  );
  return seconds < 60 ? "" : `, some ${Math.round(seconds / 60)} min`;
}

/** `$0`, `$0.0042`, `$1.20`; never with an exponent. */
export function dollars(usd: Usd): string {
  if (usd > 0 && usd < 1e-6) return `$${Math.max(usd, 1e-10).toFixed(10).replace(/0+$/, "")}`;
  return usd === 0 ? "$0" : usd < 0.01 ? `$${usd.toPrecision(2)}` : `$${usd.toFixed(2)}`;
}
