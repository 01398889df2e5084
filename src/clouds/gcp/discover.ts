/** Projects that the Google Cloud command line left on this machine. */
import * as z from "zod";
import { iniSections } from "../kit/ini.ts";
import type { Machine, Place } from "../room.ts";

const Credentials = z.object({ project_id: z.string().nullish(), quota_project_id: z.string().nullish() });
const PROJECT = /^([a-z][a-z0-9.-]*\.[a-z]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/** Of each configuration, of the credentials file, of the environment; each project once. No secret is read out. */
export function discover({ home, env, platform, read, list }: Machine): Place[] {
  const folder = env["CLOUDSDK_CONFIG"] || (platform === "win32" ? `${env["APPDATA"]}/gcloud` : `${home}/.config/gcloud`);
  const configurations = `${folder}/configurations`;
  const key = env["GOOGLE_APPLICATION_CREDENTIALS"] || `${folder}/application_default_credentials.json`;
  const credentials = Credentials.safeParse(parsed(read(key))).data;
  const found: [string | null | undefined, string][] = [
    ...list(configurations)
      .filter((name) => name.startsWith("config_"))
      .map((name): [string | undefined, string] => {
        const file = `${configurations}/${name}`;
        return [iniSections(read(file) ?? "", ["project"]).get("core")?.["project"], file];
      }),
    [credentials?.project_id ?? credentials?.quota_project_id, key],
    [env["GOOGLE_CLOUD_PROJECT"], "GOOGLE_CLOUD_PROJECT"],
  ];
  const places = new Map<string, Place>();
  for (const [project, source] of found) {
    if (project === null || project === undefined || !PROJECT.test(project) || places.has(project)) continue;
    places.set(project, { cloud: "gcp", name: project, account: project, regions: [], source });
  }
  return [...places.values()];
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}
