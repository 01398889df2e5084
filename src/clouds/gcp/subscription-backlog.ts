/** What a subscription still holds, by Monitoring. https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-pubsub */
import { EXIT, UserError } from "../../model/errors.ts";
import { arrayAt, isObject, numberAt, objectAt, textAt } from "../../model/json.ts";
import type { ResourceRef } from "../../model/plan.ts";
import { epochMsOf } from "../../model/times.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import type { LiveContext } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { partOf } from "./schema.ts";

/** Sampled every minute, and seen up to four minutes later. */
const METRIC = "pubsub.googleapis.com/subscription/oldest_unacked_message_age";
const LOOK_BACK_MS: Ms = 900_000;
/** Two clocks that are this far apart are told from a message that is older. */
const CLOCKS_APART_MS: Ms = 10_000;
const WITHIN_MS: Ms = 1_800_000;
const FIRST_WAIT_MS: Ms = 1_000;
const LONGEST_WAIT_MS: Ms = 20_000;

/** The newest figure: when it was taken, and when the oldest message was published that was not acknowledged then. null: there is none. */
export async function backlogSeen(
  api: GcpApi,
  context: Pick<LiveContext, "clock">,
  subscription: string,
): Promise<{ at: EpochMs; oldestAt: EpochMs } | null> {
  const now = context.clock.now();
  const id = partOf(subscription, "subscriptions") ?? "";
  const request = {
    name: `projects/${api.project}`,
    filter: `metric.type = "${METRIC}" AND resource.type = "pubsub_subscription" AND resource.labels.subscription_id = "${id}"`,
    interval: { startTime: new Date(now - LOOK_BACK_MS).toISOString(), endTime: new Date(now).toISOString() },
    view: "FULL",
  };
  let newest: { at: EpochMs; oldestAt: EpochMs } | null = null;
  for await (const page of api.pages("monitoring:ListTimeSeries", request))
    for (const series of (arrayAt(page, "timeSeries") ?? []).filter(isObject))
      for (const point of (arrayAt(series, "points") ?? []).filter(isObject)) {
        const at = epochMsOf(textAt(objectAt(point, "interval") ?? {}, "endTime"));
        // proto JSON leaves out nothing here, but a figure of 0 may come as an empty value
        const ageS = numberAt(objectAt(point, "value") ?? {}, "int64Value", "doubleValue") ?? 0;
        if (at !== null && (newest === null || at > newest.at)) newest = { at, oldestAt: at - ageS * 1000 };
      }
  return newest;
}

/**
 * Waits until nothing is left that was published before `since`. Messages of later are with the replacement as well. Throws UserError (exit 5)
 * after half an hour; both subscriptions are then there, and nothing is lost.
 */
export async function waitUntilDrained(
  api: GcpApi,
  context: Pick<LiveContext, "clock" | "signal">,
  ref: ResourceRef,
  subscription: string,
  since: EpochMs,
): Promise<void> {
  const deadline = context.clock.now() + WITHIN_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    const seen = await backlogSeen(api, context, subscription);
    if (seen !== null && seen.at > since + CLOCKS_APART_MS && seen.oldestAt > since + CLOCKS_APART_MS) return;
    if (context.clock.now() + waitMs > deadline)
      throw new UserError(
        `${ref.name}: ${subscription} still holds messages from before its replacement was there; both hand out messages, and nothing is lost`,
        { exitCode: EXIT.conflict, suggestions: ["evscope apply --resume deletes the old one when it is drained"] },
      );
    await context.clock.sleep(waitMs, context.signal);
  }
}
