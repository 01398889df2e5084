/** Subscriptions that `az login` left on this machine. */
import * as z from "zod";
import type { Machine, Place } from "../room.ts";

const Profile = z.object({
  subscriptions: z.array(
    z.object({
      id: z.guid(),
      name: z.string(),
      state: z.string().nullish(),
      tenantId: z.guid().nullish(),
      environmentName: z.string().nullish(),
    }),
  ),
});

/** Enabled ones. A file that cannot be read gives none. */
export function discover({ home, env, read }: Machine): Place[] {
  const file = `${env["AZURE_CONFIG_DIR"] || `${home}/.azure`}/azureProfile.json`;
  const found = Profile.safeParse(parsed(read(file)));
  const listed = (found.data?.subscriptions ?? [])
    .filter(({ state }) => state === undefined || state === null || state === "Enabled")
    .map((one): Place => {
      const azureCloud = ({ AzureUSGovernment: "usgovernment", AzureChinaCloud: "china" } as const)[one.environmentName ?? ""] ?? null;
      return { cloud: "azure", name: one.name, account: one.id, regions: [], tenant: one.tenantId ?? null, azureCloud, source: file };
    });
  const named = env["AZURE_SUBSCRIPTION_ID"];
  if (!named || listed.some((one) => one.account === named) || !z.guid().safeParse(named).success) return listed;
  return [...listed, { cloud: "azure", name: "environment", account: named, regions: [], source: "AZURE_SUBSCRIPTION_ID" }];
}

function parsed(text: string | null): unknown {
  try {
    // az writes a byte order mark
    return JSON.parse((text ?? "{}").replace(/^\ufeff/, ""));
  } catch {
    return {};
  }
}
