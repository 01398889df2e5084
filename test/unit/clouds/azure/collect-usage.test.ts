/** What a workspace says that its tables took in. */
import { expect, test } from "vitest";
import { usageOf } from "../../../../src/clouds/azure/collect-usage.ts";
import { azureContext, azureFailure, scriptedAzure } from "../../../support/scripted-azure.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23, 7);
const MIDNIGHT = Date.UTC(2026, 10, 23);
const SCOPE = { kind: "workspace", id: "00000000-0000-4000-8000-000000000001" } as const;
const row = (DataType: string, daysAgo: number, Quantity: number, IsBillable = true) => ({
  TimeGenerated: new Date(MIDNIGHT - daysAgo * DAY + 3_600_000).toISOString(),
  StartTime: new Date(MIDNIGHT - daysAgo * DAY).toISOString(),
  EndTime: new Date(MIDNIGHT - daysAgo * DAY + 3_600_000).toISOString(),
  DataType,
  Quantity,
  IsBillable,
});

test("billed megabytes of whole days, over the days that the workspace tells of", async () => {
  // today is not over; what is free is not counted
  const Usage = [row("Syslog", 4, 300), row("Syslog", 1, 100), row("AppTraces", 2, 50), row("Usage", 3, 7, false), row("Syslog", 0, 999)];
  const api = await scriptedAzure({ workspace: { Usage } });
  // 400 MB and 50 MB in four days
  expect(await usageOf(api, azureContext(), SCOPE, NOW)).toEqual(
    new Map([
      ["syslog", { billableBytesPerDay: 100e6, days: 4 }],
      ["apptraces", { billableBytesPerDay: 12.5e6, days: 4 }],
    ]),
  );
  api.close();
});

test("a workspace that may not be asked says nothing; credentials that fail end it", async () => {
  const refusing = (kind: "denied" | "credentials") => ({
    queryLogs: () => Promise.reject(azureFailure("logs:query", kind, "Refused", 403)),
  });
  expect(await usageOf(refusing("denied") as never, azureContext(), SCOPE, NOW)).toBeNull();
  await expect(usageOf(refusing("credentials") as never, azureContext(), SCOPE, NOW)).rejects.toThrow();
});
