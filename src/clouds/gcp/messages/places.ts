/** What a Google resource path says about the channel of an event. */
import type { Id } from "../../../model/ids.ts";
import type { ChannelKind } from "../../../model/records.ts";
import { partOf, projectOf } from "../schema.ts";

export interface Place {
  account: string | null;
  region: string | null;
  channel: string | null;
  channelKind: ChannelKind;
  ids: Id[];
}

/**
 * Reads `//service/projects/P/…` and the paths of legacy events. `service` names the channel where the path has no
 * topic, bucket, collection or job (`firebaseauth.googleapis.com`).
 */
export function placeOf(path: string, service: string): Place {
  const region = partOf(path, "locations")?.toLowerCase() ?? null;
  const base = { account: projectOf(path), region, ids: [] as Id[] };
  const topic = partOf(path, "topics") ?? partOf(path, "subscriptions");
  if (topic !== null) return { ...base, channel: topic, channelKind: "topic" };
  const bucket = partOf(path, "buckets");
  if (bucket !== null) {
    const object = /\/objects\/(.+)$/.exec(path)?.[1];
    return {
      ...base,
      channel: bucket,
      channelKind: "bucket",
      ids: object === undefined ? [] : [{ kind: "object", value: `${bucket}/${object}` }],
    };
  }
  const document = /(?:^|\/)(projects\/[^/]+\/databases\/[^/]+\/documents\/(.+))$/.exec(path);
  if (document) {
    const parent = document[2]!.split("/").slice(0, -1).join("/");
    return { ...base, channel: parent || null, channelKind: "table", ids: [{ kind: "item", value: document[1]! }] };
  }
  const ref = /\/instances\/([^/]+)\/refs\/(.+)$/.exec(path);
  if (ref) return { ...base, channel: ref[1]!, channelKind: "table", ids: [{ kind: "item", value: `${ref[1]}/refs/${ref[2]}` }] };
  const user = /\/(users\/[^/]+)$/.exec(path)?.[1];
  if (user !== undefined) return { ...base, channel: service, channelKind: "bus", ids: [{ kind: "item", value: user }] };
  const job = service.startsWith("cloudscheduler") ? partOf(path, "jobs") : null;
  if (job !== null) return { ...base, channel: job, channelKind: "schedule" };
  const queue = partOf(path, "queues");
  if (queue !== null) return { ...base, channel: queue, channelKind: "queue" };
  return { ...base, channel: service || null, channelKind: "bus" };
}
