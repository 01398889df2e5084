/** What a line of the Lambda platform can say, in whatever form it was written. */
import type { LogKind } from "../../model/records.ts";
import type { Mib, Ms } from "../../model/units.ts";

/** What a line says. Every figure is null where the line does not have it; `billedMs` is never computed. */
export interface PlatformLine {
  kind: LogKind;
  requestId: string | null;
  /** Upper-case log level. */
  level: string | null;
  version: string | null;
  durationMs: Ms | null;
  billedMs: Ms | null;
  memoryMib: Mib | null;
  /** High-water mark of the environment. */
  maxMemoryMib: Mib | null;
  initMs: Ms | null;
  /** true where the billed figure holds the init time (all runtimes since 2025-08, custom ones before); null: cannot be told. */
  initBilled: boolean | null;
  /** REPORT only: the request waited for an init or a restore. */
  coldStart: boolean | null;
  restoreMs: Ms | null;
  billedRestoreMs: Ms | null;
  snapStart: boolean;
  /** Written by a local emulator, which puts Init Duration first and repeats the memory size as memory used. */
  emulator: boolean;
  xrayTraceId: string | null;
  segmentId: string | null;
  sampled: boolean | null;
  /** As the platform says: `success`, `timeout`, `error`, `failure`. */
  status: string | null;
  errorType: string | null;
  /** INIT_REPORT: init, invoke or restore. */
  phase: string | null;
  /** INIT_START: `on-demand`, `provisioned-concurrency`, `snap-start`, `lambda-managed-instances`. */
  initializationType: string | null;
  runtimeVersion: string | null;
  runtimeVersionArn: string | null;
  /** Extension or telemetry subscriber. */
  name: string | null;
  functionName: string | null;
  functionArn: string | null;
  /** logs_dropped: how many records. */
  droppedRecords: number | null;
}

const BLANK: Readonly<PlatformLine> = {
  kind: "function",
  requestId: null,
  level: null,
  version: null,
  durationMs: null,
  billedMs: null,
  memoryMib: null,
  maxMemoryMib: null,
  initMs: null,
  initBilled: null,
  coldStart: null,
  restoreMs: null,
  billedRestoreMs: null,
  snapStart: false,
  emulator: false,
  xrayTraceId: null,
  segmentId: null,
  sampled: null,
  status: null,
  errorType: null,
  phase: null,
  initializationType: null,
  runtimeVersion: null,
  runtimeVersionArn: null,
  name: null,
  functionName: null,
  functionArn: null,
  droppedRecords: null,
};

/** A line of this kind with these fields, everything else null. */
export function line(kind: LogKind, fields: Partial<PlatformLine> = {}): PlatformLine {
  const made: PlatformLine = { ...BLANK, kind };
  return Object.assign(made, fields);
}
