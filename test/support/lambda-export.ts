/** A week of a Lambda function as FilterLogEvents exports it: only the platform's REPORT lines. */
import { randomUUID } from "node:crypto";

export interface WeekOf {
  fn: string;
  /** First day, as YYYY-MM-DD. */
  from: string;
  runsPerDay: number;
  billedMs: number;
  memoryMib: number;
}

/** Seven days of runs, evenly over each day. */
export function lambdaWeek({ fn, from, runsPerDay, billedMs, memoryMib }: WeekOf): string {
  const stepMs = 86_400_000 / runsPerDay;
  const events = Array.from({ length: 7 * runsPerDay }, (_, i) => {
    const report = `REPORT RequestId: ${randomUUID()}\tDuration: ${billedMs}.00 ms\tBilled Duration: ${billedMs} ms\tMemory Size: ${memoryMib} MB\tMax Memory Used: 90 MB\t\n`;
    return { logStreamName: "2026/11/01/[$LATEST]0123456789abcdef", timestamp: Date.parse(from) + Math.floor(i * stepMs), message: report };
  });
  return JSON.stringify({ logGroupName: `/aws/lambda/${fn}`, events });
}
