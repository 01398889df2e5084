/** Whether a kind of telemetry may be read at all, tried once before it is asked for window by window and metric by metric. */
import type { Signal, Span } from "../room.ts";
import { type Api, type GcpApi, GcpError } from "./api.ts";
import { inWindow, seriesFilter } from "./log-filter.ts";
import { METRICS } from "./metric-choice.ts";

const MINUTE_MS = 60_000;

/** The smallest question of each kind; that of metrics returns no series, so that it costs nothing. */
function trial(project: string, signal: Exclude<Signal, "histories">, { from }: Span): [Api, object] {
  const startTime = new Date(from).toISOString();
  const endTime = new Date(from + MINUTE_MS).toISOString();
  switch (signal) {
    case "logs":
      return ["logging:ListLogEntries", { resourceNames: [`projects/${project}`], filter: inWindow({ from, to: from + 1 }), pageSize: 1 }];
    case "metrics": {
      const filter = seriesFilter(METRICS[0]!.type, "service_name", ["-"]);
      return [
        "monitoring:ListTimeSeries",
        { name: `projects/${project}`, filter, interval: { startTime, endTime }, view: "HEADERS", pageSize: 1 },
      ];
    }
    case "traces":
      return ["cloudtrace:traces.list", { projectId: project, startTime, endTime, view: "MINIMAL", pageSize: 1 }];
  }
}

/** Why nothing of this kind can be read: not allowed, or the API is not there; null: it can, or that is not known. */
export async function refusalOf(api: GcpApi, signal: Signal, window: Span): Promise<GcpError | null> {
  if (signal === "histories") return null;
  try {
    await api.call(...trial(api.project, signal, window));
    return null;
  } catch (error) {
    if (!(error instanceof GcpError) || error.kind === "credentials") throw error;
    return error.kind === "denied" || error.kind === "unsupported" ? error : null;
  }
}
