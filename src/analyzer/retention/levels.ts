/** Sizes and what comes in, where metrics tell them: Cosmos DB, Firestore, log buckets of Google Cloud. */
import type { Config } from "../../model/records.ts";
import type { DailySum, LevelRead, SizeSeen } from "../../model/retention.ts";

/**
 * Sizes of containers, index and items apart, over all regions of the account:
 * https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-documentdb-databaseaccounts-metrics
 */
const COSMOS_DATA = "microsoft.documentdb/databaseaccounts/datausage";
const COSMOS_INDEX = "microsoft.documentdb/databaseaccounts/indexusage";
const COSMOS_ITEMS = "microsoft.documentdb/databaseaccounts/documentcount";
/** Size of a database with its indexes: https://cloud.google.com/monitoring/api/metrics_gcp_d_h#gcp-firestore */
const FIRESTORE = "firestore.googleapis.com/storage/data_and_index_storage_bytes";
/** What a bucket keeps beyond the days that ingestion pays for, and what came in: https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-logging */
const BUCKET_KEPT = "logging.googleapis.com/billing/bytes_stored";
export const BUCKET_IN = "logging.googleapis.com/billing/log_bucket_bytes_ingested";

/** Names for `Dataset.levels`. */
export const LEVELS: readonly string[] = [COSMOS_DATA, COSMOS_INDEX, COSMOS_ITEMS, FIRESTORE, BUCKET_KEPT];

/** Labels behind a name, `X{a=1,b=2}`; names of labels in lower case. */
function labelsIn(text: string): Map<string, string> {
  const inside = /\{(.*)\}$/s.exec(text)?.[1] ?? "";
  const pairs = inside.split(",").map((pair) => /^([^=]+)=(.*)$/s.exec(pair));
  return new Map(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1]!.trim().toLowerCase(), pair[2]!]])));
}

const same = (a: string | null | undefined, b: string | null | undefined): boolean =>
  a !== null && a !== undefined && a.toLowerCase() === b?.toLowerCase();

const isNamed = ({ name }: { name: string }, wanted: string): boolean => name.replace(/\{.*$/s, "").toLowerCase() === wanted;

/** Sizes of a container with its index. Items only where the account has one region: those of all regions are counted together. */
export function containerSizes(levels: readonly LevelRead[], { cloud, resource, settings }: Config): SizeSeen[] {
  const [, account, database, name] = /^(.*)\/sqlDatabases\/([^/]+)\/(?:sqlC|c)ontainers\/([^/]+)$/i.exec(resource) ?? [];
  const mine = levels.filter((one) => {
    if (cloud !== one.cloud || !same(account, one.resource)) return false;
    const labels = labelsIn(one.name);
    return same(labels.get("collectionname"), name) && same(labels.get("databasename"), database);
  });
  const at = (wanted: string, when: number): number | null => mine.find((one) => isNamed(one, wanted) && one.at === when)?.value ?? null;
  return mine
    .filter((one) => isNamed(one, COSMOS_DATA))
    .map((one) => ({
      cloud,
      resource,
      at: one.at,
      sizeBytes: one.value + (at(COSMOS_INDEX, one.at) ?? 0),
      items: settings["regions"] === 1 ? at(COSMOS_ITEMS, one.at) : null,
    }));
}

/** Sizes of a Firestore database. */
export function databaseSizes(levels: readonly LevelRead[], { cloud, account, resource, name }: Config): SizeSeen[] {
  return levels
    .filter((one) => isNamed(one, FIRESTORE) && same(one.account, account) && labelsIn(one.resource).get("database_id") === name)
    .map(({ at, value }) => ({ cloud, resource, at, sizeBytes: value, items: null }));
}

/** What a log bucket keeps beyond the days that ingestion pays for. */
export function bucketSizes(levels: readonly LevelRead[], config: Config): SizeSeen[] {
  return levels
    .filter((one) => isNamed(one, BUCKET_KEPT) && isOfBucket(one, config))
    .map(({ at, value }) => ({ cloud: config.cloud, resource: config.resource, at, sizeBytes: value, items: null }));
}

/** What came into a log bucket. */
export function bucketInflow(daily: readonly DailySum[], config: Config): DailySum[] {
  return daily.filter((one) => one.name === BUCKET_IN && isOfBucket(one, config));
}

/** Of `projects/P/locations/L/buckets/B`. */
function isOfBucket(one: { account: string | null; resource: string }, { account, resource }: Config): boolean {
  const labels = labelsIn(one.resource);
  const location = /\/locations\/([^/]+)\//.exec(resource)?.[1];
  return (
    same(one.account, account) &&
    labels.get("log_bucket_id") === resource.split("/").at(-1) &&
    same(labels.get("log_bucket_location"), location)
  );
}

/** The newest; null: none is known. */
export function newest(sizes: readonly SizeSeen[]): SizeSeen | null {
  return sizes.reduce<SizeSeen | null>((last, one) => (last === null || one.at > last.at ? one : last), null);
}
