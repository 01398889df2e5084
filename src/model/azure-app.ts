/** Which Function App a description belongs to: names are of a resource group, not of a subscription. */
import type { Config } from "./records.ts";

const SITE = /^(\/subscriptions\/[^/]+)?(\/resourcegroups\/[^/]+)?\/providers\/microsoft\.web\/sites\/([^/]+)$/;

type Named = Pick<Config, "resource">;

const siteIn = ({ resource }: Named): string => resource.toLowerCase().replace(/\/functions\/[^/]*$/, "");

/**
 * The app (its lower-case resource ID) that a description is of, or of a function in. Telemetry tells no resource group: it means the app of
 * that name that is described in its subscription; null where these are several.
 */
export function siteFinder<One extends Named>(known: readonly One[]): (one: One) => string | null {
  const described = Map.groupBy(
    [...new Set(known.map(siteIn))].filter((site) => SITE.exec(site)?.[2] !== undefined),
    (site) => SITE.exec(site)![3]!,
  );
  return (one) => {
    const site = siteIn(one);
    const [, subscription, group, name] = SITE.exec(site) ?? [];
    if (name === undefined || group !== undefined) return site;
    const meant = (described.get(name) ?? []).filter((other) => subscription === undefined || other.startsWith(`${subscription}/`));
    return meant.length > 1 ? null : (meant[0] ?? site);
  };
}
